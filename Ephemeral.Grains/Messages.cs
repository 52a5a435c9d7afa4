using System.Collections.Immutable;

namespace Ephemeral.Grains;

/// <summary>All that one web node says about one page: whole and absolute, never a difference.</summary>
/// <param name="Node">The node's id, drawn when it started.</param>
/// <param name="Observer">Where other nodes and the page reach it.</param>
/// <param name="Holders">Its visitors that were seen to have the page.</param>
/// <param name="Claims">Its visitors that say they hold the page and have not proven it; never counted.</param>
/// <param name="Waiters">Its visitors that want the page.</param>
/// <param name="Version">Grows with every announcement of this node; an older one is ignored.</param>
/// <param name="Parts">Some of the waiters can give blobs already.</param>
/// <param name="Successors">What the node knows to have been said of newer versions.</param>
[GenerateSerializer, Immutable, Alias("ephemeral.announcement")]
public sealed record Announcement(Guid Node, IWebNode Observer, int Holders, int Claims, int Waiters, long Version, bool Parts = false,
    ImmutableArray<Successor> Successors = default);

/// <summary>An announcement and the page that it is about.</summary>
[GenerateSerializer, Immutable, Alias("ephemeral.page-announcement")]
public readonly record struct PageAnnouncement(ContentHash Page, Announcement Said);

/// <summary>How a page is, as its grain sees it.</summary>
/// <param name="Epoch">New for each activation of the grain.</param>
/// <param name="Sequence">Grows with every change within an epoch.</param>
/// <param name="Silo">Where the grain lives, so that a node knows what a silo's death took.</param>
/// <param name="Holders">Holders on all nodes.</param>
/// <param name="Waiters">Waiters on all nodes.</param>
/// <param name="YourHolders">The part of <paramref name="Holders"/> that the receiving node announced.</param>
/// <param name="YourWaiters">The part of <paramref name="Waiters"/> that the receiving node announced.</param>
/// <param name="Sources">A few other nodes to fetch from, the best first.</param>
/// <param name="Successors">What has been said of newer versions, by whoever: the oldest first.</param>
[GenerateSerializer, Immutable, Alias("ephemeral.page-health")]
public sealed record PageHealth(
    Guid Epoch, long Sequence, SiloAddress Silo, int Holders, int Waiters, int YourHolders, int YourWaiters, ImmutableArray<Source> Sources,
    ImmutableArray<Successor> Successors = default);

/// <summary>A newer version of a page, as somebody has said. Only readers can tell whether the page's author has signed it.</summary>
/// <param name="Next">The newer version's address.</param>
/// <param name="Version">Which version that is.</param>
/// <param name="Signature">Base64url; at most <see cref="MaxSignature"/> characters.</param>
[GenerateSerializer, Immutable, Alias("ephemeral.successor")]
public sealed record Successor(ContentHash Next, long Version, string Signature)
{
    /// <summary>How many are known of one page at most; a further one takes the place of the oldest.</summary>
    public const int Most = 8;

    /// <summary>The longest signature, in characters.</summary>
    public const int MaxSignature = 128;

    /// <summary>Those that are known and those that are new, each once, the oldest first and no more than there may be.</summary>
    public static ImmutableArray<Successor> Merge(ImmutableArray<Successor> known, ImmutableArray<Successor> more)
    {
        if (more.IsDefaultOrEmpty)
            return known.IsDefault ? [] : known;
        var all = known.IsDefault ? [.. more.Distinct()] : known.AddRange(more.Except(known));
        return all.Length > Most ? all.RemoveRange(0, all.Length - Most) : all;
    }
}

/// <summary>A node that can be asked for a page's blobs.</summary>
[GenerateSerializer, Immutable, Alias("ephemeral.source")]
public sealed record Source(Guid Node, IWebNode Observer);

/// <summary>A blob as it crosses the wire: the byte 1, its 32-byte hash, its content. The array is shared: never write to it.</summary>
[GenerateSerializer, Immutable, Alias("ephemeral.blob")]
public sealed record Blob(byte[] Frame)
{
    /// <summary>The bytes before the content.</summary>
    public const int HeadSize = 1 + ContentHash.Size;

    // Of this process alone, and of no interest to another.
    [NonSerialized] private Action? _whenDone;
    [NonSerialized] private int _users;
    [NonSerialized] private int _queues;

    /// <summary>One more uses it. Who forgets to say that it is done only leaves the array to the collector.</summary>
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

    /// <summary>The content.</summary>
    public ReadOnlySpan<byte> Content => Frame.AsSpan(HeadSize);
}

/// <summary>What came of asking a node's holders for a blob.</summary>
/// <param name="Blob">The blob, its hash checked, or null.</param>
/// <param name="Pending">No blob yet, but holders are being asked: call again for the outcome.</param>
/// <param name="Coming">Its bytes are under way.</param>
/// <param name="Misses">How many holders said that they do not have it.</param>
[GenerateSerializer, Immutable, Alias("ephemeral.fetched")]
public sealed record Fetched(Blob? Blob, bool Pending, bool Coming, int Misses)
{
    /// <summary>Nobody there has it.</summary>
    public static Fetched Nothing { get; } = new(null, Pending: false, Coming: false, Misses: 0);
}

/// <summary>What one silo counts.</summary>
/// <param name="Silo">Which silo.</param>
/// <param name="Pages">Pages with at least one holder.</param>
/// <param name="Holders">Their holders.</param>
[GenerateSerializer, Immutable, Alias("ephemeral.silo-totals")]
public sealed record SiloTotals(SiloAddress Silo, int Pages, int Holders);

/// <summary>What the whole site counts.</summary>
/// <param name="Pages">Pages with at least one holder.</param>
/// <param name="Holders">Their holders.</param>
[GenerateSerializer, Immutable, Alias("ephemeral.site-pulse")]
public sealed record SitePulse(int Pages, int Holders);
