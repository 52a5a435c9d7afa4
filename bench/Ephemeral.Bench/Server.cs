using System.Diagnostics;
using System.Globalization;

namespace Ephemeral.Bench;

/// <summary>The built server, as a process of its own with an embedded silo.</summary>
internal sealed class Server : IAsyncDisposable
{
    private const string Opened = "Ephemeral is open at ";
    private readonly Process _process;

    private Server(Process process, Uri address) => (_process, Address) = (process, address);

    public Uri Address { get; }

    /// <summary>CPU seconds used so far, the time in the kernel included.</summary>
    public double CpuSeconds
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime.TotalSeconds;
        }
    }

    /// <summary>The most memory that was resident so far, in MiB.</summary>
    public double PeakMiB
    {
        get
        {
            _process.Refresh();
            return _process.PeakWorkingSet64 / 1048576.0;
        }
    }

    public static async Task<Server> Start()
    {
        var dll = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory.Replace(
            Path.Combine("bench", "Ephemeral.Bench"), "Ephemeral.Web", StringComparison.Ordinal), "Ephemeral.Web.dll"));
        var start = new ProcessStartInfo("dotnet", [dll, "--urls=http://127.0.0.1:0", "--Logging:LogLevel:Ephemeral=Information"])
        {
            RedirectStandardOutput = true,
            WorkingDirectory = Path.GetDirectoryName(dll)!,
        };
        var process = Process.Start(start) ?? throw new InvalidOperationException($"dotnet {dll} did not start.");
        var opened = new TaskCompletionSource<Uri>(TaskCreationOptions.RunContinuationsAsynchronously);
        process.OutputDataReceived += (_, line) =>
        {
            if (line.Data?.IndexOf(Opened, StringComparison.Ordinal) is >= 0 and var at)
                opened.TrySetResult(new Uri(line.Data[(at + Opened.Length)..].Trim()));
        };
        process.BeginOutputReadLine();
        return new Server(process, await opened.Task.WaitAsync(TimeSpan.FromSeconds(60)));
    }

    public async ValueTask DisposeAsync()
    {
        // Asked as an operator would; killed only if it does not go.
        using (var kill = Process.Start("kill", ["-TERM", _process.Id.ToString(CultureInfo.InvariantCulture)]))
            await kill.WaitForExitAsync();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        try
        {
            await _process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            _process.Kill();
        }
        _process.Dispose();
    }
}
