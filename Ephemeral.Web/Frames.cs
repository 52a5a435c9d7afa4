using Ephemeral.Grains;

namespace Ephemeral.Web;

/// <summary>
/// Arrays for the frames of large blobs, used again: made anew each time, they would fill the heap with garbage faster than it is
/// collected. An array is of exactly its frame's size, and cleared before it waits here.
/// </summary>
internal sealed class Frames
{
    private const int Large = 64 << 10; // below it the collector does better
    private const int MaxBytes = 16 << 20;

    private readonly Lock _gate = new();
    private readonly List<byte[]> _free = [];
    private int _bytes;

    /// <summary>A blob with a copy of this frame. Its array comes back here when the last one who uses it is done with it.</summary>
    public Blob Copy(ReadOnlySpan<byte> frame)
    {
        if (frame.Length < Large)
            return new Blob(frame.ToArray());
        var array = Take(frame.Length) ?? GC.AllocateUninitializedArray<byte>(frame.Length);
        frame.CopyTo(array);
        return Blob.Shared(array, Return);
    }

    private byte[]? Take(int length)
    {
        lock (_gate)
        {
            var index = _free.FindLastIndex(array => array.Length == length);
            if (index < 0)
                return null;
            var array = _free[index];
            _free.RemoveAt(index);
            _bytes -= length;
            return array;
        }
    }

    private void Return(byte[] array)
    {
        Array.Clear(array);
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
