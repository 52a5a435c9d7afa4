namespace Ephemeral.Bench;

/// <summary>Many pages that live at once, and what they cost while nothing happens.</summary>
internal static class ManyPages
{
    private const int PagesOfAVisitor = 64;

    public static async Task Run(Report report, bool isShort)
    {
        var (pages, rest) = isShort ? (6400, 12) : (100_000, 60);
        report.Begin("many-pages",
            $"pages of 64 bytes, each held by one visitor that holds {PagesOfAVisitor}; a silo and a web node, each a process of its own; resident memory beyond that after 1,000 other pages, {rest} s after the last page came; CPU over those seconds, in which all are announced again",
            "pages", "pages/s", "silo KiB each", "node KiB each", "silo CPU %", "node CPU %", "limit of making");
        await using var site = await Site.Apart();
        var warm = await Hold(site, 1000);
        warm.ForEach(visitor => visitor.Dispose());
        await Task.Delay(TimeSpan.FromSeconds(3));

        var (silo, node) = (site.Silos[0], site.Nodes[0]);
        var before = (Silo: silo.MiB, Node: node.MiB);
        List<BenchVisitor> visitors = [];
        var cost = await Cost.Of(() => site.CpuSeconds, async () => visitors = await Hold(site, pages));
        await Task.Delay(TimeSpan.FromSeconds(5));
        var cpu = (Silo: silo.CpuSeconds, Node: node.CpuSeconds);
        await Task.Delay(TimeSpan.FromSeconds(rest));
        report.Row(("pages", pages), ("pages_per_s", Math.Round(pages * 1000 / cost.Ms)),
            ("silo_kib_each", Math.Round((silo.MiB - before.Silo) * 1024 / pages, 2)), ("node_kib_each", Math.Round((node.MiB - before.Node) * 1024 / pages, 2)),
            ("silo_cpu_percent", Math.Round((silo.CpuSeconds - cpu.Silo) * 100 / rest, 1)), ("node_cpu_percent", Math.Round((node.CpuSeconds - cpu.Node) * 100 / rest, 1)),
            ("limit", cost.Limit));
        visitors.ForEach(visitor => visitor.Dispose());
    }

    private static async Task<List<BenchVisitor>> Hold(Site site, int pages)
    {
        var visitors = new List<BenchVisitor>();
        await Parallel.ForEachAsync(Enumerable.Range(0, pages).Chunk(PagesOfAVisitor), new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (some, stopping) =>
        {
            var visitor = new BenchVisitor();
            lock (visitors)
                visitors.Add(visitor);
            await visitor.Connect(site.First);
            var frames = some.Select(_ => BenchVisitor.Blob(64)).ToDictionary(blob => blob.Hash, blob => blob.Frame);
            var proven = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _ = visitor.Answer(frames, proven);
            foreach (var page in frames.Keys)
                await visitor.Say("hold", page);
            await proven.Task.WaitAsync(TimeSpan.FromSeconds(60), stopping);
        });
        return visitors;
    }
}
