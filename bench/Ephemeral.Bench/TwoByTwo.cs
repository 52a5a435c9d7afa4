namespace Ephemeral.Bench;

/// <summary>The same over two silos and two web nodes, joined by Redis, as in one process.</summary>
internal static class TwoByTwo
{
    public static async Task Run(Report report, bool isShort)
    {
        var visits = isShort ? 50 : 500;
        report.Begin("two-by-two time-to-content",
            "as time-to-content, one holder; in one process, and with two silos and two web nodes, where the holder is on one node and the visitor on the other; milliseconds",
            [.. TimeToContent.Columns("processes")]);
        foreach (var bytes in new[] { 1 << 10, 64 << 10, 1 << 20 })
        {
            await using var one = await Site.OneProcess();
            await TimeToContent.Measure(report, one, ("processes", $"1, {Size(bytes)}"), bytes, 1, visits);
            await using var two = await Site.TwoByTwo();
            await TimeToContent.Measure(report, two, ("processes", $"2 + 2, {Size(bytes)}"), bytes, 1, visits);
        }
        await using var site = await Site.TwoByTwo();
        report.Begin("two-by-two crowd", "as crowd, on two web nodes by turns; the holder is on the first", [.. Crowd.Columns("visitors")]);
        await Crowd.Measure(report, site, ("visitors", isShort ? 200 : 1000), isShort ? 200 : 1000);
        report.Begin("two-by-two churn", "as churn; the page is made on one node and fetched from the other", [.. Churn.Columns("connections")]);
        foreach (var stay in new[] { false, true })
            await Churn.Measure(report, site, ("connections", stay ? "stay" : "new"), stay, isShort ? 3 : 15);
    }

    private static string Size(int bytes) => bytes < 1 << 20 ? $"{bytes >> 10} KiB" : $"{bytes >> 20} MiB";
}
