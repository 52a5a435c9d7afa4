using System.Net;
using System.Net.Sockets;

namespace Ephemeral.Bench;

/// <summary>What is measured: the processes that serve one site, and the addresses at which visitors reach it.</summary>
internal sealed class Site : IAsyncDisposable
{
    private readonly IAsyncDisposable _all;
    private readonly IReadOnlyList<Server> _processes;

    private Site(IAsyncDisposable all, IReadOnlyList<Server> silos, IReadOnlyList<Server> nodes)
    {
        (_all, Silos, Nodes) = (all, silos, nodes);
        _processes = [.. silos, .. nodes];
    }

    /// <summary>The silos that are processes of their own.</summary>
    public IReadOnlyList<Server> Silos { get; }

    /// <summary>The web nodes.</summary>
    public IReadOnlyList<Server> Nodes { get; }

    /// <summary>The first web node.</summary>
    public Uri First => Nodes[0].Address;

    /// <summary>The last web node: with two of them another one than the first.</summary>
    public Uri Last => Nodes[^1].Address;

    public double CpuSeconds => _processes.Sum(process => process.CpuSeconds);
    public double MiB => _processes.Sum(process => process.MiB);
    public double PeakMiB => _processes.Sum(process => process.PeakMiB);

    /// <summary>A web node with its silo in one process.</summary>
    public static async Task<Site> OneProcess(params string[] settings)
    {
        var server = await Server.Start(settings);
        return new Site(server, [], [server]);
    }

    /// <summary>A silo and a web node, so that each one's memory can be told.</summary>
    public static async Task<Site> Apart(params string[] settings)
    {
        var (siloPort, gatewayPort) = (FreePort(), FreePort());
        string[] ports = [$"--Orleans:Endpoints:SiloPort={siloPort}", $"--Orleans:Endpoints:GatewayPort={gatewayPort}"];
        var silo = await Server.StartSilo([.. ports, .. settings]);
        var node = await Server.Start([.. ports, .. settings, "--Ephemeral:Silo=external", "--Ephemeral:DrainTime=00:00:01"]);
        return new Site(new Both(node, silo), [silo], [node]);
    }

    /// <summary>Two silos and two web nodes that find each other through Redis.</summary>
    public static async Task<Site> TwoByTwo()
    {
        var cluster = await Cluster.Start(silos: 2, nodes: 2, balanced: false);
        return new Site(cluster, cluster.Silos, cluster.Nodes);
    }

    public ValueTask DisposeAsync() => _all.DisposeAsync();

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private sealed class Both(Server node, Server silo) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await node.DisposeAsync();
            await silo.DisposeAsync();
        }
    }
}
