using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Ephemeral.Grains;

/// <summary>The pages that live on this silo, what they count together, and when each is to be swept.</summary>
/// <remarks>Nothing here looks at all pages every few seconds: there may be millions. The numbers are kept, and a page is looked at when its next lease would end.</remarks>
internal sealed class LivePages
{
    private const int MaxObservers = 1000;

    private readonly ConcurrentDictionary<ContentHash, Place> _places = [];
    private readonly ConcurrentDictionary<Guid, IWebNode> _observers = [];
    private readonly Lock _gate = new();
    // By the step of time in which they are to be looked at.
    private readonly Dictionary<long, List<Place>> _looks = [];
    private readonly TimeSpan _every, _step, _longest;
    private long _looked;
    private int _pages, _holders, _waiters;
    private long _expiredLeases;

    public LivePages(IMeterFactory meters, IOptions<PageOptions> options)
    {
        // Finer than the sweeps, so that the end of a lease is hardly noticed later than it would be by looking at all.
        (_every, _step, _longest) = (options.Value.SweepEvery, options.Value.SweepEvery / 4, options.Value.Lease);
        var meter = meters.Create(Telemetry.Meter);
        meter.CreateObservableGauge("ephemeral.pages", () => Totals().Pages, "{page}", "Pages that somebody holds, of those whose grain is on this silo");
        meter.CreateObservableGauge("ephemeral.holders", () => Totals().Holders, "{visitor}", "Holders of those pages, on all web nodes");
        meter.CreateObservableGauge("ephemeral.waiters", () => Volatile.Read(ref _waiters), "{visitor}", "Waiters for pages whose grain is on this silo");
        meter.CreateObservableGauge("ephemeral.grains", () => _places.Count, "{grain}", "Grains of pages on this silo, with those that are only waited for or asked after");
        meter.CreateObservableCounter("ephemeral.lease_expiries", () => Interlocked.Read(ref _expiredLeases), "{lease}", "Web nodes that a page has given up for their silence");
    }

    public IEnumerable<PageGrain> All => _places.Select(pair => pair.Value.Page).OfType<PageGrain>();

    public bool Has(PageGrain page) => Find(page) is not null;

    /// <summary>Renews a lease of a page here; null if it isn't here, or the announcement says more than that.</summary>
    public PageHealth? Renew(ContentHash page, Announcement said) => _places.TryGetValue(page, out var place) ? place.Page?.Renew(said) : null;

    public (int Pages, int Holders) Totals() => (Volatile.Read(ref _pages), Volatile.Read(ref _holders));

    public void Add(PageGrain page)
    {
        // An earlier activation that has not ended yet: this one is the page.
        if (_places.TryGetValue(page.Hash, out var earlier) && earlier.Page is { } other)
            Remove(other);
        var place = _places[page.Hash] = new Place(page);
        // Soon: it may only have been asked after.
        LookAt(place, TimeSpan.Zero);
    }

    public void Remove(PageGrain page)
    {
        Count(page, 0, 0);
        if (Find(page) is not { } place)
            return;
        _places.TryRemove(new KeyValuePair<ContentHash, Place>(page.Hash, place));
        // Its step comes yet; it is not to keep the grain until then.
        place.Page = null;
    }

    /// <summary>Said by the page in its own turn.</summary>
    public void Count(PageGrain page, int holders, int waiters)
    {
        if (Find(page) is not { } place)
            return;
        Interlocked.Add(ref _holders, holders - place.Holders);
        Interlocked.Add(ref _pages, (holders > 0 ? 1 : 0) - (place.Holders > 0 ? 1 : 0));
        Interlocked.Add(ref _waiters, waiters - place.Waiters);
        (place.Holders, place.Waiters) = (holders, waiters);
    }

    /// <summary>One reference to a node for all pages: every announcement brings another one, and the page would keep it.</summary>
    public IWebNode Shared(Guid node, IWebNode observer)
    {
        if (_observers.TryGetValue(node, out var known))
            return known;
        // Of nodes that are gone, too: they are few, and all of them are here again with their next announcements.
        if (_observers.Count >= MaxObservers)
            _observers.Clear();
        return _observers[node] = observer;
    }

    public void LeasesExpired(int count) => Interlocked.Add(ref _expiredLeases, count);

    /// <summary>The page is to be looked at by then; an earlier look stays.</summary>
    public void LookAt(PageGrain page, TimeSpan at)
    {
        if (Find(page) is { } place)
            LookAt(place, at);
    }

    /// <summary>The pages that need a sweep now.</summary>
    public IEnumerable<PageGrain> Due(TimeSpan now)
    {
        List<Place> due = [];
        lock (_gate)
        {
            _looked = Math.Max(_looked, now.Ticks / _step.Ticks);
            foreach (var (step, places) in _looks)
            {
                if (step > _looked)
                    continue;
                foreach (var place in places.Where(place => place.Step == step))
                {
                    place.Step = long.MaxValue;
                    due.Add(place);
                }
                _looks.Remove(step);
            }
        }
        foreach (var place in due)
        {
            if (place.Page is not { } page)
                continue;
            var needsSweep = page.NeedsSweep(now);
            var next = needsSweep ? now + _every : page.NextExpiry;
            LookAt(place, next < now + _longest ? next : now + _longest);
            if (needsSweep)
                yield return page;
        }
    }

    private Place? Find(PageGrain page) => _places.TryGetValue(page.Hash, out var place) && place.Page == page ? place : null;

    private void LookAt(Place place, TimeSpan at)
    {
        lock (_gate)
        {
            // Rounded up: by then the lease has ended.
            var step = Math.Max(_looked + 1, (at.Ticks + _step.Ticks - 1) / _step.Ticks);
            if (step >= place.Step)
                return;
            place.Step = step;
            if (!_looks.TryGetValue(step, out var places))
                _looks[step] = places = [];
            places.Add(place);
        }
    }

    private sealed class Place(PageGrain page)
    {
        public PageGrain? Page { get; set; } = page;
        public int Holders { get; set; }
        public int Waiters { get; set; }

        /// <summary>The step in which it is to be looked at; if it is in the list of another step, too, that is out of date.</summary>
        public long Step { get; set; } = long.MaxValue;
    }
}

/// <summary>One sweeper for all pages of a silo, instead of a timer for each.</summary>
internal sealed class PageSweeper(LivePages livePages, IOptions<PageOptions> options, TimeProvider time) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.SweepEvery, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
            foreach (var page in livePages.Due(time.GetElapsedTime(0)))
                _ = page.AsReference<IPageGrain>().Sweep();
    }
}
