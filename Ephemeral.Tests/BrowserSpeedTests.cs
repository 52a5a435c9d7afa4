using System.IO.Compression;
using Xunit;

namespace Ephemeral.Tests;

/// <summary>What the first view takes over the network. How long it takes is measured elsewhere: a test that is timed is a test that fails.</summary>
public sealed class BrowserSpeedTests(BrowserStage stage) : BrowserTest(stage)
{
    private const int Most = 60 * 1024;

    [BrowserFact]
    public async Task The_first_view_is_under_60_KiB()
    {
        var person = await Person("person");
        List<Microsoft.Playwright.IRequest> requests = [];
        person.Page.RequestFinished += (_, request) => requests.Add(request);
        await person.Visit();
        await person.Sees("alive, held by");
        List<(string Path, int Bytes)> sizes = [];
        foreach (var request in requests.Where(request => request.Url.StartsWith("http", StringComparison.Ordinal)).ToList())
            sizes.Add((new Uri(request.Url).AbsolutePath, Compressed(await (await request.ResponseAsync())!.BodyAsync())));
        Assert.Contains(sizes, size => size.Path == "/");
        Assert.Contains(sizes, size => size.Path.StartsWith("/assets/index", StringComparison.Ordinal) && size.Bytes > 1024);
        Assert.True(sizes.Sum(size => size.Bytes) < Most, string.Join('\n', sizes));
    }

    // As gzip does it; a published site has brotli, too, which is smaller.
    private static int Compressed(byte[] body)
    {
        using var compressed = new MemoryStream();
        using (var gzip = new GZipStream(compressed, CompressionLevel.SmallestSize, leaveOpen: true))
            gzip.Write(body);
        return (int)compressed.Length;
    }

    [BrowserFact]
    public async Task Nothing_jumps_while_the_first_view_comes_together()
    {
        var person = await Person("person");
        await person.Page.AddInitScriptAsync("window.shift = 0; new PerformanceObserver(list => { for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shift += entry.value; }).observe({ type: 'layout-shift', buffered: true });");
        await person.Visit();
        await person.Sees("alive, held by");
        Assert.InRange(await person.Page.EvaluateAsync<double>("() => window.shift"), 0, 0.02);
        var page = await person.Create(Fresh("Nothing jumps"));
        await person.SeesPage("Nothing jumps");
        var reader = await Person("reader");
        await reader.Page.AddInitScriptAsync("window.shift = 0; new PerformanceObserver(list => { for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shift += entry.value; }).observe({ type: 'layout-shift', buffered: true });");
        await reader.Visit(page);
        await reader.SeesPage("Nothing jumps");
        Assert.InRange(await reader.Page.EvaluateAsync<double>("() => window.shift"), 0, 0.1);
    }
}
