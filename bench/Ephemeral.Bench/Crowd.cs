using System.Diagnostics;

namespace Ephemeral.Bench;

/// <summary>Many visitors within one second on a page that one visitor holds.</summary>
internal static class Crowd
{
    private const int Bytes = 64 << 10;
    private const int Warm = 300;

    public static async Task Run(Report report, bool isShort)
    {
        report.Begin("crowd",
            $"visitors arrive at random moments of one second, want a 64 KiB page with one holder, check it, and hold it; one process, after a crowd of {Warm}; wait is from before the socket is opened, behind is from the last one's arrival",
            [.. Columns("visitors")]);
        foreach (var visitors in isShort ? [500] : new[] { 100, 500, 2000 })
        {
            await using var site = await Site.OneProcess();
            await Measure(report, site, ("visitors", visitors), visitors);
        }
    }

    public static IEnumerable<string> Columns(string first) =>
        [first, "got it", "hold it", "uploads of first", "median ms", "p99 ms", "max ms", "has it s behind", "holds it s behind", "sent / ideal", "server CPU s", "own CPU s", "grew MiB", "limit"];

    public static async Task Measure(Report report, Site site, (string, object) first, int count)
    {
        await Visit(site, Warm, new Random(0));

        var before = site.MiB;
        Visits? visits = null;
        var cost = await Cost.Of(() => site.CpuSeconds, async () => visits = await Visit(site, count, new Random(1)));
        var (waits, holding, uploads, hasBehind, holdsBehind, sent) = visits!;
        report.Row(first, ("got", waits.Count), ("hold", holding), ("uploads_first", uploads), ("median_ms", Report.At(waits, 0.5)),
            ("p99_ms", Report.At(waits, 0.99)), ("max_ms", Report.At(waits, 1)), ("has_s_behind", Math.Round(hasBehind, 2)), ("holds_s_behind", Math.Round(holdsBehind, 2)),
            ("sent_to_ideal", Math.Round(sent, 3)), ("server_cpu_s", Math.Round(cost.ServerCpu, 2)), ("own_cpu_s", Math.Round(cost.OwnCpu, 2)),
            ("grew_mib", Math.Round(site.PeakMiB - before)), ("limit", cost.Limit));
        report.Promise(waits.Count == count && holding == count, "everybody has the page and holds it");
        report.Promise(uploads <= 2 * site.Nodes.Count, "the first holder serves the crowd with at most two uploads for each web node, beside its proof");
    }

    private static async Task<Visits> Visit(Site site, int count, Random random)
    {
        var (page, frame) = BenchVisitor.Blob(Bytes);
        using var holder = new BenchVisitor();
        await holder.Connect(site.First);
        await holder.BecomeHolder(page, frame);
        var proofs = holder.Uploads;

        var visitors = Enumerable.Range(0, count).Select(_ => new BenchVisitor()).ToList();
        var start = Stopwatch.GetTimestamp();
        var lastArrival = 0.0;
        var visits = await Task.WhenAll(visitors.Select(async (visitor, i) =>
        {
            await Task.Delay(random.Next(1000));
            var arrived = Stopwatch.GetElapsedTime(start).TotalSeconds;
            lock (visitors)
                lastArrival = Math.Max(lastArrival, arrived);
            await visitor.Connect(site.Nodes[i % site.Nodes.Count].Address);
            await visitor.Say("want", page);
            await visitor.ReceiveBlob(page).WaitAsync(TimeSpan.FromSeconds(60));
            var has = Stopwatch.GetElapsedTime(start).TotalSeconds;
            await visitor.BecomeHolder(page, frame);
            return (Wait: (has - arrived) * 1000, Has: has, Holds: Stopwatch.GetElapsedTime(start).TotalSeconds);
        }));
        var sent = visitors.Sum(visitor => visitor.ReceivedBytes) / ((double)count * Bytes);
        var result = new Visits([.. visits.Select(visit => visit.Wait).Order()], visits.Length, holder.Uploads - proofs,
            visits.Max(visit => visit.Has) - lastArrival, visits.Max(visit => visit.Holds) - lastArrival, sent);
        visitors.ForEach(visitor => visitor.Dispose());
        return result;
    }

    private sealed record Visits(List<double> Waits, int Holding, int Uploads, double HasBehind, double HoldsBehind, double SentToIdeal);
}
