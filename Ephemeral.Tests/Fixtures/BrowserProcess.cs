using System.Diagnostics;
using System.Globalization;
using System.Text;
using Microsoft.Playwright;

namespace Ephemeral.Tests;

/// <summary>A Chromium of its own, on a directory of its own, that can be killed.</summary>
public sealed class BrowserProcess : IAsyncDisposable
{
    private readonly Process _process;

    private BrowserProcess(Process process, IBrowser browser) => (_process, Browser) = (process, browser);

    public IBrowser Browser { get; }

    public static async Task<BrowserProcess> Start(IPlaywright playwright, string directory)
    {
        var (process, address) = await Launch(directory);
        try
        {
            return new BrowserProcess(process, await playwright.Chromium.ConnectOverCDPAsync(address));
        }
        catch
        {
            await End(process);
            throw;
        }
    }

    /// <summary>Starts it; where it can be spoken to by the DevTools protocol.</summary>
    internal static async Task<(Process Process, string Address)> Launch(string directory)
    {
        var portFile = Path.Combine(directory, "DevToolsActivePort");
        File.Delete(portFile);
        var start = new ProcessStartInfo(BrowserStage.Chromium) { RedirectStandardError = true, RedirectStandardOutput = true };
        string[] arguments = [.. BrowserStage.Arguments, "--headless", "--remote-debugging-port=0", $"--user-data-dir={directory}", "--password-store=basic", "--use-mock-keychain"];
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        var process = Process.Start(start)!;
        var listening = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, line) =>
        {
            const string Listening = "DevTools listening on ";
            if (line.Data is null) listening.TrySetException(new InvalidOperationException("Chromium has ended before it listened."));
            else if (line.Data.StartsWith(Listening, StringComparison.Ordinal)) listening.TrySetResult(line.Data[Listening.Length..]);
        };
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
        try
        {
            return (process, await listening.Task.WaitAsync(TimeSpan.FromSeconds(60)));
        }
        catch
        {
            await End(process);
            throw;
        }
    }

    /// <summary>The one person at this browser, at its first tab.</summary>
    public async Task<BrowserPerson> Person(string name, Uri site)
    {
        var context = Browser.Contexts[0];
        context.SetDefaultTimeout((float)BrowserStage.Patience.TotalMilliseconds);
        return BrowserPerson.At(context.Pages.Count > 0 ? context.Pages[0] : await context.NewPageAsync(), name, site);
    }

    /// <summary>Nothing of the browser runs any more, as on a device that sleeps, until it is woken.</summary>
    public Task Sleep() => Signal("-STOP");

    public Task Wake() => Signal("-CONT");

    /// <summary>kill -9, and of its children too: nothing can be written any more.</summary>
    public Task Kill() => End(_process);

    public async ValueTask DisposeAsync()
    {
        await End(_process);
        _process.Dispose();
    }

    /// <summary>Files below the directory that have the text in them, in any way that a browser writes text.</summary>
    public static async Task<List<string>> FilesWith(string directory, string text)
    {
        Encoding[] encodings = [Encoding.UTF8, Encoding.Unicode, Encoding.BigEndianUnicode];
        var found = new List<string>();
        foreach (var file in Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories))
        {
            byte[] bytes;
            try
            {
                bytes = await File.ReadAllBytesAsync(file);
            }
            catch (IOException)
            {
                continue; // deleted or replaced meanwhile
            }

            if (Array.Exists(encodings, encoding => bytes.AsSpan().IndexOf(encoding.GetBytes(text)) >= 0)) found.Add(Path.GetRelativePath(directory, file));
        }

        return found;
    }

    /// <summary>Waits until the browser has written the text to its directory.</summary>
    public static async Task<List<string>> Written(string directory, string text, string within)
    {
        var waited = Stopwatch.StartNew();
        using var look = new PeriodicTimer(TimeSpan.FromMilliseconds(200));
        while (await look.WaitForNextTickAsync())
        {
            var found = (await FilesWith(directory, text)).FindAll(file => file.Contains(within, StringComparison.Ordinal));
            if (found.Count > 0) return found;
            if (waited.Elapsed > BrowserStage.Patience) throw new TimeoutException($"Chromium has not written '{text}' within {within} in {BrowserStage.Patience.TotalSeconds} s.");
        }

        throw new InvalidOperationException("The timer never ends.");
    }

    private async Task Signal(string signal)
    {
        var parents = new Dictionary<int, int>();
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
            if (int.TryParse(Path.GetFileName(folder), out var id) && await ParentOf(folder) is { } parent) parents[id] = parent;
        List<int> tree = [_process.Id];
        for (var i = 0; i < tree.Count; i++) tree.AddRange(parents.Where(of => of.Value == tree[i]).Select(of => of.Key));
        using var kill = Process.Start("kill", [signal, .. tree.Select(id => $"{id}")]);
        await kill.WaitForExitAsync();
    }

    private static async Task<int?> ParentOf(string folder)
    {
        try
        {
            // pid (name) state parent …, and a name may have anything in it.
            var stat = await File.ReadAllTextAsync(Path.Combine(folder, "stat"));
            return int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[1], CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // It has ended meanwhile.
        }
    }

    internal static async Task End(Process process)
    {
        if (!process.HasExited) process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync().WaitAsync(BrowserStage.Patience);
    }
}
