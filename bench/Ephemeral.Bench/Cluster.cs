using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace Ephemeral.Bench;

/// <summary>A cluster of real processes on loopback: Redis, silos, web nodes, and nginx with its default time-outs before them.</summary>
internal sealed class Cluster : IAsyncDisposable
{
    private static readonly HttpClient Http = new() { Timeout = TimeSpan.FromSeconds(10) };

    private readonly string _folder = Directory.CreateTempSubdirectory("ephemeral-chaos-").FullName;
    private readonly int _redisPort = FreePort();
    private Ways _cut;
    private int _frontPort;
    private Process? _redis;
    private Process? _nginx;

    public List<Server> Silos { get; } = [];
    public List<Server> Nodes { get; } = [];

    /// <summary>The balancer.</summary>
    public Uri Front => new($"http://127.0.0.1:{_frontPort}");

    /// <summary>How many processes were really killed, stopped, hung or cut off so far.</summary>
    public int Hits { get; private set; }

    /// <summary>The ways that can be cut, as asked for at the start: those to the silos' gateways, or those by which the first silo reaches the others and Redis.</summary>
    public List<Gate> Gates { get; } = [];

    public static async Task<Cluster> Start(int silos, int nodes, Ways cut = Ways.None, bool balanced = true)
    {
        var cluster = new Cluster { _cut = cut };
        try
        {
            await cluster.StartRedis();
            cluster.Silos.AddRange(await Task.WhenAll(Enumerable.Range(0, silos).Select(i => cluster.NewSilo(i))));
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
        _redis!.Kill();
        await _redis.WaitForExitAsync();
        Hits++;
    }

    public async Task StartSilo() => Silos.Add(await NewSilo(null));

    public async Task<Server> StartNode()
    {
        var node = await NewNode();
        Nodes.Add(node);
        return node;
    }

    public async Task Kill(Server server)
    {
        await server.Signal("KILL");
        if (await server.Exits(TimeSpan.FromSeconds(5)))
            Hits++;
    }

    /// <summary>Asks a process to stop; true if it has within that time, and without an error.</summary>
    public async Task<bool> Stop(Server server, TimeSpan within, string signal = "TERM")
    {
        await server.Signal(signal);
        if (!await server.Exits(within))
            return false;
        Hits++;
        return server.ExitCode == 0;
    }

    public async Task Hang(Server server)
    {
        await server.Signal("STOP");
        for (var i = 0; i < 100 && !server.Hangs; i++)
            await Task.Delay(10);
        if (server.Hangs)
            Hits++;
    }

    /// <summary>Cuts off one process, whose ways the gates are.</summary>
    public void Cut()
    {
        if (Gates.ConvertAll(gate => gate.Cut()).Sum() > 0)
            Hits++;
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

    /// <summary>The status with which a node answers, or null when it doesn't.</summary>
    public static async Task<int?> Status(Uri node, string path)
    {
        try
        {
            using var answer = await Http.GetAsync(new Uri(node, path));
            return (int)answer.StatusCode;
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
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

    private Task<Server> NewSilo(int? number)
    {
        var (silo, gateway, redis) = (FreePort(), FreePort(), _redisPort);
        List<string> settings = ["--Orleans:Endpoints:AdvertisedIPAddress=127.0.0.1", $"--Orleans:Endpoints:SiloPort={silo}", $"--Orleans:Endpoints:GatewayPort={gateway}"];
        if (number is not null && _cut == Ways.Gateways)
            settings.Add($"--Orleans:Endpoints:GatewayListeningEndpoint=127.0.0.1:{Gated(gateway)}");
        if (number is not null && _cut == Ways.FirstSilo)
            settings.Add($"--Orleans:Endpoints:SiloListeningEndpoint=127.0.0.1:{Gated(silo)}");
        if (number is 0 && _cut == Ways.FirstSilo)
            Gates.Add(new Gate(redis = FreePort(), _redisPort));
        return Server.StartSilo([.. Clustering(redis), .. settings]);
    }

    /// <summary>A port to listen on behind a gate at this one.</summary>
    private int Gated(int port)
    {
        var behind = FreePort();
        Gates.Add(new Gate(port, behind));
        return behind;
    }

    private Task<Server> NewNode() => Server.Start([.. Clustering(_redisPort), "--Ephemeral:Silo=external", "--Ephemeral:DrainTime=00:00:08"]);

    private static string[] Clustering(int redisPort) =>
    [
        "--Orleans:Clustering:ProviderType=Redis", $"--Orleans:Clustering:ConnectionString=127.0.0.1:{redisPort}",
        "--Orleans:ClusterId=chaos", "--Orleans:ServiceId=chaos",
    ];

    private static Process Run(string program, params string[] arguments) =>
        Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })
        ?? throw new InvalidOperationException($"{program} did not start.");

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}

/// <summary>What can be cut in a cluster. <see cref="FirstSilo"/> is meant for two silos.</summary>
internal enum Ways
{
    None,
    Gateways,
    FirstSilo,
}
