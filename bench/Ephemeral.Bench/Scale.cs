using System.Diagnostics;
using Ephemeral.Grains;

namespace Ephemeral.Bench;

/// <summary>How costs grow: of a page with its holders and web nodes, of a silo with its pages, of a web node with its visitors. <c>docs/scale.md</c> reads the numbers.</summary>
internal static class Scale
{
    private static readonly TimeSpan AnnounceEvery = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan RenewEvery = TimeSpan.FromSeconds(10);
    private const int Together = 256;

    /// <summary>A page's holders grow on all web nodes at once, rest, and go.</summary>
    public static async Task OnePage(Report report, bool isShort)
    {
        report.Begin("scale-page",
            "simulated web nodes announce one page to a real silo as real ones do: at most four times a second while visitors come or go, every 10 s while none does",
            "web nodes", "holders", "while they", "announced/s", "told/s", "KiB/s", "silo CPU %", "us a message");
        var time = TimeSpan.FromSeconds(isShort ? 2 : 10);
        foreach (var (nodes, holders) in isShort ? [(10, 1_000), (10, 1_000_000)] : new[] { (100, 10_000), (100, 100_000), (100, 1_000_000), (10, 1_000_000), (1_000, 1_000_000) })
        {
            await using var simulated = await SimulatedNodes.Start();
            var page = ContentHash.Of("the page of a million"u8);
            var all = Enumerable.Range(0, nodes).Select(_ => simulated.Add()).ToList();
            // The first times warm the silo up.
            await Phase(AnnounceEvery, TimeSpan.FromSeconds(isShort ? 1 : 3), (_, i) => 1 + i % 2);
            var joining = await Phase(AnnounceEvery, time, (share, _) => 1 + (int)(share * holders / nodes));
            // All have come and been told before it is measured what a page costs that nobody comes to.
            await Phase(AnnounceEvery, TimeSpan.FromSeconds(isShort ? 0.6 : 2), (_, _) => holders / nodes);
            var staying = await Phase(RenewEvery, time, (_, _) => holders / nodes);
            var leaving = await Phase(AnnounceEvery, time, (share, _) => (int)((1 - share) * holders / nodes));
            foreach (var (what, did) in new[] { ("join", joining), ("stay", staying), ("leave", leaving) })
                report.Row(("nodes", nodes), ("holders", holders), ("while", what), ("announced", did.Announced), ("told", did.Told), ("kib", did.KiB),
                    ("cpu_percent", did.Cpu), ("us", did.Micros));
            report.Promise(joining.Announced <= nodes * 4 * 1.1, "a page costs messages by its web nodes, not by its holders");

            // Each node says what it counts at its own moments, and waits for the answer, as a real one does.
            async Task<(double Announced, double Told, double KiB, double Cpu, double Micros)> Phase(TimeSpan every, TimeSpan length, Func<double, int, int> holdersAt)
            {
                var (cpu, bytes, told, start, announced) = (simulated.Silo.CpuSeconds, simulated.Bytes, all.Sum(node => node.Told), Stopwatch.GetTimestamp(), 0);
                await Task.WhenAll(all.Select(async (node, at) =>
                {
                    await Task.Delay(every * ((double)at / nodes));
                    for (var i = 0; Stopwatch.GetElapsedTime(start) < length; i++)
                    {
                        var left = length - Stopwatch.GetElapsedTime(start);
                        var next = Task.Delay(left <= TimeSpan.Zero || every < left ? every : left);
                        await node.Announce(page, holdersAt(Math.Min(1, Stopwatch.GetElapsedTime(start) / length), i));
                        Interlocked.Increment(ref announced);
                        await next;
                    }
                }));
                var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
                (cpu, bytes, told) = (simulated.Silo.CpuSeconds - cpu, simulated.Bytes - bytes, all.Sum(node => node.Told) - told);
                // An announcement and its answer are two messages.
                return (Math.Round(announced / seconds, 1), Math.Round(told / seconds, 1), Math.Round(bytes / seconds / 1024, 1), Math.Round(cpu / seconds * 100, 1),
                    Math.Round(cpu * 1e6 / (announced * 2 + told), 1));
            }
        }
    }

