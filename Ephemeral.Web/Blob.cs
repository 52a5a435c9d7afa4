using Ephemeral.Grains;

namespace Ephemeral.Web;

/// <summary>A blob as it crosses the wire: the byte 1, its 32-byte hash, its content. It is shared: never write to it.</summary>
/// <param name="array">What it lies in, from the beginning on.</param>
/// <param name="length">The bytes of the frame.</param>
internal sealed class Blob(byte[] array, int length)
{
    /// <summary>The bytes before the content.</summary>
    public const int HeadSize = 1 + ContentHash.Size;

    private Action? _whenDone;
    private int _users;
    private int _queues;

    /// <summary>All of it.</summary>
    public ReadOnlyMemory<byte> Frame => array.AsMemory(0, length);

    /// <summary>The bytes of the frame.</summary>
    public int Length => length;

    /// <summary>The content.</summary>
    public ReadOnlySpan<byte> Content => array.AsSpan(HeadSize, length - HeadSize);

    /// <summary>One more uses it. Each says <see cref="Done"/>, or the content stays in memory until something else takes its place.</summary>
    public void Use() => Interlocked.Increment(ref _users);

    /// <summary>One more uses it, if anybody still does.</summary>
    public bool TryUse()
    {
        for (var users = Volatile.Read(ref _users); users > 0;)
        {
            var seen = Interlocked.CompareExchange(ref _users, users + 1, users);
            if (seen == users)
                return true;
            users = seen;
        }
        return false;
    }

    /// <summary>One of its users never touches it again.</summary>
    public void Done()
    {
        if (Interlocked.Decrement(ref _users) == 0 && Interlocked.Exchange(ref _whenDone, null) is { } whenDone)
            ThreadPool.UnsafeQueueUserWorkItem(static whenDone => whenDone(), whenDone, preferLocal: false);
    }

    /// <summary>Calls this when the last of its users is done with it, on a thread of its own: said by who uses it.</summary>
    public void WhenDone(Action then)
    {
        for (var known = _whenDone; ;)
        {
            var seen = Interlocked.CompareExchange(ref _whenDone, known + then, known);
            if (seen == known)
                return;
            known = seen;
        }
    }

    /// <summary>It waits in one more queue; true if that is the first.</summary>
    public bool EnterQueue() => Interlocked.Increment(ref _queues) == 1;

    /// <summary>It waits in one queue less; true if that was the last.</summary>
    public bool LeaveQueue() => Interlocked.Decrement(ref _queues) == 0;
}

/// <summary>What came of asking a node's holders for a blob.</summary>
/// <param name="Blob">The blob, its hash checked, or null. Who has it from here says when it is done with it.</param>
/// <param name="Pending">No blob yet, but holders are being asked.</param>
/// <param name="Coming">Its bytes are under way.</param>
/// <param name="Misses">How many holders said that they do not have it.</param>
internal sealed record Fetched(Blob? Blob, bool Pending, bool Coming, int Misses)
{
    /// <summary>Nobody there has it.</summary>
    public static Fetched Nothing { get; } = new(null, Pending: false, Coming: false, Misses: 0);
}
