using System.Diagnostics;

namespace Ephemeral.Bench;

/// <summary>Kills, stops and cuts off real processes under real visitors, and says what the visitors noticed.</summary>
internal static class Chaos
{
    private const int PagesOfATab = 64;
    private const int PageBytes = 256;

    public static async Task Run(Report report, bool isShort)
    {
        report.Begin("chaos", "real processes on this machine; held and counted as seen from a node where nobody holds the page; seconds",
            "what                          ", "processes hit", "pages", "pages lost", "urgent whole", "all whole", "longest wait", "errors");
        await SiloKilled(report, isShort ? 2_000 : 10_000);
        await SiloStopped(report, isShort ? 500 : 2_000);
        await SiloHangs(report, isShort ? 200 : 1_000);
        // Side by side: most of both is waiting for leases to run out.
        await Task.WhenAll(NodeKilled(report, isShort ? 40 : 200), NodeCutOff(report, isShort ? 100 : 500));
        await NodeStopped(report, isShort ? 40 : 200);
        await RedisGone(report, isShort ? 100 : 500);
        await RollingRestart(report, isShort ? 60 : 200, isShort ? 20 : 50);
    }

    // A fifth of the pages has a single holder, the others one on each node.
    private static async Task SiloKilled(Report report, int pages)
    {
        await using var cluster = await Cluster.Start(silos: 2, nodes: 2);
        var (a, b) = (cluster.Nodes[0].Address, cluster.Nodes[1].Address);
        var blobs = Enumerable.Range(0, pages).Select(_ => BenchVisitor.Blob(PageBytes)).ToList();
        var (single, twice) = (Names(blobs[..(pages / 5)]), Names(blobs[(pages / 5)..]));
        List<Tab> tabs = [.. await Hold(a, blobs), .. await Hold(b, blobs[(pages / 5)..])];
        await AllCounted(b, single, 1, TimeSpan.FromSeconds(60));
        await AllCounted(b, twice, 2, TimeSpan.FromSeconds(60));

        var start = Stopwatch.GetTimestamp();
        cluster.Hits++;
        await cluster.Silos[0].Signal("KILL");
        // Those who wait, and whose transfers were under way, are served meanwhile.
        var waits = Fetching(b, single, TimeSpan.FromSeconds(5));
        var lost = await AllCounted(b, single, 1, TimeSpan.FromSeconds(30));
        var urgent = Stopwatch.GetElapsedTime(start);
        lost += await AllCounted(b, twice, 2, TimeSpan.FromSeconds(30));
        var whole = Stopwatch.GetElapsedTime(start);
        var longest = await waits;
        await Row(report, "a silo is killed", cluster, tabs, pages, lost, urgent, whole, longest);
        report.Promise(urgent < TimeSpan.FromSeconds(5) && longest < TimeSpan.FromSeconds(5), "pages with a single holder or a waiter are whole within 5 s of a silo's death");
        report.Promise(whole < TimeSpan.FromSeconds(15), "all pages are whole within 15 s of a silo's death");
    }

    private static async Task SiloStopped(Report report, int pages)
    {
        await using var cluster = await Cluster.Start(silos: 2, nodes: 2);
        var tabs = await Hold(cluster.Nodes[0].Address, pages);
        var held = tabs.SelectMany(tab => tab.Pages).ToList();
        await AllCounted(cluster.Nodes[1].Address, held, 1, TimeSpan.FromSeconds(60));

        cluster.Hits++;
        var uncounted = LongestUncounted(cluster.Nodes[1].Address, held.Take(50).ToList(), TimeSpan.FromSeconds(8));
        var waits = Fetching(cluster.Nodes[1].Address, held, TimeSpan.FromSeconds(8));
        await cluster.Silos[0].Signal("TERM");
        var (gap, longest) = (await uncounted, await waits);
        var lost = await AllCounted(cluster.Nodes[1].Address, held, 1, TimeSpan.FromSeconds(10));
        await Row(report, "a silo is stopped", cluster, tabs, held.Count, lost, gap, gap, longest);
        report.Promise(cluster.Silos[0].HasExited, "a silo that is asked to stop does");
        report.Promise(gap < TimeSpan.FromSeconds(1), "no page is uncountable for over a second while a silo stops");
    }

