using System.Collections.Immutable;
using Ephemeral.Grains;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Options;

namespace Ephemeral.Web;

/// <summary>The life of a web node: says where it is, keeps in touch with the cluster, and says goodbye before it stops.</summary>
internal sealed partial class NodeLife(
    WebNode node, IOptions<WebOptions> options, IServer server, IHostApplicationLifetime lifetime, ILogger<NodeLife> logger) : IHostedLifecycleService, IDisposable
{
    private const int WatchEveryTouch = 10;
    private const int Ways = 8;
    // A silo's death is learnt by these: what it held is counted anew so much later at the most.
    private static readonly TimeSpan TouchEvery = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan TouchFor = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LostAfter = TimeSpan.FromSeconds(10);

    private readonly CancellationTokenSource _stopping = new();
    private Task _touching = Task.CompletedTask;
    private TimeSpan? _touchedAt;
    private int _newestTouch = -1;

    /// <summary>Visitors can be served: the cluster answers, and the node is not about to go.</summary>
    public bool IsReady => !node.IsDraining && node.Now - _touchedAt < LostAfter;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        // The node opens its doors when the cluster has answered once.
        var touched = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _touching = KeepInTouch(touched);
        return touched.Task.WaitAsync(cancellationToken);
    }

    public Task StartedAsync(CancellationToken cancellationToken)
    {
        lifetime.ApplicationStarted.Register(() =>
        {
            foreach (var address in server.Features.Get<IServerAddressesFeature>()?.Addresses.Except([options.Value.ManagementUrl]) ?? [])
                LogOpen(address!);
        });
        return Task.CompletedTask;
    }

    // Before anything else stops: the server, the silo and the way to the cluster still work.
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        await node.Drain(options.Value.DrainTime!.Value).WaitAsync(cancellationToken);
        await _stopping.CancelAsync();
        await _touching;
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public void Dispose() => _stopping.Dispose();

    // One touch does not wait for the other: the way of one may lead to a silo that has just died.
    private async Task KeepInTouch(TaskCompletionSource touched)
    {
        for (var touch = 0; !_stopping.IsCancellationRequested; touch++)
        {
            _ = Touch(touch, touched);
            await Task.Delay(TouchEvery, node.Time, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // Shows that the cluster answers, sees which silos are alive, and now and then asks for the site's pulse.
    private async Task Touch(int touch, TaskCompletionSource touched)
    {
        try
        {
            // Throws too, as long as the client has not started.
            // Each grain's calls go through one silo: asking several in turn finds the way past a silo that hangs.
            var alive = await node.Grains.GetGrain<ISilosGrain>(touch % Ways).Alive().WaitAsync(TouchFor, node.Time, _stopping.Token);
            _touchedAt = node.Now;
            touched.TrySetResult();
            // What an earlier one sees is older news.
            if (IsNewest(touch))
                _ = Announce(alive);
            if (touch % WatchEveryTouch == 0)
                _ = Watch();
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            LogOutOfTouch(e);
        }
    }

    private bool IsNewest(int touch)
    {
        lock (_stopping)
            return touch > _newestTouch && (_newestTouch = touch) >= 0;
    }

    private async Task Announce(ImmutableArray<SiloAddress> alive)
    {
        try
        {
            await node.SilosAre(alive);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            LogOutOfTouch(e);
        }
    }

    // The pulse may be late or lost, and must not look like a lost cluster.
    private async Task Watch()
    {
        try
        {
            await node.SiteChanged(await node.Grains.GetGrain<ISiteGrain>(ISiteGrain.Key).Watch(node.Id, node.Reference));
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            LogOutOfTouch(e);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Ephemeral is open at {Address}")]
    private partial void LogOpen(string address);

    [LoggerMessage(Level = LogLevel.Debug, Message = "The cluster does not answer; it is tried again")]
    private partial void LogOutOfTouch(Exception e);
}
