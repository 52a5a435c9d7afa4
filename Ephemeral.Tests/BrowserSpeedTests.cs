using System.IO.Compression;
using Xunit;

namespace Ephemeral.Tests;

/// <summary>What the first view takes over the network. How long it takes is measured elsewhere: a test that is timed is a test that fails.</summary>
public sealed class BrowserSpeedTests(BrowserStage stage) : BrowserTest(stage)
{
    private const int Most = 60 * 1024;

    private const string Shift = """
        window.shift = 0;
        new PerformanceObserver(list => { for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shift += entry.value; }).observe({ type: 'layout-shift', buffered: true });
        """;

    private const string PulseMoves = """
        () => {
          const bottom = () => document.querySelector('.site').getBoundingClientRect().bottom;
          const [now, pulse] = [bottom(), document.querySelector('.pulse')];
          const said = pulse.textContent;
          pulse.textContent = '';
          const before = bottom();
          pulse.textContent = said;
          return Math.abs(now - before);
        }
        """;

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
        await person.Page.AddInitScriptAsync(Shift);
        await person.Visit();
        await person.Sees("alive, held by");
        Assert.InRange(await person.Page.EvaluateAsync<double>("() => window.shift"), 0, 0.02);
        // The pulse comes later than the first paint; its place is there before.
        Assert.Equal(0, await person.Page.EvaluateAsync<double>(PulseMoves));

        var phone = await Person("phone", options: new() { ViewportSize = new() { Width = 390, Height = 844 } });
        await phone.Page.AddInitScriptAsync(Shift);
        await phone.Visit("how");
        await phone.SeesHeading("Who can read this?");
        Assert.InRange(await phone.Page.EvaluateAsync<double>("() => window.shift"), 0, 0.02);

        var page = await person.Create(Fresh("Nothing jumps"));
        await person.SeesPage("Nothing jumps");
        var reader = await Person("reader");
        await reader.Page.AddInitScriptAsync(Shift);
        await reader.Visit(page);
        await reader.SeesPage("Nothing jumps");
        Assert.InRange(await reader.Page.EvaluateAsync<double>("() => window.shift"), 0, 0.1);
    }
}
