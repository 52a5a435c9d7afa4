using Ephemeral.Grains;

namespace Ephemeral.Web;

/// <summary>
/// Arrays for the frames of large blobs, used again: made anew each time, they would fill the heap with garbage faster than it is
/// collected. An array is of exactly the length asked for, and cleared before it waits here.
/// </summary>
internal sealed class Frames
{
    private const int Large = 64 << 10; // below it the collector does better
    private const int MaxBytes = 16 << 20;

    private readonly Lock _gate = new();
    private readonly List<byte[]> _free = [];
    private readonly Queue<(Blob Blob, TimeSpan Until)> _lent = [];
    private int _bytes;

    /// <summary>An array with whatever is in it.</summary>
    public byte[] Take(int length)
    {
        lock (_gate)
        {
            var index = length < Large ? -1 : _free.FindLastIndex(array => array.Length == length);
            if (index >= 0)
            {
                var array = _free[index];
                _free.RemoveAt(index);
                _bytes -= length;
                return array;
            }
        }
        // What the collector moves it leaves a copy of where it was.
        return GC.AllocateUninitializedArray<byte>(length, pinned: length >= Large);
    }

    /// <summary>A blob with one user, of which this is the frame. The array comes back here when the last one who uses it is done with it.</summary>
    public Blob ToBlob(byte[] array)
    {
        var blob = new Blob(array);
        blob.Use();
        blob.WhenDone(() => Return(array));
        return blob;
    }

    /// <summary>A blob with no user as yet, which has come from another node.</summary>
    public void Adopt(Blob blob) => blob.WhenDone(() => Return(blob.Frame));

    /// <summary>Somebody uses the blob who does not say when it is done, but is by then; <see cref="Look"/> says so.</summary>
    public void UseFor(Blob blob, TimeSpan until)
    {
        blob.Use();
        lock (_gate)
            _lent.Enqueue((blob, until));
    }

    /// <summary>Takes back what was lent by <see cref="UseFor"/> and is over.</summary>
    public void Look(TimeSpan now)
    {
        lock (_gate)
            while (_lent.TryPeek(out var lent) && lent.Until <= now)
                _lent.Dequeue().Blob.Done();
    }

    /// <summary>Nobody uses the array any more.</summary>
    public void Return(byte[] array)
    {
        // Also what is not kept: the collector leaves freed memory as it was.
        Array.Clear(array);
        if (array.Length < Large)
            return;
        lock (_gate)
        {
            // What lies here longest goes first: sizes that nobody needs any more don't stay.
            while (_bytes + array.Length > MaxBytes && _free.Count > 0)
            {
                _bytes -= _free[0].Length;
                _free.RemoveAt(0);
            }
            _free.Add(array);
            _bytes += array.Length;
        }
    }
}
