using System.Diagnostics.Metrics;
using Ephemeral.Grains;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.Runtime.Placement;

namespace Ephemeral.Bench;

/// <summary>A real silo in a process of its own, and web nodes without visitors in this one, which say to it what real ones would.</summary>
internal sealed class SimulatedNodes : IAsyncDisposable
{
    // Long, so that pages stay while they are measured without being renewed.
    private const string Lease = "00:05:00";

    private readonly IHost _client;
    private readonly MeterListener _meters = new();
    private long _bytes;

    private SimulatedNodes(Server silo, IHost client)
    {
        (Silo, _client) = (silo, client);
        _meters.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Name is "orleans-messaging-sent-messages-size" or "orleans-messaging-received-messages-size")
                listener.EnableMeasurementEvents(instrument);
        };
        _meters.SetMeasurementEventCallback<long>((_, size, _, _) => Interlocked.Add(ref _bytes, size));
        _meters.SetMeasurementEventCallback<int>((_, size, _, _) => Interlocked.Add(ref _bytes, size));
        _meters.Start();
    }

    public Server Silo { get; }

    /// <summary>Bytes of messages to and from the silo so far.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    public static async Task<SimulatedNodes> Start()
    {
        var (siloPort, gatewayPort) = (Cluster.FreePort(), Cluster.FreePort());
        var silo = await Server.StartSilo($"--Orleans:Endpoints:SiloPort={siloPort}", $"--Orleans:Endpoints:GatewayPort={gatewayPort}", $"--Ephemeral:Pages:Lease={Lease}");
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Error);
        builder.UseOrleansClient(client => client.UseLocalhostClustering(
            gatewayPort, serviceId: "ephemeral", clusterId: "ephemeral"));
        var host = builder.Build();
        await host.StartAsync();
        return new SimulatedNodes(silo, host);
    }

    public SimulatedNode Add() => new(_client.Services.GetRequiredService<IGrainFactory>());

    public async ValueTask DisposeAsync()
    {
        _meters.Dispose();
        await _client.StopAsync();
        _client.Dispose();
        await Silo.DisposeAsync();
    }
}

/// <summary>One web node, as pages see it.</summary>
internal sealed class SimulatedNode : IWebNode
{
    private readonly IGrainFactory _grains;
    private readonly Guid _id = Guid.NewGuid();
    private readonly IWebNode _reference;
    private long _version;
    private int _told;

    public SimulatedNode(IGrainFactory grains) => (_grains, _reference) = (grains, grains.CreateObjectReference<IWebNode>(this));

    /// <summary>How often a page has told it of changes.</summary>
    public int Told => Volatile.Read(ref _told);

    public Task<PageHealth> Announce(ContentHash page, int holders) =>
        _grains.GetGrain<IPageGrain>(page.ToString()).Announce(new Announcement(_id, _reference, holders, 0, 0, Interlocked.Increment(ref _version)));

    /// <summary>Says the same again of many pages of one silo, as real nodes do.</summary>
    public async Task Renew(IEnumerable<ContentHash> pages, int holders, SiloAddress silo)
    {
        RequestContext.Set(IPlacementDirector.PlacementHintKey, silo);
        var answers = await _grains.GetGrain<ISiloPagesGrain>(silo.ToParsableString()).Announce(
            [.. pages.Select(page => new PageAnnouncement(page, new Announcement(_id, _reference, holders, 0, 0, Interlocked.Increment(ref _version))))]);
        if (answers.Contains(null))
            throw new InvalidOperationException("A page was not reached.");
    }

    public Task<Reply> Fetch(ContentHash page, ContentHash blob, byte[] key) => Task.FromResult(new Reply(null, Pending: false, Coming: false, Misses: 0));

    public Task PageChanged(ContentHash page, PageHealth health)
    {
        Interlocked.Increment(ref _told);
        return Task.CompletedTask;
    }

    public Task SiteChanged(SitePulse pulse) => Task.CompletedTask;
}
