using System.ComponentModel;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Xunit;

namespace Ephemeral.Tests;

/// <summary>A test with a real Redis. Where there is none it says so and is skipped; on CI it runs all the same, and so fails.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RedisFactAttribute : FactAttribute
{
    public RedisFactAttribute() => Skip = Redis.WhyNot;
}

/// <summary>A Redis of the test's own on a free loopback port, without a disk.</summary>
public sealed class Redis : IDisposable
{
    private readonly Process _process;

    private Redis(Process process, int port) => (_process, Port) = (process, port);

    public static string? WhyNot { get; } = Find();

    public int Port { get; }

    public static async Task<Redis> Start(int port = 0)
    {
        if (port == 0)
        {
            using var listener = new TcpListener(IPAddress.Loopback, 0);
            listener.Start();
            port = ((IPEndPoint)listener.LocalEndpoint).Port;
        }
        var redis = new Redis(Run("--port", $"{port}", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"), port);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (true)
        {
            try
            {
                using var probe = new TcpClient();
                await probe.ConnectAsync(IPAddress.Loopback, port, limit.Token);
                return redis;
            }
            catch (SocketException)
            {
                await Task.Delay(20, limit.Token);
            }
        }
    }

    /// <summary>Killed, as a machine's end would; what it knew is gone.</summary>
    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }

    private static Process Run(params string[] arguments) => Process.Start(
        new ProcessStartInfo("redis-server", arguments) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = Path.GetTempPath() })!;

    private static string? Find()
    {
        if (Environment.GetEnvironmentVariable("CI") == "true")
            return null;
        try
        {
            using var version = Run("--version");
            version.WaitForExit();
            return null;
        }
        catch (Win32Exception)
        {
            return "There is no redis-server on the PATH.";
        }
    }
}
