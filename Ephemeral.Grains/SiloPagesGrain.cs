using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Orleans.GrainReferences;
using Orleans.Runtime;

namespace Ephemeral.Grains;

/// <summary>Passes announcements on to the pages beside it: a call within a silo costs a fraction of one that crosses processes.</summary>
/// <remarks>It is placed where its callers say; should it be elsewhere, or a page have moved, the calls only take a longer way.</remarks>
[GrainType("silo-pages")]
internal sealed partial class SiloPagesGrain(IGrainFactory grains, GrainReferenceActivator references, ILogger<SiloPagesGrain> logger) : Grain, ISiloPagesGrain
{
    // Asking the factory each time would cost as much as the call: it finds out anew what the interface is called.
    private readonly GrainReference _anyPage = (GrainReference)grains.GetGrain<IPageGrain>(default(ContentHash).ToString());

    public async Task<ImmutableArray<PageHealth?>> Announce(ImmutableArray<PageAnnouncement> said)
    {
        // Where this grain is to be says nothing of where pages are to be.
        RequestContext.Clear();
        var calls = said.Select(one => Announce(one.Page, one.Said)).ToList();
        return [.. await Task.WhenAll(calls)];
    }

    private async Task<PageHealth?> Announce(ContentHash page, Announcement said)
    {
        try
        {
            var reference = references.CreateReference(GrainId.Create(_anyPage.GrainId.Type, page.ToString()), _anyPage.InterfaceType);
            return await ((IPageGrain)reference).Announce(said);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            var kind = e.GetType().Name;
            LogUnreachable(kind);
            return null;
        }
    }

    // Only the kind of failure: Orleans' own words name the grain, and so the page.
    [LoggerMessage(Level = LogLevel.Debug, Message = "A page could not be reached from within its silo: {Kind}")]
    private partial void LogUnreachable(string kind);
}