    private static async Task SiloHangs(Report report, int pages)
    {
        await using var cluster = await Cluster.Start(silos: 2, nodes: 2);
        var tabs = await Hold(cluster.Nodes[0].Address, pages);
        var held = tabs.SelectMany(tab => tab.Pages).ToList();
        await AllCounted(cluster.Nodes[1].Address, held, 1, TimeSpan.FromSeconds(60));

        var start = Stopwatch.GetTimestamp();
        cluster.Hits++;
        await cluster.Silos[0].Signal("STOP");
        await Task.Delay(TimeSpan.FromSeconds(10));
        await cluster.Silos[0].Signal("CONT");
        var lost = await AllCounted(cluster.Nodes[1].Address, held, 1, TimeSpan.FromSeconds(40));
        var whole = Stopwatch.GetElapsedTime(start);
        // Right counts from both nodes: had a page two activations, one of them would see nobody.
        lost += await AllCounted(cluster.Nodes[0].Address, held, 1, TimeSpan.FromSeconds(10));
        await Row(report, "a silo hangs for 10 s", cluster, tabs, held.Count, lost, whole, whole, await Fetching(cluster.Nodes[1].Address, held, TimeSpan.FromSeconds(2)));
        report.Promise(whole < TimeSpan.FromSeconds(30), "counts are right within 30 s of a silo's hanging");
    }

    private static async Task NodeKilled(Report report, int visitors)
    {
        await using var cluster = await Cluster.Start(silos: 2, nodes: 3);
        var (tabs, held) = await HoldThroughFront(cluster, visitors);
        // These are held on the node that dies and on another, and fetched from the third.
        var blobs = Enumerable.Range(0, visitors).Select(_ => BenchVisitor.Blob(PageBytes)).ToList();
        List<Tab> others = [.. await Hold(cluster.Nodes[0].Address, blobs), .. await Hold(cluster.Nodes[1].Address, blobs)];
        await AllCounted(cluster.Nodes[2].Address, Names(blobs), 2, TimeSpan.FromSeconds(30));

        var start = Stopwatch.GetTimestamp();
        cluster.Hits++;
        var waits = Fetching(cluster.Nodes[2].Address, Names(blobs), TimeSpan.FromSeconds(10));
        await cluster.Nodes[0].Signal("KILL");
        await Until(() => tabs.Exists(tab => !tab.IsHolding), TimeSpan.FromSeconds(10));
        await Until(() => tabs.TrueForAll(tab => tab.IsHolding), TimeSpan.FromSeconds(30));
        var moved = Stopwatch.GetElapsedTime(start);
        var lost = await AllCounted(cluster.Nodes[1].Address, held, 1, TimeSpan.FromSeconds(35)) + await AllCounted(cluster.Nodes[1].Address, Names(blobs), 1, TimeSpan.FromSeconds(5));
        var counted = Stopwatch.GetElapsedTime(start);
        var longest = await waits;
        await Row(report, "a web node is killed", cluster, [.. tabs, .. others], held.Count + blobs.Count, lost, moved, counted, longest);
        report.Promise(moved < TimeSpan.FromSeconds(5), "visitors of a dead web node hold again within 5 s");
        report.Promise(counted < TimeSpan.FromSeconds(30), "holders of a dead web node are counted no longer than 30 s");
        report.Promise(longest < TimeSpan.FromSeconds(2), "a fetch from a dead web node goes to another holder within 2 s");
    }

