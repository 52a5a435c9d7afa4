using System.Diagnostics;
using System.Net.WebSockets;

namespace Ephemeral.Bench;

/// <summary>What is done to web nodes, and to all.</summary>
internal static partial class Chaos
{
    private static async Task NodeKilled(Report report, int count)
    {
        await using var cluster = await Cluster.Start(silos: 2, nodes: 3);
        await using var visitors = new Visitors();
        var (dying, b, c) = (cluster.Nodes[0].Address, cluster.Nodes[1].Address, cluster.Nodes[2].Address);
        var pages = Visitors.Pages(count);
        await visitors.Hold(() => cluster.Front, pages, each: 1);
        // These are held on the node that dies and on another, and fetched from the third.
        await using var others = new Visitors();
        var twice = Visitors.Pages(count);
        await others.Hold(dying, twice);
        await others.Hold(b, twice);
        await Visitors.NotCounted(c, Visitors.Names(twice), 2, TimeSpan.FromSeconds(30));

        var fetched = visitors.Fetch(c, Visitors.Names(twice), TimeSpan.FromSeconds(10));
        await Task.Delay(TimeSpan.FromSeconds(0.3));
        var start = Stopwatch.GetTimestamp();
        await cluster.Kill(cluster.Nodes[0]);
        await Visitors.Until(() => visitors.SomeDoNotHold, TimeSpan.FromSeconds(10));
        await Visitors.Until(() => visitors.AllHold, TimeSpan.FromSeconds(30));
        var moved = Stopwatch.GetElapsedTime(start);
        var lost = await Visitors.NotCounted(b, Visitors.Names(pages), 1, TimeSpan.FromSeconds(35)) + await Visitors.NotCounted(b, Visitors.Names(twice), 1, TimeSpan.FromSeconds(5));
        var counted = Stopwatch.GetElapsedTime(start);
        await fetched;
        Row(report, "a web node is killed, behind nginx", cluster.Hits, visitors, 2 * count, lost, Within.Of(moved, 5), Within.Of(counted, 30), 2);
    }

    private static async Task NodeCutOff(Report report, int count)
    {
        await using var cluster = await Cluster.Start(silos: 2, nodes: 1, Ways.Gateways);
        await using var visitors = new Visitors();
        cluster.Gates.ForEach(gate => gate.KeepThese());
        var (a, b) = (cluster.Nodes[0].Address, (await cluster.StartNode()).Address);
        var (pagesOnA, pagesOnB) = (Visitors.Pages(count), Visitors.Pages(count));
        var (onA, onB) = (Visitors.Names(pagesOnA), Visitors.Names(pagesOnB));
        await visitors.Hold(a, pagesOnA);
        await visitors.Hold(b, pagesOnB);
        await Visitors.NotCounted(a, onB, 1, TimeSpan.FromSeconds(30));

        cluster.Cut();
        // What the other node holds goes on as if nothing were, and what this one holds is served to those who are here.
        await Task.WhenAll(visitors.Fetch(a, onA, TimeSpan.FromSeconds(7)), visitors.Fetch(b, onB, TimeSpan.FromSeconds(1)));
        // What is held elsewhere it can't know, and does not say that it were nobody.
        var wrong = await Task.WhenAll(onA.Take(20).Select(page => Cluster.Health(b, page)));
        await Task.Delay(TimeSpan.FromSeconds(20));
        cluster.Gates.ForEach(gate => gate.Heal());
        var healed = Stopwatch.GetTimestamp();
        var lost = await Visitors.NotCounted(a, onB, 1, TimeSpan.FromSeconds(30)) + await Visitors.NotCounted(b, onA, 1, TimeSpan.FromSeconds(30));
        var whole = Stopwatch.GetElapsedTime(healed);
        await Task.WhenAll(visitors.Fetch(a, onB, TimeSpan.FromSeconds(2)), visitors.Fetch(b, onA, TimeSpan.FromSeconds(2)));
        Row(report, "a web node is cut off for 33 s", cluster.Hits, visitors, 2 * count, lost, null, Within.Of(whole, 15), 2);
        report.Promise(Array.TrueForAll(wrong, answer => answer is null), "a web node that is cut off says no wrong number");
    }

    private static async Task NodeStopped(Report report, int count)
    {
        await using var cluster = await Cluster.Start(silos: 2, nodes: 3);
        await using var visitors = new Visitors();
        var (stopping, b) = (cluster.Nodes[0], cluster.Nodes[1].Address);
        var pages = Visitors.Pages(count);
        await visitors.Hold(() => cluster.Front, pages, each: 1);
        var stubborn = new BenchVisitor();
        await stubborn.Connect(stopping.Address);
        var closed = Stays(stubborn);

        var start = Stopwatch.GetTimestamp();
        var others = visitors.Fetch(b, Visitors.Names(pages), TimeSpan.FromSeconds(12));
        var ending = cluster.Stop(stopping, TimeSpan.FromSeconds(30));
        var unready = Unready(stopping.Address);
        var order = await Task.WhenAny(unready, closed) == unready && await unready;
        var ended = await ending;
        var stopped = Stopwatch.GetElapsedTime(start);
        await Visitors.Until(() => visitors.AllHold, TimeSpan.FromSeconds(10));
        var lost = await Visitors.NotCounted(b, Visitors.Names(pages), 1, TimeSpan.FromSeconds(10));
        await others;
        Row(report, "a web node is stopped, behind nginx", cluster.Hits, visitors, count, lost, Within.Of(visitors.LongestGap, 2), Within.Of(stopped, 12), 2);
        report.Promise(ended, "a web node ends without an error");
        report.Promise(order && await closed == WebSocketCloseStatus.EndpointUnavailable, "a stopping web node is first no longer ready, and at the end closes with 1001 who has stayed");
    }

