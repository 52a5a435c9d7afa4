using System.Diagnostics;

namespace Ephemeral.Bench;

/// <summary>Pages of many blobs: how fast they pass, who uploads how much, and what they cost the server.</summary>
internal static class Big
{
    private const int PageMiB = 64;
    private const int Readers = 20;
    private const int SlowBytesPerSecond = 1_000_000;

    public static async Task Run(Report report, bool isShort)
    {
        await Speed(report, isShort ? (25, 5) : (220, 31));
        await Uploads(report, isShort);
        await Memory(report, isShort);
        await Http(report, isShort ? [1, 256] : [1, 256, 1024]);
    }

    private static async Task Speed(Report report, (int WarmUp, int Measured) rounds)
    {
        report.Begin("big-page",
            $"a page of {PageMiB} MiB in blobs of 256 KiB, fetched 16 at once, each checked by the server on its way, from connecting to the last one, and the same with a visitor that checks each once more, at the load program's cost; piping-server passes the same bytes in the same run, unchecked; medians of {rounds.Measured} rounds after {rounds.WarmUp} that warm up all of them, for .NET goes on making code faster for half a minute",
            "what", "ms", "MiB/s", "times piping", "server CPU s", "own CPU s");
        var page = BigPage.Of(PageMiB);
        var (piping, why) = await PipingServer.Start();
        using var _ = piping;
        if (piping is null)
            Console.Error.WriteLine($"piping-server: {why}");

        await using var single = await Server.Start();
        await using var several = await Server.Start();
        using var holder = new BigVisitor(page);
        var holders = Enumerable.Range(0, 4).Select(_ => new BigVisitor(page)).ToList();
        await holder.Hold(single.Address);
        foreach (var each in holders)
            await each.Hold(several.Address);
        var ways = new List<(string What, Func<Task<Cost>> Take)>
        {
            ("1 holder", () => Fetch(page, single, checks: false)),
            ("4 holders", () => Fetch(page, several, checks: false)),
            ("1 holder, checked again", () => Fetch(page, single, checks: true)),
            ("4 holders, checked again", () => Fetch(page, several, checks: true)),
        };
        if (piping is not null)
            ways.Add(("piping-server", () => Cost.Of(() => piping.CpuSeconds, async () => await piping.Pass(page.Frames))));
        var costs = ways.ConvertAll(_ => new List<Cost>());
        // Taken in turns, so that what else the machine does falls on all alike.
        for (var round = -rounds.WarmUp; round < rounds.Measured; round++)
            foreach (var (i, way) in ways.Index())
            {
                var cost = await way.Take();
                if (round >= 0)
                    costs[i].Add(cost);
            }
        holders.ForEach(each => each.Dispose());

        var unit = piping is null ? (double?)null : Cost.Median(costs[^1]).Ms;
        foreach (var (i, way) in ways.Index())
        {
            var cost = Cost.Median(costs[i]);
            report.Row(("what", way.What), ("ms", Math.Round(cost.Ms)), ("mib_per_s", Math.Round(PageMiB * 1000 / cost.Ms)),
                ("times_piping", unit is null ? "-" : Math.Round(cost.Ms / unit.Value, 2)), ("server_cpu_s", Math.Round(cost.ServerCpu, 2)), ("own_cpu_s", Math.Round(cost.OwnCpu, 2)));
        }
    }

    private static async Task<Cost> Fetch(BigPage page, Server server, bool checks)
    {
        using var visitor = new BigVisitor(page, checks: checks);
        return await Cost.Of(() => server.CpuSeconds, () => visitor.Fetch(server.Address));
    }

    private static async Task Uploads(Report report, bool isShort)
    {
        report.Begin("big-page uploads",
            $"one holder of {PageMiB} MiB and four visitors that say what they have, as browsers do, eight blobs at a time; uploads in pages. On fast lines who comes later finds others who hold all of it, on slow ones others who have some of it",
            "visitors come", "each gives", "of holder", "of visitors", "ms to last");
        foreach (var (how, apart, megabytes) in new[] { ("at once", 0, 0), ("0.2 s apart", 200, 0), ("1 s apart", 1000, 0), ("1 s apart", 1000, 20) })
        {
            var page = BigPage.Of(PageMiB);
            await using var server = await Server.Start();
            using var holder = new BigVisitor(page, megabytes * 1_000_000);
            await holder.Hold(server.Address);
            var visitors = Enumerable.Range(0, 4).Select(_ => new BigVisitor(page, megabytes * 1_000_000)).ToList();
            var start = Stopwatch.GetTimestamp();
            await Task.WhenAll(visitors.Select(async (visitor, i) =>
            {
                await Task.Delay(i * apart);
                await visitor.Fetch(server.Address);
            }));
            var time = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            var uploads = (double)holder.Uploads / page.Blobs.Length;
            report.Row(("visitors_come", how), ("each_gives", megabytes == 0 ? "as it can" : $"{megabytes} MB/s"), ("holder_uploads", Math.Round(uploads, 2)),
                ("visitor_uploads", Math.Round((double)visitors.Sum(visitor => visitor.Uploads) / page.Blobs.Length, 2)), ("ms", Math.Round(time)));
            report.Promise(isShort || uploads <= 1.3, "with four visitors, the holder uploads the page at most 1.3 times");
            visitors.ForEach(visitor => visitor.Dispose());
        }
    }

