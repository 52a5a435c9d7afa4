using System.Diagnostics;
using System.Globalization;

namespace Ephemeral.Bench;

/// <summary>One of our programs, as built beside this one, in a process of its own.</summary>
internal sealed class Server : IAsyncDisposable
{
    private const string NodeIsOpen = "Ephemeral is open at ";
    private const string AnyPort = "--urls=http://127.0.0.1:0";

    private readonly Process _process;

    private Server(Process process, Uri address) => (_process, Address) = (process, address);

    public Uri Address { get; }

    public bool HasExited => _process.HasExited;

    /// <summary>0 when it ended as it should; only once it has.</summary>
    public int ExitCode => _process.ExitCode;

    /// <summary>It has been stopped by a signal, and does nothing until it is continued.</summary>
    public bool Hangs => File.ReadAllText($"/proc/{_process.Id}/stat") is var stat && stat[stat.LastIndexOf(')') + 2] == 'T';

    /// <summary>CPU seconds used so far, the time in the kernel included.</summary>
    public double CpuSeconds
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime.TotalSeconds;
        }
    }

    /// <summary>The memory that is resident now, in MiB.</summary>
    public double MiB
    {
        get
        {
            _process.Refresh();
            return _process.WorkingSet64 / 1048576.0;
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

    /// <summary>Starts a web node, with an embedded silo unless the settings say otherwise, and waits until it is open.</summary>
    public static Task<Server> Start(params string[] settings) => Start("Ephemeral.Web", NodeIsOpen, settings);

    /// <summary>The same of a web node that was published.</summary>
    public static Task<Server> StartPublished(string program) => Start(NodeIsOpen, Path.GetDirectoryName(program)!, program, [AnyPort]);

    /// <summary>Starts a silo and waits until it is part of its cluster.</summary>
    public static Task<Server> StartSilo(params string[] settings) => Start("Ephemeral.Silo", "Now listening on: ", settings);

    /// <summary>Sends the process a signal, such as <c>KILL</c>, <c>TERM</c>, <c>STOP</c> or <c>CONT</c>, if it still runs.</summary>
    public async Task Signal(string name)
    {
        if (_process.HasExited)
            return;
        using var kill = Process.Start("kill", [$"-{name}", _process.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
    }

    /// <summary>True when the process ended by itself in that time.</summary>
    public async Task<bool> Exits(TimeSpan within)
    {
        using var limit = new CancellationTokenSource(within);
        try
        {
            await _process.WaitForExitAsync(limit.Token);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    // Asked as an operator would; killed only if it does not go.
    public async ValueTask DisposeAsync()
    {
        await Signal("CONT");
        await Signal("TERM");
        if (!await Exits(TimeSpan.FromSeconds(20)))
            _process.Kill();
        _process.Dispose();
    }

    private static Task<Server> Start(string project, string opened, string[] settings)
    {
        var folder = AppContext.BaseDirectory.Replace(Path.Combine("bench", "Ephemeral.Bench"), project, StringComparison.Ordinal);
        return Start(opened, folder, "dotnet", [Path.Combine(folder, project + ".dll"), AnyPort, .. settings]);
    }

    private static async Task<Server> Start(string opened, string folder, string program, string[] arguments)
    {
        // What is started in the background of a script ignores Ctrl-C, and so would its children.
        string[] listening = OperatingSystem.IsLinux() ? ["--default-signal=INT", program] : [];
        var start = new ProcessStartInfo(OperatingSystem.IsLinux() ? "env" : program, [.. listening, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder,
        };
        var process = Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start.");
        var address = new TaskCompletionSource<Uri>(TaskCreationOptions.RunContinuationsAsynchronously);
        process.OutputDataReceived += (_, line) =>
        {
            if (line.Data?.IndexOf(opened, StringComparison.Ordinal) is >= 0 and var at)
                address.TrySetResult(new Uri(line.Data[(at + opened.Length)..].Trim()));
        };
        process.BeginOutputReadLine();
        // A silo that was taken for dead says so at length when it ends itself.
        process.BeginErrorReadLine();
        return new Server(process, await address.Task.WaitAsync(TimeSpan.FromSeconds(60)));
    }
}
