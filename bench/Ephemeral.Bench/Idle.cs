namespace Ephemeral.Bench;

/// <summary>What holders cost while nothing happens.</summary>
internal static class Idle
{
    private const int HoldersOfAPage = 10;
    private const int Warm = 1000;

    public static async Task Run(Report report, bool isShort)
    {
        var (holders, settle, rest) = isShort ? (1000, 1, 5) : (10_000, 30, 60);
        report.Begin("idle",
            $"holders on a tenth as many pages of 1 KiB, all in one process, after {Warm} others came and left; CPU over {rest} s in percent of a core, {settle} s after the last one came; then resident memory beyond that of the beginning, all included; with sockets that let go of their request, as is the default, and with plain ones",
            "sockets", "holders", "joins/s", "KiB each", "at once", "idle CPU %", "all MiB", "limit of joins");
        foreach (var lean in new[] { true, false })
            await Measure(report, lean, holders, settle, rest);
    }

    private static async Task Measure(Report report, bool lean, int holders, int settle, int rest)
    {
        await using var site = await Site.OneProcess($"--Ephemeral:LeanSockets={lean}");
        await Join(site, Warm).ContinueWith(async joined => (await joined).ForEach(visitor => visitor.Dispose()), TaskScheduler.Default).Unwrap();
        await Task.Delay(TimeSpan.FromSeconds(2));

        var before = site.MiB;
        List<BenchVisitor> visitors = [];
        var cost = await Cost.Of(() => site.CpuSeconds, async () => visitors = await Join(site, holders));
        var atOnce = site.MiB;
        await Task.Delay(TimeSpan.FromSeconds(settle));
        var cpu = site.CpuSeconds;
        await Task.Delay(TimeSpan.FromSeconds(rest));
        report.Row(("sockets", lean ? "lean" : "plain"), ("holders", holders), ("joins_per_s", Math.Round(holders * 1000 / cost.Ms)), ("kib_each", Math.Round((site.MiB - before) * 1024 / holders, 1)),
            ("kib_each_at_once", Math.Round((atOnce - before) * 1024 / holders, 1)), ("idle_cpu_percent", Math.Round((site.CpuSeconds - cpu) * 100 / rest, 1)),
            ("mib", Math.Round(site.MiB)), ("limit", cost.Limit));
        visitors.ForEach(visitor => visitor.Dispose());
    }

    // A hundred at a time, so that it is the joining that is measured, and no crowd.
    private static async Task<List<BenchVisitor>> Join(Site site, int count)
    {
        var visitors = Enumerable.Range(0, count).Select(_ => new BenchVisitor()).ToList();
        var blobs = Enumerable.Range(0, count / HoldersOfAPage).Select(_ => BenchVisitor.Blob(1 << 10)).ToList();
        await Parallel.ForEachAsync(visitors.Index(), new ParallelOptions { MaxDegreeOfParallelism = 100 }, async (visitor, _) =>
        {
            await visitor.Item.Connect(site.First);
            await visitor.Item.BecomeHolder(blobs[visitor.Index / HoldersOfAPage].Hash, blobs[visitor.Index / HoldersOfAPage].Frame);
        });
        return visitors;
    }
}
