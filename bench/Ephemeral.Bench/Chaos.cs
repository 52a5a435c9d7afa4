using System.Diagnostics;

namespace Ephemeral.Bench;

/// <summary>Kills, stops and cuts off real processes under real visitors, and says what the visitors noticed.</summary>
internal static partial class Chaos
{
    public static async Task Run(Report report, bool isShort)
    {
        report.Begin("chaos", """
            real processes on this machine, killed (SIGKILL), stopped (SIGTERM), hung (SIGSTOP) or cut off under visitors. Seconds, each beside what is promised.
            hit ones back: pages with a single holder or a waiter are whole, or the visitors of that node hold again; all right: every count is, as seen from a
            node where nobody holds (of a stop: until the process has ended; of a silo's stop: the longest that a page was not counted right);
            longest wait: of visitors who open pages meanwhile; errors: those that any visitor was shown.
            """,
            "what was done                             ", "processes", "pages", "pages lost", "hit ones back", "    all right", " longest wait", "errors", "kept");
        await SiloKilled(report, isShort ? 2_000 : 10_000);
        await SiloStopped(report, isShort ? 500 : 2_000);
        await SiloHangs(report, isShort ? 200 : 1_000);
        // Side by side: most of these is waiting for leases to run out.
        await Task.WhenAll(NodeKilled(report, isShort ? 40 : 200), NodeCutOff(report, isShort ? 100 : 500), SiloCutOff(report, isShort ? 100 : 500));
        await NodeStopped(report, isShort ? 40 : 200);
        await EmbeddedStopped(report, isShort ? 40 : 200);
        await RedisGone(report, isShort ? 100 : 500);
        await RollingRestart(report, isShort ? 60 : 200, isShort ? 20 : 50);
    }

    // A fifth of the pages has a single holder, the others one on each node.
    private static async Task SiloKilled(Report report, int count)
    {
        await using var cluster = await Cluster.Start(silos: 2, nodes: 2);
        await using var visitors = new Visitors();
        var (a, b) = (cluster.Nodes[0].Address, cluster.Nodes[1].Address);
        var pages = Visitors.Pages(count);
        var (single, twice) = (Visitors.Names(pages[..(count / 5)]), Visitors.Names(pages[(count / 5)..]));
        await visitors.Hold(a, pages);
        await visitors.Hold(b, pages[(count / 5)..]);
        var (slow, unheld) = (Visitors.Pages(20), Visitors.Pages(20));
        await visitors.Hold(() => a, slow, answersAfter: TimeSpan.FromSeconds(1));
        await Visitors.NotCounted(b, single, 1, TimeSpan.FromSeconds(60));
        await Visitors.NotCounted(b, twice, 2, TimeSpan.FromSeconds(60));

        // When it happens, some transfers are under way, and some visitors wait for pages that nobody holds yet.
        var opened = Task.WhenAll(Visitors.Names([.. slow, .. unheld]).Select(page => visitors.Open(() => b, page)));
        await Task.Delay(TimeSpan.FromSeconds(0.3));
        var start = Stopwatch.GetTimestamp();
        await cluster.Kill(cluster.Silos[0]);
        var others = Task.WhenAll(visitors.Fetch(b, single, TimeSpan.FromSeconds(5)), visitors.Hold(a, unheld));
        var lost = await Visitors.NotCounted(b, single, 1, TimeSpan.FromSeconds(30));
        await opened;
        var urgent = Stopwatch.GetElapsedTime(start);
        lost += await Visitors.NotCounted(b, twice, 2, TimeSpan.FromSeconds(30));
        var whole = Stopwatch.GetElapsedTime(start);
        await others;
        Row(report, "a silo is killed", cluster.Hits, visitors, count + 40, lost, Within.Of(urgent, 5), Within.Of(whole, 15), 5);
    }

    private static async Task SiloStopped(Report report, int count)
    {
        await using var cluster = await Cluster.Start(silos: 2, nodes: 2);
        await using var visitors = new Visitors();
        var b = cluster.Nodes[1].Address;
        var pages = Visitors.Pages(count);
        var held = Visitors.Names(pages);
        await visitors.Hold(cluster.Nodes[0].Address, pages);
        await Visitors.NotCounted(b, held, 1, TimeSpan.FromSeconds(60));

        var uncounted = visitors.LongestUncounted(b, held[..50], 1, TimeSpan.FromSeconds(8));
        var others = visitors.Fetch(b, held, TimeSpan.FromSeconds(8));
        var stopped = await cluster.Stop(cluster.Silos[0], TimeSpan.FromSeconds(30));
        var gap = await uncounted;
        await others;
        var lost = await Visitors.NotCounted(b, held, 1, TimeSpan.FromSeconds(10));
        Row(report, "a silo is stopped", cluster.Hits, visitors, count, lost, null, Within.Of(gap, 1), 2);
        report.Promise(stopped, "a silo that is asked to stop does, without an error");
    }