    /// <summary>As long as it takes: 18 minutes. Short: as many read at that pace, but not all of it.</summary>
    public static async Task SlowReaders(Report report, bool isShort)
    {
        BeginMemory(report, "slow-readers", $"what the server's resident memory grows by while {Readers} visitors who open 16 gets each read all of a page at {SlowBytesPerSecond / 1e6:0} MB a second");
        await Grow(report, Readers, isShort ? 128 : 1024, isShort ? 20 : 1300, limit: 150);
    }

    private static async Task Memory(Report report, bool isShort)
    {
        var seconds = isShort ? 20 : 90;
        BeginMemory(report, "big-page memory",
            $"what the server's resident memory grows by: one visitor at full speed; {Readers} visitors who open 16 gets each and read {SlowBytesPerSecond / 1e6:0} MB a second, of a page larger than they get to read in {seconds} s");
        await Grow(report, 1, PageMiB, seconds, limit: 40);
        await Grow(report, Readers, 128, seconds, limit: 150);
    }

    private static void BeginMemory(Report report, string name, string method) =>
        report.Begin(name, method, "visitors", "of MiB", "read MiB", "grew MiB", "half way", "server CPU s");

    private static async Task Grow(Report report, int readers, int mebibytes, int seconds, int limit)
    {
        var page = BigPage.Of(mebibytes);
        await using var server = await Server.Start();
        using (var warm = new BigVisitor(BigPage.Of(1)))
            await warm.Hold(server.Address);
        using var holder = new BigVisitor(page);
        await holder.Hold(server.Address);
        var visitors = Enumerable.Range(0, readers).Select(_ => new BigVisitor(page)).ToList();
        var (before, cpu) = (server.MiB, server.CpuSeconds);
        var fetching = Task.WhenAll(visitors.Select(visitor => visitor.Fetch(server.Address, readers == 1 ? 0 : SlowBytesPerSecond)));
        var growth = new List<double> { 0 };
        for (var start = Stopwatch.GetTimestamp(); !fetching.IsCompleted && Stopwatch.GetElapsedTime(start).TotalSeconds < seconds;)
        {
            await Task.Delay(100);
            growth.Add(server.MiB - before);
        }
        report.Row(("visitors", readers), ("of_mib", mebibytes), ("read_mib", Math.Round(visitors.Sum(visitor => visitor.GotBytes) / 1048576.0)),
            ("grew_mib", Math.Round(growth.Max())), ("half_way_mib", Math.Round(growth[..(growth.Count / 2 + 1)].Max())), ("server_cpu_s", Math.Round(server.CpuSeconds - cpu, 1)));
        report.Promise(growth.Max() < limit, $"{readers} visitors of {mebibytes} MiB: the server grows by less than {limit} MiB");
        visitors.ForEach(visitor => visitor.Dispose());
    }

    private static async Task Http(Report report, int[] sizes)
    {
        report.Begin("big-page http", $"GET /<address>/files/<name> from one holder, read as fast as it comes, after another of {PageMiB} MiB, for a process that has done nothing yet grows by its own code", "MiB", "ms", "MiB/s", "grew MiB", "server CPU s");
        foreach (var size in sizes)
        {
            await using var server = await Server.Start();
            using var http = new HttpClient();
            await Get(BigPage.Of(PageMiB));
            var page = BigPage.Of(size);
            var (before, cpu, start) = (server.MiB, server.CpuSeconds, Stopwatch.GetTimestamp());
            var peak = await Get(page);
            var ms = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            report.Row(("mib", size), ("ms", Math.Round(ms)), ("mib_per_s", Math.Round(size * 1000 / ms)),
                ("grew_mib", Math.Round(peak - before)), ("server_cpu_s", Math.Round(server.CpuSeconds - cpu, 2)));

            async Task<double> Get(BigPage page)
            {
                using var holder = new BigVisitor(page);
                await holder.Hold(server.Address);
                await using var stream = await http.GetStreamAsync(new Uri(server.Address, $"/{page.Name}/files/big.bin"));
                var (buffer, read, peak) = (new byte[256 << 10], 0L, server.MiB);
                for (int count; (count = await stream.ReadAsync(buffer)) > 0; read += count)
                    // Not at each: looking takes its time.
                    if (read >> 24 != (read + count) >> 24)
                        peak = Math.Max(peak, server.MiB);
                report.Promise(read == page.Bytes, "the whole file comes");
                return peak;
            }
        }
    }
}
