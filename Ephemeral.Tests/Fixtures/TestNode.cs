using System.Threading.Channels;
using Ephemeral.Grains;

namespace Ephemeral.Tests.Fixtures;

/// <summary>A web node as grains see it: announces what the test says and keeps what it is told.</summary>
public sealed class TestNode : IWebNode
{
    private readonly Channel<(ContentHash Page, PageHealth Health)> _told = Channel.CreateUnbounded<(ContentHash, PageHealth)>();
    private readonly Channel<SitePulse> _pulses = Channel.CreateUnbounded<SitePulse>();
    private readonly IGrainFactory _grains;
    private long _version;

    public TestNode(IGrainFactory grains)
    {
        _grains = grains;
        Reference = grains.CreateObjectReference<IWebNode>(this);
    }

    public Guid Id { get; } = Guid.NewGuid();
    public IWebNode Reference { get; }

    public Task<PageHealth> Announce(ContentHash page, int holders = 0, int claims = 0, int waiters = 0) =>
        _grains.GetGrain<IPageGrain>(page.ToString()).Announce(Says(holders, claims, waiters));

    public Announcement Says(int holders = 0, int claims = 0, int waiters = 0) => new(Id, Reference, holders, claims, waiters, ++_version);

    public Task<PageHealth> Health(ContentHash page) => _grains.GetGrain<IPageGrain>(page.ToString()).GetHealth(Id);

    /// <summary>The first health told of that page for which this is so.</summary>
    public async Task<PageHealth> Told(ContentHash page, Func<PageHealth, bool> so)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(15));
        await foreach (var told in _told.Reader.ReadAllAsync(limit.Token))
            if (told.Page == page && so(told.Health))
                return told.Health;
        throw new InvalidOperationException("The channel never ends.");
    }

    public async Task<SitePulse> Pulse(Func<SitePulse, bool> so)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await foreach (var pulse in _pulses.Reader.ReadAllAsync(limit.Token))
            if (so(pulse))
                return pulse;
        throw new InvalidOperationException("The channel never ends.");
    }

    /// <summary>What has been told and not been looked at yet.</summary>
    public List<PageHealth> Pending()
    {
        var pending = new List<PageHealth>();
        while (_told.Reader.TryRead(out var told))
            pending.Add(told.Health);
        return pending;
    }

    public Task<Reply> Fetch(ContentHash page, ContentHash blob, byte[] key) => Task.FromResult(new Reply(null, Pending: false, Coming: false, Misses: 0));

    public Task PageChanged(ContentHash page, PageHealth health) => _told.Writer.WriteAsync((page, health)).AsTask();

    public Task SiteChanged(SitePulse pulse) => _pulses.Writer.WriteAsync(pulse).AsTask();
}
