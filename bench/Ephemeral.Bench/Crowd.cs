using System.Diagnostics;

namespace Ephemeral.Bench;

/// <summary>Many visitors within one second on a page that one visitor holds.</summary>
internal static class Crowd
{
    private const int Bytes = 64 << 10;

    public static async Task Run(Report report, bool isShort)
    {
        report.Begin("crowd",
            "visitors arrive at random moments of one second, want a 64 KiB page with one holder, check it, and hold it; wait is from before the socket is opened",
            "visitors", "got it", "uploads of first", "uploads of all", "median ms", "p99 ms", "max ms", "server CPU s", "peak MiB", "own CPU s");
        foreach (var visitors in isShort ? [500] : new[] { 100, 500, 2000 })
            await Measure(report, visitors);
    }

    private static async Task Measure(Report report, int count)
    {
        await using var server = await Server.Start();
        // A small crowd beforehand, so that a cold start is not what is measured.
        await Visit(server, count: 20, new Random(0));

        var (serverCpu, ownCpu) = (server.CpuSeconds, Process.GetCurrentProcess().TotalProcessorTime.TotalSeconds);
        var (waits, first, all) = await Visit(server, count, new Random(1));
        serverCpu = server.CpuSeconds - serverCpu;
        ownCpu = Process.GetCurrentProcess().TotalProcessorTime.TotalSeconds - ownCpu;

        report.Row(("visitors", count), ("got", waits.Count), ("uploads_first", first), ("uploads_all", all), ("median_ms", Report.At(waits, 0.5)),
            ("p99_ms", Report.At(waits, 0.99)), ("max_ms", Report.At(waits, 1)), ("server_cpu_s", Math.Round(serverCpu, 2)),
            ("peak_mib", Math.Round(server.PeakMiB)), ("own_cpu_s", Math.Round(ownCpu, 2)));
        report.Promise(waits.Count == count, "everybody has the page");
        report.Promise(count > 500 || first <= 2, "of 500, the first holder serves the crowd with at most two uploads beside its proof");
    }

    private static async Task<(List<double> Waits, int First, int All)> Visit(Server server, int count, Random random)
    {
        var (page, frame) = BenchVisitor.Blob(Bytes);
        using var holder = new BenchVisitor();
        await holder.Connect(server.Address);
        var proven = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _ = holder.Hold(page, frame, proven);
        await proven.Task.WaitAsync(TimeSpan.FromSeconds(30));
        var proofs = holder.Uploads;

        var visitors = Enumerable.Range(0, count).Select(_ => new BenchVisitor()).ToList();
        var waits = await Task.WhenAll(visitors.Select(async visitor =>
        {
            await Task.Delay(random.Next(1000));
            var start = Stopwatch.GetTimestamp();
            await visitor.Connect(server.Address);
            await visitor.Say("want", page);
            await visitor.ReceiveBlob(page).WaitAsync(TimeSpan.FromSeconds(60));
            var wait = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            _ = visitor.Hold(page, frame);
            return wait;
        }));
        var (first, all) = (holder.Uploads - proofs, holder.Uploads - proofs + visitors.Sum(visitor => visitor.Uploads));
        visitors.ForEach(visitor => visitor.Dispose());
        return ([.. waits.Order()], first, all);
    }
}
