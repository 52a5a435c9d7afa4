using System.Collections.Concurrent;
using System.Diagnostics;

namespace Ephemeral.Bench;

/// <summary>Pages that are made, fetched once and gone.</summary>
internal static class Churn
{
    private const int Workers = 32;
    private const int Bytes = 4 << 10;
    // .NET makes the code of a busy server faster for a minute, and until then spends a quarter of the processors on that.
    private const int WarmUps = 4;

    public static async Task Run(Report report, bool isShort)
    {
        report.Begin("churn",
            $"{Workers} workers; each page of 4 KiB is new: one visitor says that it holds it, another one wants it and checks it, both leave; by connections opened for it, and by connections that stay; one process; after {WarmUps} times as long to warm up",
            [.. Columns("connections")]);
        await using var site = await Site.OneProcess();
        foreach (var stay in new[] { false, true })
            await Measure(report, site, ("connections", stay ? "stay" : "new"), stay, isShort ? 3 : 15);
    }

    public static IEnumerable<string> Columns(string first) =>
        [first, "pages", "pages/s", "fetch median ms", "p95", "p99", "max", "server CPU ms a page", "own CPU ms a page", "limit"];

    public static async Task Measure(Report report, Site site, (string, object) first, bool stay, int seconds)
    {
        await Work(site, stay, TimeSpan.FromSeconds(seconds * WarmUps));
        ConcurrentBag<(string Page, double Ms)> pages = [];
        var cost = await Cost.Of(() => site.CpuSeconds, async () => pages = await Work(site, stay, TimeSpan.FromSeconds(seconds)));
        List<double> times = [.. pages.Select(page => page.Ms).Order()];
        report.Row(first, ("pages", times.Count), ("pages_per_s", Math.Round(times.Count * 1000 / cost.Ms)), ("median_ms", Report.At(times, 0.5)),
            ("p95_ms", Report.At(times, 0.95)), ("p99_ms", Report.At(times, 0.99)), ("max_ms", Report.At(times, 1)),
            ("server_cpu_ms", Math.Round(cost.ServerCpu * 1000 / times.Count, 2)), ("own_cpu_ms", Math.Round(cost.OwnCpu * 1000 / times.Count, 2)), ("limit", cost.Limit));
        report.Promise(await AreGone(site, [.. pages.Take(100).Select(page => page.Page)]), "pages are gone when their visitors have left");
    }

    private static async Task<ConcurrentBag<(string, double)>> Work(Site site, bool stay, TimeSpan time)
    {
        var done = new ConcurrentBag<(string, double)>();
        var start = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, Workers).Select(worker => Task.Run(async () =>
        {
            BenchVisitor? holder = null, visitor = null;
            var frames = new ConcurrentDictionary<string, byte[]>();
            while (Stopwatch.GetElapsedTime(start) < time)
            {
                if (holder is null)
                {
                    (holder, visitor) = (new BenchVisitor(), new BenchVisitor());
                    await holder.Connect(site.First);
                    _ = holder.Answer(frames);
                    await visitor.Connect(site.Last);
                }
                var (page, frame) = BenchVisitor.Blob(Bytes);
                frames[page] = frame;
                await holder.Say("hold", page);
                var asked = Stopwatch.GetTimestamp();
                await visitor!.Say("want", page);
                await visitor.ReceiveBlob(page).WaitAsync(TimeSpan.FromSeconds(30));
                done.Add((page, Stopwatch.GetElapsedTime(asked).TotalMilliseconds));
                if (stay)
                {
                    await visitor.Say("release", page);
                    await holder.Say("release", page);
                    frames.Remove(page, out _);
                }
                else
                {
                    visitor.Dispose();
                    holder.Dispose();
                    (holder, visitor) = (null, null);
                    frames.Clear();
                }
            }
            visitor?.Dispose();
            holder?.Dispose();
        })));
        return done;
    }

    private static async Task<bool> AreGone(Site site, List<string> pages)
    {
        for (var start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start).TotalSeconds < 35; await Task.Delay(200))
            if ((await Task.WhenAll(pages.Select(page => Cluster.Health(site.First, page)))).All(health => health is { Holders: 0, Waiters: 0 }))
                return true;
        return false;
    }
}
