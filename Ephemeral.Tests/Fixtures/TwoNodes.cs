using System.Net;
using System.Net.Sockets;
using Ephemeral.Grains;
using Ephemeral.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Xunit;

namespace Ephemeral.Tests.Fixtures;

/// <summary>Two silos and two web nodes that are pure clients of them, each with sockets of its own: what the programs run, in one process.</summary>
public sealed class TwoNodes : IAsyncLifetime
{
    private readonly List<IHost> _hosts = [];
    private readonly string[] _optionsOfA;

    public TwoNodes() : this([]) { }

    /// <param name="optionsOfA">Settings of the first node alone.</param>
    internal TwoNodes(params string[] optionsOfA) => _optionsOfA = optionsOfA;

    public Uri A { get; private set; } = null!;
    public Uri B { get; private set; } = null!;
    public HttpClient Http { get; } = new();

    public async Task InitializeAsync()
    {
        var ports = FreePorts(4);
        for (var i = 0; i < 2; i++)
        {
            var builder = Host.CreateApplicationBuilder();
            builder.Logging.ClearProviders();
            builder.UseOrleans(silo => silo.AddPages().UseLocalhostClustering(
                ports[i], ports[2 + i], new IPEndPoint(IPAddress.Loopback, ports[0]), "ephemeral", "ephemeral"));
            await Start(builder.Build());
        }
        (A, B) = (await StartNode(ports[2], _optionsOfA), await StartNode(ports[3]));
    }

    public async Task DisposeAsync()
    {
        Http.Dispose();
        foreach (var host in Enumerable.Reverse(_hosts))
        {
            await host.StopAsync();
            host.Dispose();
        }
    }

    private async Task<Uri> StartNode(int gatewayPort, params string[] options)
    {
        var node = EphemeralWeb.Build(
            ["--urls=http://127.0.0.1:0", "--Ephemeral:Silo=external", "--Ephemeral:DrainTime=00:00:00", $"--Orleans:Endpoints:GatewayPort={gatewayPort}", .. options],
            builder => builder.Logging.ClearProviders());
        await Start(node);
        return new Uri(node.Urls.First());
    }

    private async Task Start(IHost host)
    {
        _hosts.Add(host);
        await host.StartAsync().WaitAsync(TimeSpan.FromSeconds(60));
    }

    private static int[] FreePorts(int count)
    {
        var listeners = Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Loopback, 0)).ToList();
        listeners.ForEach(listener => listener.Start());
        var ports = listeners.Select(listener => ((IPEndPoint)listener.LocalEndpoint).Port).ToArray();
        listeners.ForEach(listener => listener.Stop());
        return ports;
    }
}
