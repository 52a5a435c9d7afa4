namespace Ephemeral.Web;

/// <summary>Bounds the bytes of blobs that this node is receiving or has queued. Who would receive one and finds no room waits, first come first served.</summary>
internal sealed class BlobMemory(long capacity)
{
    private readonly Lock _gate = new();
    private readonly Queue<(long Bytes, TaskCompletionSource Granted)> _waiting = [];
    private long _taken;

    /// <summary>True while somebody waits for room.</summary>
    public bool IsCrowded
    {
        get
        {
            lock (_gate)
                return _waiting.Count > 0;
        }
    }

    /// <summary>The bytes that are taken now.</summary>
    public long Taken
    {
        get
        {
            lock (_gate)
                return _taken;
        }
    }

    /// <summary>Takes room for so many bytes; give back the same number with <see cref="Release"/>.</summary>
    public ValueTask Acquire(long bytes)
    {
        lock (_gate)
        {
            if (_waiting.Count == 0 && _taken + bytes <= capacity)
            {
                _taken += bytes;
                return ValueTask.CompletedTask;
            }
            var granted = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Enqueue((bytes, granted));
            return new ValueTask(granted.Task);
        }
    }

    /// <summary>Takes room for a blob that is here already, whether there is any or not.</summary>
    public void Take(long bytes)
    {
        lock (_gate)
            _taken += bytes;
    }

    /// <summary>Gives room back.</summary>
    public void Release(long bytes)
    {
        lock (_gate)
        {
            _taken -= bytes;
            while (_waiting.TryPeek(out var next) && _taken + next.Bytes <= capacity)
            {
                _taken += next.Bytes;
                _waiting.Dequeue().Granted.SetResult();
            }
        }
    }
}
