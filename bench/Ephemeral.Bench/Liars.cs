using System.Diagnostics;
using System.Net.WebSockets;

namespace Ephemeral.Bench;

/// <summary>One honest holder among others that lie or say nothing.</summary>
internal static class Liars
{
    private const int Bytes = 16 << 10;

    public static async Task Run(Report report, bool isShort)
    {
        report.Begin("liars",
            "a page of 16 KiB with one honest holder and others that say they hold it too, and give wrong bytes, or nothing; they come back when they are thrown out; visitors come one after the other, in five lanes, and leave again; one process",
            "others", "how many", "visitors", "got it", "wrong bytes", "median ms", "p95", "max", "lies thrown out");
        foreach (var (lie, count) in new[] { (true, 1), (true, 20), (false, 1), (false, 20), (false, 200) })
            await Measure(report, lie, count, visits: isShort ? 10 : 50);
    }

    private static async Task Measure(Report report, bool lie, int count, int visits)
    {
        await using var site = await Site.OneProcess();
        var (page, frame) = BenchVisitor.Blob(Bytes);
        using var over = new CancellationTokenSource();
        var lies = 0;
        // They are there first: there is nobody better to ask yet.
        var others = Enumerable.Range(0, count).Select(_ => Task.Run(async () =>
        {
            while (!over.IsCancellationRequested)
                Interlocked.Add(ref lies, await Lie(site.First, page, frame, lie, over.Token));
        })).ToList();
        await Task.Delay(500);
        using var honest = new BenchVisitor();
        await honest.Connect(site.First);
        _ = honest.Hold(page, frame);

        var (waits, wrong) = (new List<double>(), 0);
        await Task.WhenAll(Enumerable.Range(0, 5).Select(async _ =>
        {
            for (var i = 0; i < visits / 5; i++)
            {
                using var visitor = new BenchVisitor();
                var start = Stopwatch.GetTimestamp();
                await visitor.Connect(site.First);
                await visitor.Say("want", page);
                try
                {
                    await visitor.ReceiveBlob(page).WaitAsync(TimeSpan.FromSeconds(30));
                    lock (waits)
                        waits.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
                }
                catch (TimeoutException)
                {
                    // Counted as one who did not get it.
                }
                catch (InvalidOperationException)
                {
                    Interlocked.Increment(ref wrong);
                }
            }
        }));
        await over.CancelAsync();
        await Task.WhenAll(others);
        waits.Sort();
        report.Row(("others", lie ? "lie" : "are mute"), ("count", count), ("visitors", visits), ("got", waits.Count), ("wrong", wrong),
            ("median_ms", Report.At(waits, 0.5)), ("p95_ms", Report.At(waits, 0.95)), ("max_ms", Report.At(waits, 1)), ("lies", lies));
        report.Promise(waits.Count == visits && wrong == 0, "every visitor has the right page");
    }

    // Holds until it is thrown out or the scenario is over; answers how often it lied.
    private static async Task<int> Lie(Uri node, string page, byte[] frame, bool lie, CancellationToken over)
    {
        var lies = 0;
        using var visitor = new BenchVisitor();
        using var leaving = over.Register(visitor.Dispose);
        try
        {
            await visitor.Connect(node);
            await visitor.Say("hold", page);
            while (true)
            {
                var (type, text) = await visitor.Receive();
                if (type == WebSocketMessageType.Close)
                    break;
                if (type != WebSocketMessageType.Text || !lie || Said.Read(text.Span).Type != SaidType.Ask)
                    continue;
                lies++;
                byte[] wrong = [.. frame];
                wrong[^1] ^= 1;
                await visitor.Send(wrong, WebSocketMessageType.Binary);
            }
        }
        catch (Exception e) when (e is WebSocketException or ObjectDisposedException or IOException or OperationCanceledException or InvalidOperationException)
        {
            // Thrown out, or over.
        }
        return lies;
    }
}