    private static async Task NodeStopped(Report report, int visitors)
    {
        await using var cluster = await Cluster.Start(silos: 2, nodes: 3);
        var (tabs, held) = await HoldThroughFront(cluster, visitors);

        var start = Stopwatch.GetTimestamp();
        cluster.Hits++;
        var waits = Fetching(cluster.Nodes[1].Address, held, TimeSpan.FromSeconds(12));
        await cluster.Nodes[0].Signal("TERM");
        var exited = await cluster.Nodes[0].Exits(TimeSpan.FromSeconds(30));
        var stopped = Stopwatch.GetElapsedTime(start);
        await Until(() => tabs.TrueForAll(tab => tab.IsHolding), TimeSpan.FromSeconds(10));
        var lost = await AllCounted(cluster.Nodes[1].Address, held, 1, TimeSpan.FromSeconds(10));
        var longest = await waits;
        await Row(report, "a web node is stopped", cluster, tabs, held.Count, lost, tabs.Max(tab => tab.LongestGap), stopped, longest);
        report.Promise(longest < TimeSpan.FromSeconds(2), "a page with a single holder stays reachable but for the moment of its move");
        report.Promise(exited && stopped < TimeSpan.FromSeconds(12), "a web node stops within its drain time and a little");
    }

    // It has no disk: what comes back is empty, and then a silo dies besides.
    private static async Task RedisGone(Report report, int pages)
    {
        await using var cluster = await Cluster.Start(silos: 2, nodes: 2);
        var (a, b) = (cluster.Nodes[0].Address, cluster.Nodes[1].Address);
        var tabs = await Hold(a, pages);
        await cluster.StopRedis();
        // Running pages go on, and new ones begin.
        tabs.AddRange(await Hold(b, pages));
        var held = tabs.SelectMany(tab => tab.Pages).ToList();
        var longest = await Fetching(a, held, TimeSpan.FromSeconds(8));
        var lost = await AllCounted(a, held, 1, TimeSpan.FromSeconds(10));
        await cluster.StartRedis();
        longest = Max(longest, await Fetching(b, held, TimeSpan.FromSeconds(10)));
        lost += await AllCounted(b, held, 1, TimeSpan.FromSeconds(10));

        var start = Stopwatch.GetTimestamp();
        cluster.Hits++;
        await cluster.Silos[0].Signal("KILL");
        var waits = Fetching(b, held, TimeSpan.FromSeconds(5));
        lost += await AllCounted(b, held, 1, TimeSpan.FromSeconds(30));
        var whole = Stopwatch.GetElapsedTime(start);
        // A silo that comes now finds the others: were it a cluster of its own, it would know of no page.
        await cluster.StartSilo();
        lost += await AllCounted(a, held, 1, TimeSpan.FromSeconds(10));
        longest = Max(longest, await waits);
        await Row(report, "Redis dies, and then a silo", cluster, tabs, held.Count, lost, whole, whole, longest);
        report.Promise(whole < TimeSpan.FromSeconds(5), "a silo's death after that of Redis costs no more than it does before");
    }

    private static async Task NodeCutOff(Report report, int pages)
    {
        await using var cluster = await Cluster.Start(silos: 2, nodes: 1, gated: true);
        cluster.Gates.ForEach(gate => gate.KeepThese());
        var (a, b) = (cluster.Nodes[0].Address, (await cluster.StartNode()).Address);
        var (onA, onB) = (await Hold(a, pages), await Hold(b, pages));
        var (heldOnA, heldOnB) = (onA.SelectMany(tab => tab.Pages).ToList(), onB.SelectMany(tab => tab.Pages).ToList());
        await AllCounted(a, heldOnB, 1, TimeSpan.FromSeconds(30));

        cluster.Hits++;
        cluster.Gates.ForEach(gate => gate.Cut());
        // What the other node holds goes on as if nothing were, and what this one holds is served to those who are here.
        var longest = Max(await Fetching(a, heldOnA, TimeSpan.FromSeconds(7)), await Fetching(b, heldOnB, TimeSpan.FromSeconds(1)));
        await Task.Delay(TimeSpan.FromSeconds(25));
        cluster.Gates.ForEach(gate => gate.Heal());
        var healed = Stopwatch.GetTimestamp();
        var lost = await AllCounted(a, heldOnB, 1, TimeSpan.FromSeconds(30)) + await AllCounted(b, heldOnA, 1, TimeSpan.FromSeconds(30));
        var whole = Stopwatch.GetElapsedTime(healed);
        longest = Max(longest, Max(await Fetching(a, heldOnB, TimeSpan.FromSeconds(2)), await Fetching(b, heldOnA, TimeSpan.FromSeconds(2))));
        await Row(report, "a web node is cut off for 33 s", cluster, [.. onA, .. onB], 2 * pages, lost, whole, whole, longest);
        report.Promise(whole < TimeSpan.FromSeconds(15), "counts are right within 15 s of the end of a cut");
    }

