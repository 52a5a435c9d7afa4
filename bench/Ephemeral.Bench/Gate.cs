using System.Net;
using System.Net.Sockets;

namespace Ephemeral.Bench;

/// <summary>A way to a process that can be cut: then bytes go nowhere and nobody is told, as when a cable is pulled.</summary>
internal sealed class Gate : IDisposable
{
    private readonly TcpListener _listener;
    private readonly IPEndPoint _to;
    private readonly List<(TcpClient From, TcpClient To)> _ways = [];
    private readonly Lock _gate = new();
    private int _kept;
    private volatile bool _cut;

    public Gate(int port, int toPort)
    {
        (_listener, _to) = (new TcpListener(IPAddress.Loopback, port), new IPEndPoint(IPAddress.Loopback, toPort));
        _listener.Start();
        _ = Accept();
    }

    /// <summary>The connections that there are now will not be cut.</summary>
    public void KeepThese()
    {
        lock (_gate)
            _kept = _ways.Count;
    }

    /// <summary>Cuts all connections that came later, and all that will come; answers how many there are.</summary>
    public int Cut()
    {
        _cut = true;
        lock (_gate)
            return _ways.Skip(_kept).Count(way => way.From.Connected);
    }

    /// <summary>Lets new connections through; those that were cut are gone.</summary>
    public void Heal()
    {
        lock (_gate)
            foreach (var (from, to) in _ways.Skip(_kept))
            {
                from.Dispose();
                to.Dispose();
            }
        _cut = false;
    }

    public void Dispose()
    {
        _listener.Dispose();
        lock (_gate)
            _ways.ForEach(way => { way.From.Dispose(); way.To.Dispose(); });
    }

    private async Task Accept()
    {
        try
        {
            while (true)
            {
                var (from, to) = (await _listener.AcceptTcpClientAsync(), new TcpClient());
                int number;
                lock (_gate)
                {
                    number = _ways.Count;
                    _ways.Add((from, to));
                }
                _ = Carry(from, to, number);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Disposed.
        }
    }

    private async Task Carry(TcpClient from, TcpClient to, int number)
    {
        try
        {
            await to.ConnectAsync(_to);
            await Task.WhenAny(Pump(from.GetStream(), to.GetStream(), number), Pump(to.GetStream(), from.GetStream(), number));
        }
        catch (Exception e) when (e is SocketException or IOException or ObjectDisposedException or InvalidOperationException)
        {
            // One of the two has gone.
        }
        from.Dispose();
        to.Dispose();
    }

    private async Task Pump(NetworkStream from, NetworkStream to, int number)
    {
        var buffer = new byte[64 << 10];
        try
        {
            while (await from.ReadAsync(buffer) is > 0 and var count)
                if (!_cut || number < _kept)
                    await to.WriteAsync(buffer.AsMemory(0, count));
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // One of the two has gone.
        }
    }
}
