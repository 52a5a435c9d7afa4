using System.Diagnostics;
using System.Net.Http.Headers;

namespace Ephemeral.Bench;

/// <summary>The published program, from its start to the first page served.</summary>
internal static class Startup
{
    public static async Task Run(Report report, bool isShort)
    {
        report.Begin("startup",
            "the web node with its silo, published as for an image; from the start of the process to the home page, and to a page that one visitor holds and another one has; medians; resident memory after 10 s of rest",
            "starts", "home page ms", "a page ms", "MiB at rest", "CPU s to then");
        var folder = Directory.CreateTempSubdirectory("ephemeral-start-").FullName;
        try
        {
            await Publish(folder);
            var starts = new List<(double Home, double Page, double MiB, double Cpu)>();
            // The first start reads the files from the disk.
            for (var i = isShort ? 0 : -1; i < (isShort ? 1 : 5); i++)
            {
                var start = Stopwatch.GetTimestamp();
                await using var server = await Server.StartPublished(Path.Combine(folder, "Ephemeral.Web"));
                using var http = new HttpClient { DefaultRequestHeaders = { Accept = { new MediaTypeWithQualityHeaderValue("text/html") } } };
                (await http.GetAsync(server.Address)).EnsureSuccessStatusCode();
                var home = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
                await Pass(server.Address);
                var page = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
                await Task.Delay(TimeSpan.FromSeconds(10));
                if (i >= 0)
                    starts.Add((home, page, server.MiB, server.CpuSeconds));
            }
            report.Row(("starts", starts.Count), ("home_ms", Math.Round(Median(starts.Select(one => one.Home)))), ("page_ms", Math.Round(Median(starts.Select(one => one.Page)))),
                ("mib", Math.Round(Median(starts.Select(one => one.MiB)))), ("cpu_s", Math.Round(Median(starts.Select(one => one.Cpu)), 2)));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static double Median(IEnumerable<double> values) => Report.At([.. values.Order()], 0.5);

    private static async Task Pass(Uri server)
    {
        var (page, frame) = BenchVisitor.Blob(1 << 10);
        using var holder = new BenchVisitor();
        await holder.Connect(server);
        _ = holder.Hold(page, frame);
        using var visitor = new BenchVisitor();
        await visitor.Connect(server);
        await visitor.Say("want", page);
        await visitor.ReceiveBlob(page).WaitAsync(TimeSpan.FromSeconds(30));
    }

    private static async Task Publish(string to)
    {
        var project = AppContext.BaseDirectory[..AppContext.BaseDirectory.IndexOf(Path.Combine("bench", "Ephemeral.Bench"), StringComparison.Ordinal)] + "Ephemeral.Web";
        var start = new ProcessStartInfo("dotnet", ["publish", project, "-c", "Release", "-r", "linux-x64", "--self-contained", "-o", to, "-v", "quiet", "--nologo"])
        {
            RedirectStandardOutput = true,
        };
        using var publish = Process.Start(start)!;
        var said = await publish.StandardOutput.ReadToEndAsync();
        await publish.WaitForExitAsync();
        if (publish.ExitCode != 0)
            throw new InvalidOperationException($"The program could not be published: {said}");
    }
}
