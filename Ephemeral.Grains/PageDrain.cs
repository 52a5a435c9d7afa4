using System.Collections.Immutable;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Core.Internal;
using Orleans.Runtime;
using Orleans.Runtime.Placement;

namespace Ephemeral.Grains;

/// <summary>
/// Moves a stopping silo's pages to the other silos, with what they know. Orleans does not do that by itself: without it every page
/// of the silo would start anew, empty, until its nodes have announced again.
/// </summary>
internal sealed partial class PageDrain(
    LivePages livePages, IGrainFactory grains, ISiloStatusOracle silos, ILogger<PageDrain> logger) : IHostedLifecycleService
{
    private const int AtOnce = 64;
    private const int Passes = 5;
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(15);

    // Before anything else of the host stops: the silo still works.
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        var others = silos.GetApproximateSiloStatuses(onlyActive: true).Keys.Where(silo => !silo.Equals(silos.SiloAddress)).ToImmutableArray();
        if (others.IsEmpty)
            return;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Longest);
        try
        {
            // Pages that begin meanwhile may begin here: a few passes, then those that are left are announced anew.
            var moved = 0;
            for (var pass = 0; pass < Passes; pass++)
            {
                var pages = livePages.All.ToList();
                if (pages.Count == 0)
                    break;
                moved += pages.Count;
                await Parallel.ForEachAsync(pages, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = limit.Token },
                    async (page, _) => await Move(page, others[Random.Shared.Next(others.Length)]));
                for (var i = 0; i < 20 && pages.Exists(livePages.Has); i++)
                    await Task.Delay(TimeSpan.FromMilliseconds(50), limit.Token);
            }
            LogMoved(moved);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            LogNotMoved(e.GetType().Name);
        }
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task Move(PageGrain page, SiloAddress to)
    {
        RequestContext.Set(IPlacementDirector.PlacementHintKey, to);
        try
        {
            await grains.GetGrain(page.GetGrainId()).AsReference<IGrainManagementExtension>().MigrateOnIdle();
        }
        finally
        {
            RequestContext.Clear();
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Pages} pages were moved to other silos")]
    private partial void LogMoved(int pages);

    // Only the kind of failure: Orleans' own words name the grain, and so the page.
    [LoggerMessage(Level = LogLevel.Warning, Message = "Not all pages were moved to other silos; their web nodes announce them again: {Kind}")]
    private partial void LogNotMoved(string kind);
}