    /// <summary>Pages of one holder each: most pages are like that.</summary>
    public static async Task ManyPages(Report report, bool isShort)
    {
        report.Begin("scale-pages",
            $"pages of one holder on one silo, announced by one simulated web node, and again {Together} in one call; idle: nothing is said for 10 s; memory is what is resident, garbage included",
            "pages", "KiB a page", "us to make", "idle CPU %", "us to renew", "cores to renew", "us to end");
        await using var simulated = await SimulatedNodes.Start();
        var node = simulated.Add();
        // So many before, so that a cold start is not what is measured.
        await Announce(-2_000, 0, holders: 1);
        await Announce(-2_000, 0, holders: 0);
        var (before, made) = (simulated.Silo.MiB, 0);
        int[] sizes = isShort ? [2_000, 4_000] : [100_000, 250_000, 500_000, 1_000_000];
        foreach (var pages in sizes)
        {
            var make = await Announce(made, pages, holders: 1);
            made = pages;
            await Task.Delay(TimeSpan.FromSeconds(isShort ? 1 : 5));
            var idle = simulated.Silo.CpuSeconds;
            await Task.Delay(TimeSpan.FromSeconds(isShort ? 2 : 10));
            idle = (simulated.Silo.CpuSeconds - idle) / (isShort ? 2 : 10) * 100;
            var memory = simulated.Silo.MiB - before;
            var renew = await Renew(Math.Min(pages, 100_000));
            report.Row(("pages", pages), ("kib_a_page", Math.Round(memory * 1024 / pages, 2)), ("make_us", make), ("idle_cpu_percent", Math.Round(idle, 1)), ("renew_us", renew),
                ("cores_to_renew", Math.Round(pages / RenewEvery.TotalSeconds * renew / 1e6, 2)), ("end_us", pages == sizes[^1] ? await Announce(0, pages, holders: 0) : "-"));
        }

        async Task<double> Renew(int count)
        {
            var silo = (await node.Announce(Page(0), holders: 1)).Silo;
            var cpu = simulated.Silo.CpuSeconds;
            await Parallel.ForEachAsync(Enumerable.Range(0, count).Chunk(Together), new ParallelOptions { MaxDegreeOfParallelism = 4 },
                async (some, _) => await node.Renew(some.Select(Page), holders: 1, silo));
            return Math.Round((simulated.Silo.CpuSeconds - cpu) * 1e6 / count, 1);
        }

        static ContentHash Page(int i) => ContentHash.Of(BitConverter.GetBytes(i));

        // The silo's CPU for each, in microseconds.
        async Task<double> Announce(int from, int to, int holders)
        {
            var cpu = simulated.Silo.CpuSeconds;
            await Parallel.ForAsync(from, to, new ParallelOptions { MaxDegreeOfParallelism = 256 },
                async (i, _) =>
                {
                    // As a real node: what was not answered is said again.
                    for (var tries = 0; tries < 10; tries++)
                    {
                        try
                        {
                            await node.Announce(Page(i), holders);
                            return;
                        }
                        catch (TimeoutException)
                        {
                        }
                    }
                    throw new TimeoutException("The silo does not answer.");
                });
            return Math.Round((simulated.Silo.CpuSeconds - cpu) * 1e6 / (to - from), 1);
        }
    }

    /// <summary>Visitors come 500 a second and hold, ten to a page or all of them one.</summary>
    public static async Task OneNode(Report report, bool isShort)
    {
        report.Begin("scale-node",
            "visitors come to one web node, 500 a second, get a page of 1 KiB and hold it; whole server; idle: 5 s in which nobody comes",
            "visitors", "a page", "got it", "CPU ms a visitor", "KiB a visitor", "uploads", "idle CPU %");
        foreach (var aPage in new[] { 10, int.MaxValue })
            foreach (var visitors in isShort ? [200] : new[] { 500, 1_000, 2_000, 4_000, 8_000 })
            {
                await using var server = await Server.Start("--Ephemeral:PingInterval=00:01:00", "--Ephemeral:SilenceLimit=00:05:00");
                await Visit(server, 200, aPage);
                var (cpu, memory) = (server.CpuSeconds, server.MiB);
                var came = await Visit(server, visitors, aPage);
                await Task.Delay(TimeSpan.FromSeconds(3));
                (cpu, memory) = (server.CpuSeconds - cpu, server.MiB - memory);
                var idle = server.CpuSeconds;
                await Task.Delay(TimeSpan.FromSeconds(5));
                idle = (server.CpuSeconds - idle) / 5;
                report.Row(("visitors", visitors), ("a_page", Math.Min(aPage, visitors)), ("got", came.Count), ("cpu_ms", Math.Round(cpu * 1000 / visitors, 2)),
                    ("kib", Math.Round(memory * 1024 / visitors, 1)), ("uploads", came.Sum(visitor => visitor.Uploads)), ("idle_cpu_percent", Math.Round(idle * 100, 1)));
                report.Promise(came.Count == visitors, "everybody has the page");
                came.ForEach(visitor => visitor.Dispose());
            }
    }

    private static async Task<List<BenchVisitor>> Visit(Server server, int visitors, int aPage)
    {
        var came = new List<BenchVisitor>(visitors);
        var (page, frame) = ("", Array.Empty<byte>());
        var start = Stopwatch.GetTimestamp();
        for (var i = 0; i < visitors; i++)
        {
            var wait = TimeSpan.FromSeconds(i / 500.0) - Stopwatch.GetElapsedTime(start);
            if (wait > TimeSpan.FromMilliseconds(10))
                await Task.Delay(wait);
            var visitor = new BenchVisitor();
            came.Add(visitor);
            await visitor.Connect(server.Address);
            if (i % aPage == 0)
            {
                (page, frame) = BenchVisitor.Blob(1024);
                var proven = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                _ = visitor.Hold(page, frame, proven);
                await proven.Task.WaitAsync(TimeSpan.FromSeconds(30));
                continue;
            }
            await visitor.Say("want", page);
            await visitor.ReceiveBlob(page).WaitAsync(TimeSpan.FromSeconds(30));
            _ = visitor.Hold(page, frame);
        }
        return came;
    }
}
