using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;
using Orleans.Streams;
using Orleans.Streams.Core;

namespace Ephemeral.Grains;

/// <summary>Adds up what the silos publish and tells the web nodes that watch. Soft like all else: a lost one is right again in seconds.</summary>
[GrainType("site"), ImplicitStreamSubscription(PulsePublisher.Stream)]
internal sealed class SiteGrain(TimeProvider time) : Grain, ISiteGrain, IStreamSubscriptionObserver, IAsyncObserver<SiloTotals>
{
    private static readonly TimeSpan SiloLease = 3 * PulsePublisher.RepeatEvery;
    private static readonly TimeSpan WatcherLease = TimeSpan.FromSeconds(20);

    private readonly Dictionary<SiloAddress, (SiloTotals Totals, TimeSpan Until)> _silos = [];
    private readonly Dictionary<Guid, (IWebNode Observer, TimeSpan Until)> _watchers = [];
    private SitePulse _told = new(0, 0);
    private IGrainTimer? _timer;

    public Task<SitePulse> Watch(Guid node, IWebNode observer)
    {
        _watchers[node] = (observer, Now + WatcherLease);
        _timer ??= this.RegisterGrainTimer(Tell, new GrainTimerCreationOptions
        {
            DueTime = PulsePublisher.Every,
            Period = PulsePublisher.Every,
        });
        return Task.FromResult(Sum());
    }

    public Task OnSubscribed(IStreamSubscriptionHandleFactory handleFactory) => handleFactory.Create<SiloTotals>().ResumeAsync(this);

    public Task OnNextAsync(SiloTotals item, StreamSequenceToken? token = null)
    {
        _silos[item.Silo] = (item, Now + SiloLease);
        return Task.CompletedTask;
    }

    // What is lost is published again a few seconds later.
    public Task OnErrorAsync(Exception ex) => Task.CompletedTask;

    private TimeSpan Now => time.GetElapsedTime(0);

    private Task Tell()
    {
        foreach (var (node, watcher) in _watchers.ToList())
            if (watcher.Until <= Now)
                _watchers.Remove(node);
        if (_watchers.Count == 0)
        {
            _timer?.Dispose();
            _timer = null;
        }
        if (Sum() is var pulse && pulse != _told)
        {
            _told = pulse;
            foreach (var (observer, _) in _watchers.Values)
                _ = observer.SiteChanged(pulse);
        }
        return Task.CompletedTask;
    }

    private SitePulse Sum()
    {
        foreach (var (silo, said) in _silos.ToList())
            if (said.Until <= Now)
                _silos.Remove(silo);
        return new SitePulse(_silos.Values.Sum(said => said.Totals.Pages), _silos.Values.Sum(said => said.Totals.Holders));
    }
}

/// <summary>Publishes a silo's totals: once a second while they change, now and then while they do not, never while all is quiet.</summary>
internal sealed partial class PulsePublisher(
    LivePages livePages, IServiceProvider services, ILocalSiloDetails silo, TimeProvider time, ILogger<PulsePublisher> logger) : BackgroundService
{
    public const string Provider = "pulse";
    public const string Stream = "site-pulse";
    public static readonly TimeSpan Every = TimeSpan.FromSeconds(1);
    public static readonly TimeSpan RepeatEvery = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        var published = (Pages: 0, Holders: 0);
        var repeatAt = TimeSpan.Zero;
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            var now = time.GetElapsedTime(0);
            var totals = livePages.Totals();
            if (totals == published && (totals.Pages == 0 || now < repeatAt))
                continue;
            try
            {
                await services.GetRequiredKeyedService<IStreamProvider>(Provider)
                    .GetStream<SiloTotals>(Stream, ISiteGrain.Key)
                    .OnNextAsync(new SiloTotals(silo.SiloAddress, totals.Pages, totals.Holders));
                (published, repeatAt) = (totals, now + RepeatEvery);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                LogNotPublished(e);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "The site's pulse was not published; the next one will tell")]
    private partial void LogNotPublished(Exception e);
}
