using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Ephemeral.Tests;

/// <summary>A wire between browsers and the server that can be cut and mended.</summary>
public sealed class BrowserProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentDictionary<Socket, bool> _open = new();
    private readonly Uri _server;
    private volatile bool _cut;
    private int _connections;

    private BrowserProxy(Uri server) => _server = server;

    public Uri Address => new($"http://{_listener.LocalEndpoint}/");

    public static Task<BrowserProxy> To(Uri server)
    {
        var proxy = new BrowserProxy(server);
        proxy._listener.Start();
        _ = proxy.Accept();
        return Task.FromResult(proxy);
    }

    /// <summary>How many there have been.</summary>
    public int Connections => _connections;

    /// <summary>Ends every connection, and each new one at once.</summary>
    public void Cut()
    {
        _cut = true;
        foreach (var socket in _open.Keys) socket.Close(0);
    }

    public void Mend() => _cut = false;

    public ValueTask DisposeAsync()
    {
        _listener.Stop();
        Cut();
        return ValueTask.CompletedTask;
    }

    private async Task Accept()
    {
        try
        {
            while (true) _ = Forward(await _listener.AcceptSocketAsync());
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Stopped.
        }
    }

    private async Task Forward(Socket browser)
    {
        using var server = new Socket(SocketType.Stream, ProtocolType.Tcp);
        using (browser)
        {
            _open[browser] = _open[server] = true;
            Interlocked.Increment(ref _connections);
            try
            {
                // Looked at after it is on the list: a cut finds it on the list or is seen here.
                if (_cut) return;
                await server.ConnectAsync(_server.Host, _server.Port);
                using var up = new NetworkStream(browser);
                using var down = new NetworkStream(server);
                await Task.WhenAny(up.CopyToAsync(down), down.CopyToAsync(up));
            }
            catch (Exception e) when (e is SocketException or IOException or ObjectDisposedException)
            {
                // Cut.
            }
            finally
            {
                _open.TryRemove(browser, out _);
                _open.TryRemove(server, out _);
            }
        }
    }
}
