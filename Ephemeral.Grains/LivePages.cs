using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Ephemeral.Grains;

/// <summary>The pages that live on this silo, and what they count together.</summary>
internal sealed class LivePages
{
    private readonly ConcurrentDictionary<PageGrain, (int Holders, int Waiters)> _counts = [];
    private long _expiredLeases;

    public LivePages(IMeterFactory meters)
    {
        var meter = meters.Create(Telemetry.Meter);
        meter.CreateObservableGauge("ephemeral.pages", () => Totals().Pages, "{page}", "Pages that somebody holds, of those whose grain is on this silo");
        meter.CreateObservableGauge("ephemeral.holders", () => Totals().Holders, "{visitor}", "Holders of those pages, on all web nodes");
        meter.CreateObservableGauge("ephemeral.waiters", () => _counts.Sum(page => page.Value.Waiters), "{visitor}", "Waiters for pages whose grain is on this silo");
        meter.CreateObservableGauge("ephemeral.grains", () => _counts.Count, "{grain}", "Grains of pages on this silo, with those that are only waited for or asked after");
        meter.CreateObservableCounter("ephemeral.lease_expiries", () => Interlocked.Read(ref _expiredLeases), "{lease}", "Web nodes that a page has given up for their silence");
    }

    public IEnumerable<PageGrain> All => _counts.Select(pair => pair.Key);

    public void Add(PageGrain page) => _counts[page] = default;
    public void Remove(PageGrain page) => _counts.TryRemove(page, out _);
    public bool Has(PageGrain page) => _counts.ContainsKey(page);
    public void Count(PageGrain page, int holders, int waiters) => _counts[page] = (holders, waiters);
    public void LeasesExpired(int count) => Interlocked.Add(ref _expiredLeases, count);

    public (int Pages, int Holders) Totals()
    {
        int pages = 0, holders = 0;
        foreach (var (_, count) in _counts)
            if (count.Holders > 0)
                (pages, holders) = (pages + 1, holders + count.Holders);
        return (pages, holders);
    }
}

/// <summary>One sweeper for all pages of a silo, instead of a timer for each.</summary>
internal sealed class PageSweeper(LivePages livePages, IOptions<PageOptions> options, TimeProvider time) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.SweepEvery, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            var now = time.GetElapsedTime(0);
            foreach (var page in livePages.All.Where(page => page.NeedsSweep(now)))
                _ = page.AsReference<IPageGrain>().Sweep();
        }
    }
}