    private static async Task RollingRestart(Report report, int visitors, int pages)
    {
        await using var cluster = await Cluster.Start(silos: 2, nodes: 2);
        var blobs = Enumerable.Range(0, pages).Select(_ => BenchVisitor.Blob(PageBytes)).ToList();
        var holders = blobs.Select(blob => Tab.Holding(() => cluster.Front, [blob])).ToList();
        await Until(() => holders.TrueForAll(tab => tab.IsHolding), TimeSpan.FromSeconds(30));

        // Visitors come and go all the while; a third of the pages is left to its single holder.
        using var over = new CancellationTokenSource();
        var visited = blobs.Take(pages * 2 / 3).ToList();
        var comings = Enumerable.Range(0, visitors - pages).Select(_ => ComeAndGo(cluster, visited, over.Token)).ToList();
        var start = Stopwatch.GetTimestamp();
        foreach (var silo in cluster.Silos.ToList())
        {
            cluster.Hits++;
            await silo.Signal("TERM");
            await silo.Exits(TimeSpan.FromSeconds(30));
            cluster.Silos.Remove(silo);
            await cluster.StartSilo();
        }
        foreach (var node in cluster.Nodes.ToList())
        {
            cluster.Hits++;
            // As a rolling update does: the new one first.
            await cluster.StartNode();
            await cluster.Balance();
            await node.Signal("TERM");
            await node.Exits(TimeSpan.FromSeconds(30));
            cluster.Nodes.Remove(node);
            await cluster.Balance();
        }
        await over.CancelAsync();
        var waits = await Task.WhenAll(comings);
        await Until(() => holders.TrueForAll(tab => tab.IsHolding), TimeSpan.FromSeconds(15));
        var unheld = holders.Count(tab => !tab.IsHolding);
        var longest = waits.Max();
        await Row(report, "a rolling restart", cluster, holders, pages, unheld, holders.Max(tab => tab.LongestGap), Stopwatch.GetElapsedTime(start), longest);
        report.Promise(longest < TimeSpan.FromSeconds(10), "nobody waits for over 10 s in a rolling restart");
    }