    // There is nowhere to move to: it must go quickly, and whoever is still there when it comes back holds again.
    private static async Task EmbeddedStopped(Report report, int count)
    {
        await using var visitors = new Visitors();
        var server = await Server.Start();
        var (address, pages) = (server.Address, Visitors.Pages(count));
        await visitors.Hold(() => address, pages, each: 1);
        var stubborn = new BenchVisitor();
        await stubborn.Connect(address);
        var closed = Stays(stubborn);
        var start = Stopwatch.GetTimestamp();
        await server.Signal("INT");
        var ended = await server.Exits(TimeSpan.FromSeconds(30));
        var stopped = Stopwatch.GetElapsedTime(start);
        var clean = ended && server.ExitCode == 0 && await closed == WebSocketCloseStatus.EndpointUnavailable;
        await server.DisposeAsync();

        server = await Server.Start($"--urls={address}");
        start = Stopwatch.GetTimestamp();
        await Visitors.Until(() => visitors.AllHold, TimeSpan.FromSeconds(20));
        var back = Stopwatch.GetElapsedTime(start);
        var lost = await Visitors.NotCounted(address, Visitors.Names(pages), 1, TimeSpan.FromSeconds(10));
        await server.DisposeAsync();
        Row(report, "Ctrl-C with an embedded silo, and anew", ended ? 1 : 0, visitors, count, lost, Within.Of(back, 5), Within.Of(stopped, 3), null);
        report.Promise(clean, "Ctrl-C ends without an error, and closes with 1001");
    }

    private static async Task RollingRestart(Report report, int comers, int count)
    {
        await using var cluster = await Cluster.Start(silos: 2, nodes: 2);
        await using var visitors = new Visitors();
        var pages = Visitors.Pages(count);
        await visitors.Hold(() => cluster.Front, pages, each: 1);

        // Visitors come and go all the while and hold what they see for as long; a third of the pages is left to its single holder.
        using var over = new CancellationTokenSource();
        var (visited, single) = (Visitors.Names(pages[..(count * 2 / 3)]), Visitors.Names(pages[(count * 2 / 3)..]));
        var comings = Enumerable.Range(0, comers).Select(_ => ComeAndGo(visitors, cluster, visited, single, over.Token)).ToList();
        foreach (var silo in cluster.Silos.ToList())
        {
            await cluster.Stop(silo, TimeSpan.FromSeconds(30));
            cluster.Silos.Remove(silo);
            await cluster.StartSilo();
        }
        foreach (var node in cluster.Nodes.ToList())
        {
            // As a rolling update does: the new one first.
            await cluster.StartNode();
            await cluster.Balance();
            await cluster.Stop(node, TimeSpan.FromSeconds(30));
            cluster.Nodes.Remove(node);
            await cluster.Balance();
        }
        await over.CancelAsync();
        await Task.WhenAll(comings);
        await Visitors.Until(() => visitors.AllHold, TimeSpan.FromSeconds(15));
        var lost = await Visitors.NotCounted(cluster.Nodes[0].Address, Visitors.Names(pages), 1, TimeSpan.FromSeconds(15));
        Row(report, $"a rolling restart under {comers} visitors", cluster.Hits, visitors, count, lost, Within.Of(visitors.LongestGap, 10), null, 10);
    }

    private static async Task ComeAndGo(Visitors visitors, Cluster cluster, List<string> visited, List<string> single, CancellationToken over)
    {
        while (!over.IsCancellationRequested)
        {
            var isSingle = Random.Shared.Next(4) == 0;
            var among = isSingle ? single : visited;
            await visitors.Open(() => cluster.Front, among[Random.Shared.Next(among.Count)], stays: isSingle ? default : TimeSpan.FromSeconds(0.5 + (Random.Shared.NextDouble() * 2.5)));
            await Task.Delay(Random.Shared.Next(100, 1000), over).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>A visitor who stays whatever the node says; how it is closed in the end.</summary>
    private static async Task<WebSocketCloseStatus?> Stays(BenchVisitor visitor)
    {
        using var _ = visitor;
        try
        {
            while ((await visitor.Receive()).Type != WebSocketMessageType.Close)
                continue;
        }
        catch (WebSocketException)
        {
            // Cut off: no status.
        }
        return visitor.CloseStatus;
    }

    /// <summary>True when the node says that it is not ready; false when it says nothing any more.</summary>
    private static async Task<bool> Unready(Uri node)
    {
        while (await Cluster.Status(node, "/health/ready") is { } status)
        {
            if (status == 503)
                return true;
            await Task.Delay(20);
        }
        return false;
    }
}
