using System.Collections.Concurrent;
using System.Diagnostics;

namespace Ephemeral.Bench;

/// <summary>A relay that people know, on the same machine in the same run: what it does of what we do.</summary>
internal static class Peer
{
    private const int Workers = 32;

    public static async Task Run(Report report, bool isShort)
    {
        report.Begin("peer",
            $"piping-server from npm beside us, new connections for each transfer on both sides; 1 KiB: who has it waits, milliseconds from before the other one's connection is opened to the content; 4 KiB: {Workers} workers; ours checks hashes and counts besides. 64 MiB stands under big-page",
            "what", "times", "median ms", "p95", "p99", "a second", "server CPU ms each", "own CPU ms each", "limit");
        var (piping, why) = await PipingServer.Start();
        using var _ = piping;
        if (piping is null)
        {
            Console.Error.WriteLine($"piping-server: {why}");
            return;
        }
        await using var site = await Site.OneProcess();
        var (few, time) = isShort ? (50, TimeSpan.FromSeconds(2)) : (500, TimeSpan.FromSeconds(10));
        var (ours, theirs) = (new List<double>(), new List<double>());
        // In turns, so that what else the machine does falls on both alike; the first ones warm up.
        for (var round = -few / 5; round < few; round++)
        {
            if (round == 0)
                (ours, theirs) = ([], []);
            ours.Add((await Pass(site.First, BenchVisitor.Blob(1 << 10))).TotalMilliseconds);
            theirs.Add((await piping.PassOnce(BenchVisitor.Blob(1 << 10).Frame)).TotalMilliseconds);
        }
        Row("1 KiB, ours", ours, null);
        Row("1 KiB, piping-server", theirs, null);

        foreach (var isOurs in new[] { true, false })
        {
            Task<TimeSpan> Once() => isOurs ? Pass(site.First, BenchVisitor.Blob(4 << 10)) : piping.PassOnce(BenchVisitor.Blob(4 << 10).Frame);
            await Work(Once, time / 3);
            var times = new ConcurrentBag<double>();
            var cost = await Cost.Of(() => isOurs ? site.CpuSeconds : piping.CpuSeconds, async () => times = await Work(Once, time));
            Row(isOurs ? "4 KiB, ours" : "4 KiB, piping-server", [.. times], cost);
        }

        void Row(string what, List<double> times, Cost? cost)
        {
            times.Sort();
            report.Row(("what", what), ("times", times.Count), ("median_ms", Report.At(times, 0.5)), ("p95_ms", Report.At(times, 0.95)), ("p99_ms", Report.At(times, 0.99)),
                ("per_s", cost is null ? "" : Math.Round(times.Count * 1000 / cost.Ms)), ("server_cpu_ms", cost is null ? "" : Math.Round(cost.ServerCpu * 1000 / times.Count, 2)),
                ("own_cpu_ms", cost is null ? "" : Math.Round(cost.OwnCpu * 1000 / times.Count, 2)), ("limit", cost?.Limit ?? ""));
        }
    }

    // One makes a page and waits; the other comes and has it.
    private static async Task<TimeSpan> Pass(Uri node, (string Page, byte[] Frame) blob)
    {
        using var holder = new BenchVisitor();
        await holder.Connect(node);
        await holder.BecomeHolder(blob.Page, blob.Frame);
        var start = Stopwatch.GetTimestamp();
        using var visitor = new BenchVisitor();
        await visitor.Connect(node);
        await visitor.Say("want", blob.Page);
        await visitor.ReceiveBlob(blob.Page).WaitAsync(TimeSpan.FromSeconds(30));
        return Stopwatch.GetElapsedTime(start);
    }

    private static async Task<ConcurrentBag<double>> Work(Func<Task<TimeSpan>> once, TimeSpan time)
    {
        var times = new ConcurrentBag<double>();
        var start = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, Workers).Select(_ => Task.Run(async () =>
        {
            while (Stopwatch.GetElapsedTime(start) < time)
                times.Add((await once()).TotalMilliseconds);
        })));
        return times;
    }
}
