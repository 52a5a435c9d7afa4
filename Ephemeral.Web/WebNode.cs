using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics.Metrics;
using System.Net;
using System.Net.WebSockets;
using Ephemeral.Grains;
using Microsoft.Extensions.Options;

namespace Ephemeral.Web;

/// <summary>This process's one observer: the pages that its visitors hold and want, and its way to grains and other nodes.</summary>
internal sealed partial class WebNode : IWebNode, IDisposable
{
    /// <summary>The key of the node's own clock, apart from that of a silo in the same process.</summary>
    public const string Clock = "web-node";

    private static readonly TimeSpan CloseTime = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan ServeFor = TimeSpan.FromSeconds(2);

    private const int AnnouncesAtOnce = 256;

    private readonly ConcurrentDictionary<ContentHash, NodePage> _pages = [];
    private readonly HashSet<Visitor> _visitors = [];
    private readonly HashSet<Visitor> _watchers = [];
    private readonly ILogger<WebNode> _logger;
    private readonly BlockList _blocked;
    private SitePulse _pulse = new(0, 0);
    private ImmutableArray<SiloAddress> _silos = [];
    private IWebNode? _reference;
    private long _version;
    private int _open;
    private int _parts;

    public WebNode(
        IGrainFactory grains, IOptionsMonitor<WebOptions> options, [FromKeyedServices(Clock)] TimeProvider time, Frames frames, IMeterFactory meters,
        ILogger<WebNode> logger)
    {
        (Grains, Options, Time, Frames, _logger) = (grains, options.CurrentValue, time, frames, logger);
        Seals = new Seals(time);
        Welcome = Wire.Welcome(Options);
        Memory = new BlobMemory(Options.BlobMemory);
        Backlog = new Backlog(Options.MaxQueuedBytesInAll, Memory, MakeRoomSoon);
        Addresses = new Addresses(Options, time);
        Agenda = new Agenda(time);
        Prover = new Prover(this);
        Renewals = new Renewals(this);
        _look = time.CreateTimer(_ => Look(), null, LookEvery, LookEvery);
        _blocked = new BlockList(options, Block, logger);
        Metrics = new NodeMetrics(meters, this);
    }

    public Guid Id { get; } = Guid.NewGuid();
    public IGrainFactory Grains { get; }
    public WebOptions Options { get; }
    public TimeProvider Time { get; }
    public TimeSpan Now => Time.GetElapsedTime(0);
    public byte[] Welcome { get; }
    public BlobMemory Memory { get; }
    public Backlog Backlog { get; }
    public Addresses Addresses { get; }
    public Frames Frames { get; }
    public Seals Seals { get; }
    public Agenda Agenda { get; }
    public Prover Prover { get; }
    public Renewals Renewals { get; }
    public NodeMetrics Metrics { get; }
    public int OpenSockets => Volatile.Read(ref _open);
    public int PagesHere => _pages.Count;

    /// <summary>How others reach this node. Made when it is first needed: by then the client runs.</summary>
    public IWebNode Reference => _reference ??= Grains.CreateObjectReference<IWebNode>(this);

    /// <summary>New visitors are sent elsewhere.</summary>
    public bool IsDraining { get; private set; }

    public bool IsFull
    {
        get
        {
            lock (_visitors)
                return _visitors.Count >= Options.MaxVisitors;
        }
    }

    /// <summary>Makes room for one more part that a waiter has; false if there is none.</summary>
    public bool TakePart()
    {
        if (Interlocked.Increment(ref _parts) <= Options.MaxPartsInAll)
            return true;
        GiveParts(1);
        return false;
    }

    /// <summary>So many parts need not be remembered any more.</summary>
    public void GiveParts(int count) => Interlocked.Add(ref _parts, -count);

    public long NextVersion() => Interlocked.Increment(ref _version);

    public bool IsBlocked(ContentHash page) => _blocked.Has(page);

    /// <summary>Serves one visitor until it is gone, and its address is rid of it.</summary>
    /// <param name="socket">Its connection.</param>
    /// <param name="address">Where it comes from, if that is counted.</param>
    /// <param name="stream">What the socket is on, if it is a lean one; the framework looks after others while they are idle.</param>
    public async Task Serve(WebSocket socket, IPAddress? address = null, PipeStream? stream = null)
    {
        var visitor = new Visitor(socket, this, stream);
        lock (_visitors)
            _visitors.Add(visitor);
        Interlocked.Increment(ref _open);
        Metrics.Opened();
        await visitor.Run();
        Interlocked.Decrement(ref _open);
        Addresses.Leave(address);
    }

    public void Left(Visitor visitor)
    {
        lock (_visitors)
        {
            _visitors.Remove(visitor);
            _watchers.Remove(visitor);
        }
    }

    /// <summary>Puts a visitor on a page, as yet as nothing.</summary>
    public Membership Join(Visitor visitor, ContentHash page)
    {
        while (true)
            if (_pages.GetOrAdd(page, static (hash, node) => new NodePage(node, hash), this).Join(visitor) is { } membership)
                return membership;
    }

    public void Remove(NodePage page) => _pages.TryRemove(new KeyValuePair<ContentHash, NodePage>(page.Hash, page));

    /// <summary>Holders and waiters of a page over the whole cluster; null if its silo does not answer in about that time.</summary>
    public Task<(int Holders, int Waiters)?> Count(ContentHash page, TimeSpan within) =>
        (_pages.TryGetValue(page, out var known) ? known : new NodePage(this, page)).Count(within);

