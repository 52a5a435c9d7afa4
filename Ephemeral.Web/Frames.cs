using System.Numerics;

namespace Ephemeral.Web;

/// <summary>
/// The arrays that content passes through. They are cleared before they wait here or go back to the collector, which leaves freed memory
/// as it was; and they are pinned, for where the collector moves an array it leaves a copy behind. They are used again: made
/// anew each time, they would fill the heap with garbage faster than it is collected.
/// </summary>
internal sealed class Frames
{
    private const int Smallest = 10; // 1 KiB
    private const int Sizes = 11; // 1 KiB, 2 KiB, … 1 MiB
    private const int Head = 64; // sizes are mostly powers of two, and a frame has a head besides

    private readonly Shelf[] _shelves = [.. Enumerable.Range(Smallest, Sizes).Select(power => new Shelf((1 << power) + Head))];

    /// <summary>The length of the array that is had for so many bytes.</summary>
    public static int SizeFor(int length) => Index(length) is var index && index < Sizes ? (1 << (Smallest + index)) + Head : length;

    /// <summary>An array of at least this length. What is written to it is in it until <see cref="Return"/>.</summary>
    public byte[] Take(int length)
    {
        var index = Index(length);
        return index < Sizes && _shelves[index].Take() is { } free ? free : GC.AllocateUninitializedArray<byte>(SizeFor(length), pinned: true);
    }

    /// <summary>A blob with one user, of which this is the frame. The array comes back here when the last one who uses it is done with it.</summary>
    public Blob ToBlob(byte[] array, int length)
    {
        var blob = new Blob(array, length);
        blob.Use();
        blob.WhenDone(() => Return(array, length));
        return blob;
    }

    /// <summary>Nobody uses the array any more, of which no more than that was written to.</summary>
    public void Return(byte[] array, int used)
    {
        array.AsSpan(0, used).Clear();
        var index = Index(array.Length);
        if (index < Sizes && array.Length == SizeFor(array.Length))
            _shelves[index].Put(array);
    }

    /// <summary>Gives up most of what has not been needed since the last look, and says how many bytes that were. Not called by two at once.</summary>
    public long Look() => _shelves.Sum(shelf => (long)shelf.Look());

    private static int Index(int length) => Math.Max(0, 32 - BitOperations.LeadingZeroCount((uint)Math.Max(0, length - Head - 1)) - Smallest);

    // Arrays of one length.
    private sealed class Shelf(int length)
    {
        private readonly Lock _gate = new();
        private readonly Stack<byte[]> _free = [];
        private int _fewest;

        public byte[]? Take()
        {
            lock (_gate)
            {
                if (!_free.TryPop(out var array))
                    return null;
                _fewest = Math.Min(_fewest, _free.Count);
                return array;
            }
        }

        public void Put(byte[] array)
        {
            lock (_gate)
                _free.Push(array);
        }

        public int Look()
        {
            lock (_gate)
            {
                var dropped = _fewest - (_fewest / 4);
                for (var i = 0; i < dropped; i++)
                    _free.Pop();
                _fewest = _free.Count;
                return dropped * length;
            }
        }
    }
}
