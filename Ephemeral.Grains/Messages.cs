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

/// <summary>A blob on its way from one web node to another. Those two alone can read it, and only for some seconds.</summary>
/// <param name="Key">The giving node's public key of the moment.</param>
/// <param name="Number">How many were sealed before it by the same two keys.</param>
/// <param name="Bytes">The sealed content.</param>
/// <param name="Tag">What shows that nobody has changed it.</param>
[GenerateSerializer, Immutable, Alias("ephemeral.sealed-blob")]
public sealed record SealedBlob(byte[] Key, long Number, byte[] Bytes, byte[] Tag);

/// <summary>What another node says that came of asking its holders for a blob.</summary>
/// <param name="Blob">The blob, its hash checked, or null.</param>
/// <param name="Pending">No blob yet, but holders are being asked: call again for the outcome.</param>
/// <param name="Coming">Its bytes are under way.</param>
/// <param name="Misses">How many holders said that they do not have it.</param>
[GenerateSerializer, Immutable, Alias("ephemeral.reply")]
public sealed record Reply(SealedBlob? Blob, bool Pending, bool Coming, int Misses);

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
