using System.Net;
using System.Net.Sockets;

namespace Ephemeral.Tests;

/// <summary>Ports for programs that have to be told theirs.</summary>
internal static class TestPorts
{
    /// <summary>So many different ports on loopback that nobody listens at.</summary>
    public static int[] Free(int count)
    {
        var listeners = Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Loopback, 0)).ToList();
        listeners.ForEach(listener => listener.Start());
        var ports = listeners.Select(listener => ((IPEndPoint)listener.LocalEndpoint).Port).ToArray();
        listeners.ForEach(listener => listener.Dispose());
        return ports;
    }
}
