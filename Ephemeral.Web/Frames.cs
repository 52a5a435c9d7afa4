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
        return GC.AllocateUninitializedArray<byte>(length);
    }

    /// <summary>A blob with one user, of which this is the frame. The array comes back here when the last one who uses it is done with it.</summary>
    public Blob ToBlob(byte[] array)
    {
        var blob = new Blob(array);
        blob.Use();
        blob.WhenDone(() => Return(array));
        return blob;
    }

    /// <summary>Nobody uses the array any more.</summary>
    public void Return(byte[] array)
    {
        if (array.Length < Large)
            return;
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
