using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace Ephemeral.Bench;

/// <summary>A cluster of real processes on loopback: Redis, silos, web nodes, and nginx with its default time-outs before them.</summary>
internal sealed class Cluster : IAsyncDisposable
{
    private static readonly HttpClient Http = new() { Timeout = TimeSpan.FromSeconds(5) };

    private readonly string _folder = Directory.CreateTempSubdirectory("ephemeral-chaos-").FullName;
    private readonly int _redisPort = FreePort();
    private int _frontPort;
    private Process? _redis;
    private Process? _nginx;

    public List<Server> Silos { get; } = [];
    public List<Server> Nodes { get; } = [];

    /// <summary>The balancer.</summary>
    public Uri Front => new($"http://127.0.0.1:{_frontPort}");

    /// <summary>How many processes were killed, stopped or cut off so far.</summary>
    public int Hits { get; set; }

    /// <summary>The ways to the silos' gateways, where they were asked for.</summary>
    public List<Gate> Gates { get; } = [];

    public static async Task<Cluster> Start(int silos, int nodes, bool gated = false, bool balanced = true)
    {
        var cluster = new Cluster();
        try
        {
            await cluster.StartRedis();
            cluster.Silos.AddRange(await Task.WhenAll(Enumerable.Range(0, silos).Select(_ => cluster.NewSilo(gated))));
            cluster.Nodes.AddRange(await Task.WhenAll(Enumerable.Range(0, nodes).Select(_ => cluster.NewNode())));
            if (balanced)
                await cluster.Balance();
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    public async Task StartRedis()
    {
        _redis = Run("redis-server", "--port", $"{_redisPort}", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", _folder);
        for (var i = 0; i < 100; i++)
        {
            try
            {
                using var probe = new TcpClient();
                await probe.ConnectAsync(IPAddress.Loopback, _redisPort);
                return;
            }
            catch (SocketException)
            {
                await Task.Delay(50);
            }
        }
        throw new InvalidOperationException("redis-server did not start.");
    }

    public async Task StopRedis()
    {
        Hits++;
        _redis!.Kill();
        await _redis.WaitForExitAsync();
    }

    public async Task StartSilo() => Silos.Add(await NewSilo(gated: false));

    public async Task<Server> StartNode()
    {
        var node = await NewNode();
        Nodes.Add(node);
        return node;
    }

    /// <summary>Tells nginx which web nodes there are.</summary>
    public async Task Balance()
    {
        // Chosen when it is about to be used: another process may take a free port meanwhile.
        if (_nginx is null)
            _frontPort = FreePort();
        var config = Path.Combine(_folder, "nginx.conf");
        await File.WriteAllTextAsync(config, $$"""
            daemon off;
            worker_processes 1;
            pid {{_folder}}/nginx.pid;
            error_log {{_folder}}/error.log;
            events { worker_connections 4096; }
            http {
              access_log off;
              client_body_temp_path {{_folder}}/body; proxy_temp_path {{_folder}}/proxy; fastcgi_temp_path {{_folder}}/f; uwsgi_temp_path {{_folder}}/u; scgi_temp_path {{_folder}}/s;
              upstream nodes { {{string.Concat(Nodes.Select(node => $"server {node.Address.Authority}; "))}} }
              server {
                listen 127.0.0.1:{{_frontPort}};
                location / {
                  proxy_pass http://nodes;
                  proxy_http_version 1.1;
                  proxy_set_header Host $http_host;
                  proxy_set_header Upgrade $http_upgrade;
                  proxy_set_header Connection $http_connection;
                  proxy_next_upstream error timeout http_503;
                }
              }
            }
            """);
        if (_nginx is null)
            _nginx = Run("nginx", "-c", config);
        else
            await Run("nginx", "-c", config, "-s", "reload").WaitForExitAsync();
        for (var i = 0; i < 100; i++)
        {
            try
            {
                if ((await Http.GetAsync(new Uri(Front, "/health/live"))).IsSuccessStatusCode)
                    return;
            }
            catch (HttpRequestException)
            {
                // Not yet.
            }
            await Task.Delay(50);
        }
        throw new InvalidOperationException("nginx did not start.");
    }

    /// <summary>Holders and waiters of a page as a node says, or null when it can't say.</summary>
    public static async Task<(int Holders, int Waiters)?> Health(Uri node, string page)
    {
        try
        {
            using var json = JsonDocument.Parse(await Http.GetStringAsync(new Uri(node, $"/api/pages/{page}")));
            return (json.RootElement.GetProperty("holders").GetInt32(), json.RootElement.GetProperty("waiters").GetInt32());
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or JsonException)
        {
            return null;
        }
    }

    public async ValueTask DisposeAsync()
    {
        // What the case had to show it has shown: nobody says goodbye.
        if (_nginx is { HasExited: false })
            _nginx.Kill(entireProcessTree: true);
        foreach (var server in Nodes.Concat(Silos))
        {
            await server.Signal("KILL");
            await server.Exits(TimeSpan.FromSeconds(10));
            await server.DisposeAsync();
        }
        Gates.ForEach(gate => gate.Dispose());
        if (_redis is { HasExited: false })
            _redis.Kill();
        _nginx?.Dispose();
        _redis?.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private Task<Server> NewSilo(bool gated)
    {
        var (gateway, behind) = (FreePort(), FreePort());
        if (gated)
            Gates.Add(new Gate(gateway, behind));
        return Server.StartSilo([.. Clustering, "--Orleans:Endpoints:AdvertisedIPAddress=127.0.0.1",
            $"--Orleans:Endpoints:SiloPort={FreePort()}", $"--Orleans:Endpoints:GatewayPort={gateway}",
            .. gated ? [$"--Orleans:Endpoints:GatewayListeningEndpoint=127.0.0.1:{behind}"] : Array.Empty<string>()]);
    }

    private Task<Server> NewNode() => Server.Start([.. Clustering, "--Ephemeral:Silo=external", "--Ephemeral:DrainTime=00:00:08"]);

    private string[] Clustering =>
    [
        "--Orleans:Clustering:ProviderType=Redis", $"--Orleans:Clustering:ConnectionString=127.0.0.1:{_redisPort}",
        "--Orleans:ClusterId=chaos", "--Orleans:ServiceId=chaos",
    ];

    private static Process Run(string program, params string[] arguments) =>
        Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })
        ?? throw new InvalidOperationException($"{program} did not start.");

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
