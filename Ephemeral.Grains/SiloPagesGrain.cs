using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Orleans.GrainReferences;
using Orleans.Runtime;

namespace Ephemeral.Grains;

/// <summary>Renews leases of the pages beside it, and passes on to them what is more than that.</summary>
/// <remarks>It is placed where its callers say; should it be elsewhere, or a page have moved, the calls only take a longer way.</remarks>
[GrainType("silo-pages")]
internal sealed partial class SiloPagesGrain(LivePages livePages, IGrainFactory grains, GrainReferenceActivator references, ILogger<SiloPagesGrain> logger) : Grain, ISiloPagesGrain
{
    // Asking the factory each time would cost as much as the call: it finds out anew what the interface is called.
    private readonly GrainReference _anyPage = (GrainReference)grains.GetGrain<IPageGrain>(default(ContentHash).ToString());

    public async Task<ImmutableArray<PageHealth?>> Announce(ImmutableArray<PageAnnouncement> said)
    {
        // Where this grain is to be says nothing of where pages are to be.
        RequestContext.Clear();
        var answers = said.Select(one => livePages.Renew(one.Page, one.Said)).ToArray();
        await Task.WhenAll(answers.Index().Where(answer => answer.Item is null)
            .Select(async answer => answers[answer.Index] = await Announce(said[answer.Index].Page, said[answer.Index].Said)));
        return [.. answers];
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
