using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Ephemeral.Bench;

/// <summary>The npm program <c>piping-server</c>, to measure beside: it passes an HTTP request's body on as another one's answer, and looks at none of it.</summary>
internal sealed class PipingServer : IDisposable
{
    private const string Package = "piping-server@1.12.9";

    private readonly Process _process;
    private readonly Uri _address;
    private readonly HttpClient _sender = new() { Timeout = TimeSpan.FromMinutes(2) };
    private readonly HttpClient _receiver = new() { Timeout = TimeSpan.FromMinutes(2) };

    private PipingServer(Process process, Uri address) => (_process, _address) = (process, address);

    /// <summary>CPU seconds used so far.</summary>
    public double CpuSeconds
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime.TotalSeconds;
        }
    }

    /// <summary>Installs it for this run and starts it; null with the reason where that can't be done.</summary>
    public static async Task<(PipingServer? Server, string Why)> Start()
    {
        try
        {
            var folder = Path.Combine(AppContext.BaseDirectory, "piping-server");
            var program = Path.Combine(folder, "node_modules", ".bin", "piping-server");
            if (!File.Exists(program))
            {
                Directory.CreateDirectory(folder);
                using var npm = Process.Start(new ProcessStartInfo("npm", ["install", "--prefix", folder, "--no-save", "--no-audit", "--no-fund", Package])
                {
                    RedirectStandardOutput = true,
                    RedirectStandardError = true,
                    WorkingDirectory = folder,
                })!;
                _ = npm.StandardOutput.ReadToEndAsync();
                var said = await npm.StandardError.ReadToEndAsync();
                await npm.WaitForExitAsync();
                if (npm.ExitCode != 0)
                    return (null, $"npm could not install it: {said.Split('\n')[0]}");
            }
            var port = FreePort();
            var process = Process.Start(new ProcessStartInfo("node", [program, "--host=127.0.0.1", $"--http-port={port}"])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
            var server = new PipingServer(process, new Uri($"http://127.0.0.1:{port}"));
            for (var tries = 0; !await server.IsUp(); tries++)
            {
                if (tries == 100)
                    return (null, "it did not start");
                await Task.Delay(100);
            }
            return (server, "");
        }
        catch (Exception e) when (e is System.ComponentModel.Win32Exception)
        {
            return (null, "node and npm are needed for it");
        }
    }

    /// <summary>Sends the bytes through it; the time from the request for them to the last one.</summary>
    public async Task<TimeSpan> Pass(byte[][] parts)
    {
        var path = new Uri(_address, $"/{Guid.NewGuid():N}");
        var start = Stopwatch.GetTimestamp();
        var answer = _receiver.GetAsync(path, HttpCompletionOption.ResponseHeadersRead);
        using var content = new PartsContent(parts);
        var sending = _sender.PutAsync(path, content);
        await using var stream = await (await answer).Content.ReadAsStreamAsync();
        var buffer = new byte[256 << 10];
        long all = 0;
        for (int count; (count = await stream.ReadAsync(buffer)) > 0;)
            all += count;
        var time = Stopwatch.GetElapsedTime(start);
        (await sending).Dispose();
        return all == parts.Sum(part => (long)part.Length) ? time : throw new InvalidOperationException("piping-server lost something.");
    }

    /// <summary>
    /// Sends a few bytes through it, sender and receiver each on a connection opened for this; the time from before the receiver's is opened
    /// to the bytes in hand. The sender waits already, as a page's holder does.
    /// </summary>
    public async Task<TimeSpan> PassOnce(byte[] bytes)
    {
        var path = $"/{Guid.NewGuid():N}";
        using var sender = await Request($"PUT {path} HTTP/1.1\r\nHost: {_address.Authority}\r\nContent-Length: {bytes.Length}\r\nConnection: close\r\n\r\n", bytes);
        // It says something as soon as it has the request.
        var buffer = new byte[bytes.Length + 4096];
        await sender.ReceiveAsync(buffer.AsMemory());
        var start = Stopwatch.GetTimestamp();
        using var receiver = await Request($"GET {path} HTTP/1.1\r\nHost: {_address.Authority}\r\nConnection: close\r\n\r\n", []);
        var length = 0;
        for (int count; (count = await receiver.ReceiveAsync(buffer.AsMemory(length))) > 0 && buffer.AsSpan(0, length += count).IndexOf(bytes) < 0;)
        {
        }
        var time = Stopwatch.GetElapsedTime(start);
        return buffer.AsSpan(0, length).IndexOf(bytes) >= 0 ? time : throw new InvalidOperationException("piping-server lost something.");
    }

    public void Dispose()
    {
        _process.Kill(entireProcessTree: true);
        _process.Dispose();
        _sender.Dispose();
        _receiver.Dispose();
    }

    private async Task<Socket> Request(string head, byte[] body)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(_address.Host, _address.Port);
        await socket.SendAsync((byte[])[.. Encoding.ASCII.GetBytes(head), .. body]);
        return socket;
    }

    private async Task<bool> IsUp()
    {
        try
        {
            return (await _receiver.GetAsync(new Uri(_address, "/version"))).IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private sealed class PartsContent(byte[][] parts) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            foreach (var part in parts)
                await stream.WriteAsync(part);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = parts.Sum(part => (long)part.Length);
            return true;
        }
    }
}