    private static async Task<TimeSpan> ComeAndGo(Cluster cluster, List<(string Hash, byte[] Frame)> blobs, CancellationToken over)
    {
        var longest = TimeSpan.Zero;
        while (!over.IsCancellationRequested)
        {
            var start = Stopwatch.GetTimestamp();
            await using var tab = Tab.Wanting(() => cluster.Front, blobs[Random.Shared.Next(blobs.Count)].Hash);
            await tab.Got.WaitAsync(TimeSpan.FromSeconds(60), CancellationToken.None);
            longest = Max(longest, Stopwatch.GetElapsedTime(start));
            await Task.Delay(Random.Shared.Next(500, 3000), over).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        return longest;
    }

    private static Task<List<Tab>> Hold(Uri node, int pages) => Hold(node, Enumerable.Range(0, pages).Select(_ => BenchVisitor.Blob(PageBytes)));

    private static async Task<List<Tab>> Hold(Uri node, IEnumerable<(string Hash, byte[] Frame)> blobs)
    {
        var tabs = blobs.Chunk(PagesOfATab).Select(chunk => Tab.Holding(() => node, chunk)).ToList();
        await Until(() => tabs.TrueForAll(tab => tab.IsHolding), TimeSpan.FromSeconds(120));
        return tabs;
    }

    private static async Task<(List<Tab> Tabs, List<string> Held)> HoldThroughFront(Cluster cluster, int visitors)
    {
        var tabs = Enumerable.Range(0, visitors).Select(_ => Tab.Holding(() => cluster.Front, [BenchVisitor.Blob(PageBytes)])).ToList();
        await Until(() => tabs.TrueForAll(tab => tab.IsHolding), TimeSpan.FromSeconds(60));
        return (tabs, tabs.SelectMany(tab => tab.Pages).ToList());
    }

    private static List<string> Names(List<(string Hash, byte[] Frame)> blobs) => blobs.ConvertAll(blob => blob.Hash);

    /// <summary>Waits until a node counts so many holders of every page; answers how many pages it never did for.</summary>
    private static async Task<int> AllCounted(Uri node, List<string> pages, int holders, TimeSpan within)
    {
        var start = Stopwatch.GetTimestamp();
        var left = pages;
        while (left.Count > 0 && Stopwatch.GetElapsedTime(start) < within)
        {
            var wrong = new System.Collections.Concurrent.ConcurrentBag<string>();
            await Parallel.ForEachAsync(left, new ParallelOptions { MaxDegreeOfParallelism = 32 }, async (page, _) =>
            {
                if ((await Cluster.Health(node, page))?.Holders != holders)
                    wrong.Add(page);
            });
            left = [.. wrong];
            if (left.Count > 0)
                await Task.Delay(50);
        }
        return left.Count;
    }

    /// <summary>The longest time that any of these pages had no right count.</summary>
    private static async Task<TimeSpan> LongestUncounted(Uri node, List<string> pages, TimeSpan during)
    {
        var start = Stopwatch.GetTimestamp();
        var gaps = await Task.WhenAll(pages.Select(async page =>
        {
            var (longest, wrongSince) = (TimeSpan.Zero, (TimeSpan?)null);
            while (Stopwatch.GetElapsedTime(start) < during)
            {
                var asked = Stopwatch.GetElapsedTime(start);
                var isRight = (await Cluster.Health(node, page))?.Holders == 1;
                if (isRight && wrongSince is { } since)
                    longest = Max(longest, Stopwatch.GetElapsedTime(start) - since);
                wrongSince = isRight ? null : wrongSince ?? asked;
                await Task.Delay(50);
            }
            return wrongSince is { } still ? Max(longest, during - still) : longest;
        }));
        return gaps.Max();
    }

    /// <summary>Opens one page after the other for a while; the longest that a visitor waited.</summary>
    private static async Task<TimeSpan> Fetching(Uri node, List<string> pages, TimeSpan during)
    {
        var start = Stopwatch.GetTimestamp();
        var waits = await Task.WhenAll(Enumerable.Range(0, 4).Select(async _ =>
        {
            var longest = TimeSpan.Zero;
            while (Stopwatch.GetElapsedTime(start) < during)
            {
                var page = pages[Random.Shared.Next(pages.Count)];
                using var visitor = new BenchVisitor();
                var began = Stopwatch.GetTimestamp();
                await visitor.Connect(node);
                await visitor.Say("want", page);
                await visitor.ReceiveBlob(page).WaitAsync(TimeSpan.FromSeconds(60));
                longest = Max(longest, Stopwatch.GetElapsedTime(began));
                await Task.Delay(20);
            }
            return longest;
        }));
        return waits.Max();
    }

    private static async Task Row(Report report, string what, Cluster cluster, List<Tab> tabs, int pages, int lost, TimeSpan urgent, TimeSpan all, TimeSpan longest)
    {
        var errors = tabs.Sum(tab => tab.Errors);
        report.Row(("what", what), ("hit", cluster.Hits), ("pages", pages), ("lost", lost), ("urgent_s", Seconds(urgent)), ("all_s", Seconds(all)),
            ("longest_wait_s", Seconds(longest)), ("errors", errors));
        report.Promise(lost == 0, $"no page is lost when {what}");
        report.Promise(errors == 0, $"no visitor sees an error when {what}");
        foreach (var tab in tabs)
            await tab.DisposeAsync();
    }

    private static async Task Until(Func<bool> so, TimeSpan within)
    {
        for (var start = Stopwatch.GetTimestamp(); !so() && Stopwatch.GetElapsedTime(start) < within;)
            await Task.Delay(20);
    }

    private static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;

    private static double Seconds(TimeSpan time) => Math.Round(time.TotalSeconds, 2);
}
