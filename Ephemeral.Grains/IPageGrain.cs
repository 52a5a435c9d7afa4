using System.Collections.Immutable;
using Orleans.Concurrency;

namespace Ephemeral.Grains;

/// <summary>One page, by the hex digits of its hash. Knows numbers only, and only while somebody holds or wants the page.</summary>
[Alias("ephemeral.IPageGrain")]
public interface IPageGrain : IGrainWithStringKey
{
    /// <summary>Takes what a node says of this page, and answers how the page is. All zeros take the node out.</summary>
    [Alias("Announce"), ResponseTimeout("00:00:03")]
    Task<PageHealth> Announce(Announcement said);

    /// <summary>How the page is, for that node. Asking leaves nothing behind.</summary>
    [Alias("GetHealth"), ResponseTimeout("00:00:03")]
    Task<PageHealth> GetHealth(Guid node);

    /// <summary>A node did not answer another one: unless it announces soon, its lease ends.</summary>
    [Alias("Doubt"), OneWay]
    Task Doubt(Guid node);

    /// <summary>Drops the nodes whose lease has run out.</summary>
    [Alias("Sweep"), OneWay]
    Task Sweep();
}

/// <summary>The way to many pages of one silo at once, by the silo's address. Announcing in vain is as good here as at each page.</summary>
[Alias("ephemeral.ISiloPagesGrain")]
public interface ISiloPagesGrain : IGrainWithStringKey
{
    /// <summary>Announces to each page, and answers in the same order; null where a page could not be reached.</summary>
    [Alias("Announce"), AlwaysInterleave, ResponseTimeout("00:00:03")]
    Task<ImmutableArray<PageHealth?>> Announce(ImmutableArray<PageAnnouncement> said);
}

/// <summary>What a silo knows of the cluster; answered by the nearest one.</summary>
[Alias("ephemeral.ISilosGrain")]
public interface ISilosGrain : IGrainWithIntegerKey
{
    /// <summary>The silos that are alive.</summary>
    [Alias("Alive"), ResponseTimeout("00:00:02")]
    Task<ImmutableArray<SiloAddress>> Alive();
}

/// <summary>The whole site's pulse; there is one, by the key <see cref="Key"/>.</summary>
[Alias("ephemeral.ISiteGrain")]
public interface ISiteGrain : IGrainWithStringKey
{
    /// <summary>The one key.</summary>
    const string Key = "site";

    /// <summary>Sends the pulse to a node while it goes on saying this, and answers the newest one.</summary>
    [Alias("Watch"), ResponseTimeout("00:00:03")]
    Task<SitePulse> Watch(Guid node, IWebNode observer);
}
