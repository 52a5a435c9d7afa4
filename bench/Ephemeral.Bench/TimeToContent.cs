using System.Diagnostics;

namespace Ephemeral.Bench;

/// <summary>How long a visitor waits for a page that somebody holds.</summary>
internal static class TimeToContent
{
    public static async Task Run(Report report, bool isShort)
    {
        report.Begin("time-to-content",
            "one visitor after the other, from before the socket is opened to verified content in hand; one process; milliseconds",
            "bytes", "holders", "visits", "median", "p95", "p99", "max", "connect", "server CPU ms a visit");
        foreach (var bytes in new[] { 1 << 10, 64 << 10, (1 << 20) })
            foreach (var holders in isShort ? [1] : new[] { 1, 10, 100 })
                await Measure(report, bytes, holders, visits: isShort ? 50 : 400);
    }

    private static async Task Measure(Report report, int bytes, int holders, int visits)
    {
        await using var server = await Server.Start();
        var (page, frame) = BenchVisitor.Blob(bytes);
        var holding = new List<BenchVisitor>();
        for (var i = 0; i < holders; i++)
        {
            var holder = new BenchVisitor();
            holding.Add(holder);
            await holder.Connect(server.Address);
            var proven = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _ = holder.Hold(page, frame, proven);
            await proven.Task.WaitAsync(TimeSpan.FromSeconds(30));
        }

        // The first visits warm both programs up and are not counted.
        var warm = visits / 4;
        var (times, connects) = (new List<double>(visits), new List<double>(visits));
        var cpu = 0.0;
        for (var i = -warm; i < visits; i++)
        {
            if (i == 0)
                cpu = server.CpuSeconds;
            using var visitor = new BenchVisitor();
            var start = Stopwatch.GetTimestamp();
            await visitor.Connect(server.Address);
            var connected = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            await visitor.Say("want", page);
            await visitor.ReceiveBlob(page);
            if (i < 0)
                continue;
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            connects.Add(connected);
        }
        cpu = (server.CpuSeconds - cpu) * 1000 / visits;
        times.Sort();
        connects.Sort();
        report.Row(("bytes", bytes), ("holders", holders), ("visits", visits), ("median_ms", Report.At(times, 0.5)), ("p95_ms", Report.At(times, 0.95)),
            ("p99_ms", Report.At(times, 0.99)), ("max_ms", Report.At(times, 1)), ("connect_ms", Report.At(connects, 0.5)), ("cpu_ms", Math.Round(cpu, 2)));
        holding.ForEach(holder => holder.Dispose());
    }
}
