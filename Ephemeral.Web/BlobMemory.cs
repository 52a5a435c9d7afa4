namespace Ephemeral.Web;

/// <summary>Bounds the bytes of blobs that this node is receiving or has queued. Who would receive one and finds no room waits, first come first served.</summary>
internal sealed class BlobMemory(long capacity)
{
    private readonly Lock _gate = new();
    private readonly Queue<(long Bytes, TaskCompletionSource Granted)> _waiting = [];
    private long _free = capacity;

    /// <summary>True while somebody waits for room.</summary>
    public bool IsCrowded
    {
        get
        {
            lock (_gate)
                return _waiting.Count > 0;
        }
    }

    /// <summary>Takes room for so many bytes; give back the same number with <see cref="Release"/>.</summary>
    public ValueTask Acquire(long bytes)
    {
        lock (_gate)
        {
            if (_waiting.Count == 0 && _free >= bytes)
            {
                _free -= bytes;
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
            _free -= bytes;
    }

    /// <summary>Gives room back.</summary>
    public void Release(long bytes)
    {
        lock (_gate)
        {
            _free += bytes;
            while (_waiting.TryPeek(out var next) && _free >= next.Bytes)
            {
                _free -= next.Bytes;
                _waiting.Dequeue().Granted.SetResult();
            }
        }
    }
}
