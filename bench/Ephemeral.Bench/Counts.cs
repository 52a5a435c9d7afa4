using System.Diagnostics;

namespace Ephemeral.Bench;

/// <summary>Everybody on a crowded page is told how many they are.</summary>
internal static class Counts
{
    public static async Task Run(Report report, bool isShort)
    {
        var count = isShort ? 500 : 3000;
        report.Begin("counts",
            "visitors come to one page of 1 KiB as fast as the program can bring them, then half of them leave at once; right is how long after the last change all who are there have been told the right number; one process",
            "what", "visitors", "took s", "right s", "status messages", "most in 1 s for one", "server CPU s", "own CPU s", "limit");
        await using var site = await Site.OneProcess();
        var (page, frame) = BenchVisitor.Blob(1 << 10);
        var visitors = Enumerable.Range(0, count).Select(_ => new BenchVisitor()).ToList();

        var took = 0.0;
        var right = (double?)null;
        var cost = await Cost.Of(() => site.CpuSeconds, async () =>
        {
            var start = Stopwatch.GetTimestamp();
            await Parallel.ForEachAsync(visitors, new ParallelOptions { MaxDegreeOfParallelism = 100 }, async (visitor, _) =>
            {
                await visitor.Connect(site.First);
                await visitor.BecomeHolder(page, frame);
                // Its own joining was answered; what comes now is news of others.
                visitor.Statuses.Reset();
            });
            took = Stopwatch.GetElapsedTime(start).TotalSeconds;
            right = await Right(visitors, count);
        });
        Row("joined", visitors, took, right, cost);

        var (leave, stay) = (visitors[..(count / 2)], visitors[(count / 2)..]);
        stay.ForEach(visitor => visitor.Statuses.Reset());
        cost = await Cost.Of(() => site.CpuSeconds, async () =>
        {
            var start = Stopwatch.GetTimestamp();
            leave.ForEach(visitor => visitor.Dispose());
            took = Stopwatch.GetElapsedTime(start).TotalSeconds;
            right = await Right(stay, stay.Count);
        });
        Row("half left", stay, took, right, cost);
        stay.ForEach(visitor => visitor.Dispose());

        void Row(string what, List<BenchVisitor> there, double took, double? right, Cost cost)
        {
            report.Row(("what", what), ("visitors", there.Count), ("took_s", Math.Round(took, 2)), ("right_s", right is null ? "never" : Math.Round(right.Value, 2)),
                ("statuses", there.Sum(visitor => visitor.Statuses.Count)), ("most_in_a_second", there.Max(visitor => visitor.Statuses.MostInASecond)),
                ("server_cpu_s", Math.Round(cost.ServerCpu, 2)), ("own_cpu_s", Math.Round(cost.OwnCpu, 2)), ("limit", cost.Limit));
            report.Promise(right is not null, "all are told the right number in the end");
        }
    }

    // Seconds until all know; null when they don't within a minute.
    private static async Task<double?> Right(List<BenchVisitor> visitors, int holders)
    {
        for (var start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start).TotalSeconds < 60; await Task.Delay(10))
            if (visitors.TrueForAll(visitor => visitor.Statuses.Holders == holders))
                return Stopwatch.GetElapsedTime(start).TotalSeconds;
        return null;
    }
}
