using Orleans.Concurrency;

namespace Ephemeral.Grains;

/// <summary>One process of the web tier, as grains and other nodes see it.</summary>
/// <remarks>Calls to an observer run one after another unless they are marked, so whatever waits for a browser is.</remarks>
[Alias("ephemeral.IWebNode")]
public interface IWebNode : IGrainObserver
{
    /// <summary>Asks this node's own holders for a blob. Answers within 2 s, if only that it is being asked for: silence means that the node is gone.</summary>
    /// <param name="page">The page.</param>
    /// <param name="blob">One of its blobs.</param>
    /// <param name="key">The asking node's public key of the moment, with which the blob is sealed.</param>
    [Alias("Fetch"), AlwaysInterleave, ResponseTimeout("00:00:05")]
    Task<Reply> Fetch(ContentHash page, ContentHash blob, byte[] key);

    /// <summary>The page's health has changed.</summary>
    [Alias("PageChanged"), OneWay, AlwaysInterleave]
    Task PageChanged(ContentHash page, PageHealth health);

    /// <summary>The site's pulse has changed.</summary>
    [Alias("SiteChanged"), OneWay, AlwaysInterleave]
    Task SiteChanged(SitePulse pulse);
}
