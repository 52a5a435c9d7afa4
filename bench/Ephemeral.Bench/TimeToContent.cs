using System.Diagnostics;

namespace Ephemeral.Bench;

/// <summary>How long a visitor waits for a page that somebody holds.</summary>
internal static class TimeToContent
{
    public static async Task Run(Report report, bool isShort)
    {
        report.Begin("time-to-content",
            "one visitor after the other, from before the socket is opened to verified content in hand, after six times as many that warm up; one process; milliseconds",
            [.. Columns("bytes")]);
        foreach (var bytes in new[] { 1 << 10, 64 << 10, 1 << 20 })
            foreach (var holders in isShort ? [1] : new[] { 1, 10, 100 })
            {
                await using var site = await Site.OneProcess();
                await Measure(report, site, ("bytes", bytes), bytes, holders, visits: isShort ? 50 : 500);
            }
    }

    public static IEnumerable<string> Columns(string first) =>
        [first, "holders", "visits", "median", "p95", "p99", "max", "connect", "server CPU ms a visit", "own CPU ms a visit"];

    /// <summary>Holders are on the first web node, visitors come to the last; answers the median in milliseconds.</summary>
    public static async Task<double> Measure(Report report, Site site, (string, object) first, int bytes, int holders, int visits)
    {
        var (page, frame) = BenchVisitor.Blob(bytes);
        var holding = new List<BenchVisitor>();
        for (var i = 0; i < holders; i++)
        {
            var holder = new BenchVisitor();
            holding.Add(holder);
            await holder.Connect(site.First);
            await holder.BecomeHolder(page, frame);
        }

        var (times, connects) = (new List<double>(visits), new List<double>(visits));
        await Visit(site.Last, page, visits * 6, [], []);
        var cost = await Cost.Of(() => site.CpuSeconds, () => Visit(site.Last, page, visits, times, connects));
        times.Sort();
        connects.Sort();
        report.Row(first, ("holders", holders), ("visits", visits), ("median_ms", Report.At(times, 0.5)), ("p95_ms", Report.At(times, 0.95)),
            ("p99_ms", Report.At(times, 0.99)), ("max_ms", Report.At(times, 1)), ("connect_ms", Report.At(connects, 0.5)),
            ("server_cpu_ms", Math.Round(cost.ServerCpu * 1000 / visits, 2)), ("own_cpu_ms", Math.Round(cost.OwnCpu * 1000 / visits, 2)));
        holding.ForEach(holder => holder.Dispose());
        return Report.At(times, 0.5);
    }

    private static async Task Visit(Uri node, string page, int visits, List<double> times, List<double> connects)
    {
        for (var i = 0; i < visits; i++)
        {
            using var visitor = new BenchVisitor();
            var start = Stopwatch.GetTimestamp();
            await visitor.Connect(node);
            connects.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            await visitor.Say("want", page);
            await visitor.ReceiveBlob(page);
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }
    }
}