    private static async Task SiloHangs(Report report, int count)
    {
        await using var cluster = await Cluster.Start(silos: 2, nodes: 2);
        await using var visitors = new Visitors();
        var (a, b) = (cluster.Nodes[0].Address, cluster.Nodes[1].Address);
        var pages = Visitors.Pages(count);
        var held = Visitors.Names(pages);
        await visitors.Hold(a, pages);
        await Visitors.NotCounted(b, held, 1, TimeSpan.FromSeconds(60));

        var start = Stopwatch.GetTimestamp();
        await cluster.Hang(cluster.Silos[0]);
        await visitors.Fetch(b, held, TimeSpan.FromSeconds(10));
        await cluster.Silos[0].Signal("CONT");
        var lost = await Visitors.NotCounted(b, held, 1, TimeSpan.FromSeconds(40));
        // Right counts from both nodes: had a page two activations, one of them would see nobody.
        lost += await Visitors.NotCounted(a, held, 1, TimeSpan.FromSeconds(10));
        var whole = Stopwatch.GetElapsedTime(start);
        Row(report, "a silo hangs for 10 s", cluster.Hits, visitors, count, lost, null, Within.Of(whole, 30), 10);
    }

    // From the other silo and from Redis, while both web nodes still reach it: the worst that a cut can do to the counts.
    private static async Task SiloCutOff(Report report, int count)
    {
        await using var cluster = await Cluster.Start(silos: 2, nodes: 2, Ways.FirstSilo);
        await using var visitors = new Visitors();
        var (a, b) = (cluster.Nodes[0].Address, cluster.Nodes[1].Address);
        var pages = Visitors.Pages(count);
        var held = Visitors.Names(pages);
        await visitors.Hold(a, pages);
        await Visitors.NotCounted(b, held, 1, TimeSpan.FromSeconds(60));

        var start = Stopwatch.GetTimestamp();
        cluster.Cut();
        var others = visitors.Fetch(b, held, TimeSpan.FromSeconds(25));
        var lost = await Visitors.NotCounted(b, held, 1, TimeSpan.FromSeconds(40)) + await Visitors.NotCounted(a, held, 1, TimeSpan.FromSeconds(10));
        var whole = Stopwatch.GetElapsedTime(start);
        await others;
        cluster.Gates.ForEach(gate => gate.Heal());
        // Back among the others it learns that it was given up, and ends itself; a new one takes its place.
        var ended = await cluster.Silos[0].Exits(TimeSpan.FromSeconds(30));
        await cluster.StartSilo();
        lost += await Visitors.NotCounted(b, held, 1, TimeSpan.FromSeconds(10)) + await Visitors.NotCounted(a, held, 1, TimeSpan.FromSeconds(10));
        Row(report, "a silo is cut off for 25 s, and rejoins", cluster.Hits, visitors, count, lost, null, Within.Of(whole, 30), 20);
        report.Promise(ended, "a silo that was given up while it was cut off ends itself when it is back");
    }

    // It has no disk: what comes back is empty, and then a silo dies besides.
    private static async Task RedisGone(Report report, int count)
    {
        await using var cluster = await Cluster.Start(silos: 2, nodes: 2);
        await using var visitors = new Visitors();
        var (a, b) = (cluster.Nodes[0].Address, cluster.Nodes[1].Address);
        var (before, after) = (Visitors.Pages(count), Visitors.Pages(count));
        var held = Visitors.Names([.. before, .. after]);
        await visitors.Hold(a, before);
        await cluster.StopRedis();
        // Running pages go on, and new ones begin.
        await visitors.Hold(b, after);
        await visitors.Fetch(a, held, TimeSpan.FromSeconds(8));
        var lost = await Visitors.NotCounted(a, held, 1, TimeSpan.FromSeconds(10));
        await cluster.StartRedis();
        await visitors.Fetch(b, held, TimeSpan.FromSeconds(10));
        lost += await Visitors.NotCounted(b, held, 1, TimeSpan.FromSeconds(10));

        var start = Stopwatch.GetTimestamp();
        await cluster.Kill(cluster.Silos[0]);
        var others = visitors.Fetch(b, held, TimeSpan.FromSeconds(5));
        lost += await Visitors.NotCounted(b, held, 1, TimeSpan.FromSeconds(30));
        var whole = Stopwatch.GetElapsedTime(start);
        // A silo that comes now finds the others: were it a cluster of its own, it would know of no page.
        await cluster.StartSilo();
        lost += await Visitors.NotCounted(a, held, 1, TimeSpan.FromSeconds(10));
        await others;
        Row(report, "Redis dies and is empty, then a silo dies", cluster.Hits, visitors, held.Count, lost, Within.Of(whole, 5), Within.Of(whole, 15), 5);
    }

    private static void Row(Report report, string what, int hits, Visitors visitors, int pages, int lost, Within? back, Within? all, double? longest)
    {
        Within? wait = longest is { } limit ? Within.Of(visitors.LongestWait, limit) : null;
        var errors = visitors.Errors;
        var kept = lost == 0 && errors == 0 && hits > 0 && wait?.IsKept != false && back?.IsKept != false && all?.IsKept != false;
        report.Row(("what", what), ("processes", hits), ("pages", pages), ("lost", lost), ("back_s", back), ("all_right_s", all), ("longest_wait_s", wait), ("errors", errors), ("kept", kept ? "yes" : "NO"));
        report.Promise(kept, what);
    }
}