    /// <summary>A blob of a page for one who is not counted, or null if nobody gives it in time.</summary>
    /// <exception cref="TimeoutException">The page's silo does not answer.</exception>
    public Task<Blob?> Read(ContentHash page, ContentHash blob, TimeSpan wait, CancellationToken gone) => IsBlocked(page)
        ? Task.FromResult<Blob?>(null)
        : _pages.GetOrAdd(page, static (hash, node) => new NodePage(node, hash), this).Read(blob, wait, gone);

    /// <summary>Sends the site's pulse to a visitor, or no longer.</summary>
    public bool Watch(Visitor visitor, bool watches)
    {
        lock (_visitors)
        {
            if (!watches)
                _watchers.Remove(visitor);
            else if (_visitors.Contains(visitor))
            {
                _watchers.Add(visitor);
                visitor.Send(Wire.Pulse(_pulse));
            }
        }
        return true;
    }

    public async Task<Reply> Fetch(ContentHash page, ContentHash blob, byte[] key)
    {
        var fetched = _pages.TryGetValue(page, out var known) ? await known.Serve(blob, ServeFor) : Fetched.Nothing;
        SealedBlob? given = null;
        if (fetched.Blob is { } found)
        {
            var ours = Seals.Take();
            try
            {
                given = ours.Seal(found, blob, key);
            }
            finally
            {
                ours.Done();
                found.Done();
            }
        }
        return new Reply(given, fetched.Pending, fetched.Coming, fetched.Misses);
    }

    public Task PageChanged(ContentHash page, PageHealth health)
    {
        if (_pages.TryGetValue(page, out var known))
            known.Push(health);
        return Task.CompletedTask;
    }

    public Task SiteChanged(SitePulse pulse)
    {
        lock (_visitors)
        {
            if (pulse == _pulse)
                return Task.CompletedTask;
            _pulse = pulse;
            if (_watchers.Count == 0)
                return Task.CompletedTask;
            var text = Wire.Pulse(pulse);
            foreach (var watcher in _watchers)
                watcher.Send(text);
        }
        return Task.CompletedTask;
    }

    /// <summary>
    /// The silos that are alive. What was lost with another is announced again: first the pages that somebody waits for, then those
    /// with a single holder; the others wait for their renewal, seconds later.
    /// </summary>
    public async Task SilosAre(ImmutableArray<SiloAddress> alive)
    {
        if (alive.SequenceEqual(_silos))
            return;
        var some = _silos.Except(alive).Any();
        _silos = alive;
        if (!some)
            return;
        var lost = _pages.Values.Select(page => (Page: page, Urgency: page.UrgencyWithout(alive))).Where(page => page.Urgency > 0)
            .OrderByDescending(page => page.Urgency).Select(page => page.Page).ToList();
        foreach (var page in _pages.Values)
            page.RetryFlights();
        await Parallel.ForEachAsync(lost, new ParallelOptions { MaxDegreeOfParallelism = AnnouncesAtOnce }, async (page, _) => await page.AnnounceAgain());
    }

    /// <summary>Says goodbye, goes on serving until all have moved or the time is over, then closes who is left.</summary>
    public async Task Drain(TimeSpan time)
    {
        IsDraining = true;
        var visitors = Visitors();
        foreach (var visitor in visitors)
            visitor.Send(Wire.Goodbye(time * 0.5 * Random.Shared.NextDouble()));
        for (var until = Now + time; Visitors().Count > 0 && Now < until;)
            await Task.Delay(TimeSpan.FromMilliseconds(50), Time);
        var last = Visitors();
        foreach (var visitor in last)
            visitor.Close((int)WebSocketCloseStatus.EndpointUnavailable);
        // A browser answers a close at once. Who does not is cut off, or the server would wait half a minute for it.
        for (var until = Now + CloseTime; OpenSockets > 0 && Now < until;)
            await Task.Delay(TimeSpan.FromMilliseconds(20), Time);
        last.ForEach(visitor => visitor.Abort());
        await Task.WhenAll(_pages.Values.Select(page => page.LastAnnounce()));
    }

    public void Dispose()
    {
        _blocked.Dispose();
        _look.Dispose();
        Agenda.Dispose();
        Prover.Dispose();
        Renewals.Dispose();
        Seals.Dispose();
    }

    private List<Visitor> Visitors()
    {
        lock (_visitors)
            return [.. _visitors];
    }

    // Whoever is on such a page is told so, and taken off it.
    private void Block(IEnumerable<ContentHash> added)
    {
        foreach (var page in added)
            if (_pages.TryGetValue(page, out var known))
                known.Visitors().ForEach(visitor => visitor.Block(page));
    }

    // Only the kind of failure: Orleans' own words name the grain, and so the page.
    public void LogFetchFailed(Exception e)
    {
        var kind = e.GetType().Name;
        LogFetchFailed(kind);
    }

    public void LogUnreachable(Exception e)
    {
        var kind = e.GetType().Name;
        LogUnreachable(kind);
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "A fetch from another node failed: {Kind}")]
    private partial void LogFetchFailed(string kind);

    [LoggerMessage(Level = LogLevel.Debug, Message = "A page's grain could not be reached; it is tried again: {Kind}")]
    private partial void LogUnreachable(string kind);
}
