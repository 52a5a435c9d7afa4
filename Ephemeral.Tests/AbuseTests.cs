using System.Net;
using Ephemeral.Tests.Fixtures;
using Ephemeral.Web;
using Microsoft.Extensions.Options;
using Xunit;

namespace Ephemeral.Tests;

/// <summary>What an operator can do about a page, and that nobody else can do anything about it.</summary>
public sealed class AbuseTests : IDisposable
{
    private readonly string _file = Path.GetTempFileName();
    private readonly TestBlob _page = TestBlob.Fresh();

    public void Dispose() => File.Delete(_file);

    [Fact]
    public async Task A_page_that_comes_onto_the_list_is_taken_from_those_who_hold_and_want_it_and_all_others_stay()
    {
        await using var web = await WebApp.Start($"--Ephemeral:BlockListFile={_file}");
        var other = TestBlob.Fresh();
        await using var holder = await web.Visitor("holder");
        await using var waiter = await web.Visitor("waiter");
        holder.Gives(_page, other);
        foreach (var page in new[] { _page, other })
        {
            await holder.Hold(page);
            await holder.NextStatus(page, "holder");
            await waiter.Want(page, root: false);
            await waiter.NextStatus(page, "waiter");
        }

        Block(_page.Name + " reported on Monday");
        await holder.NextError("blocked", _page);
        await waiter.NextError("blocked", _page);
        await holder.Hold(_page);
        await holder.NextError("blocked", _page);
        foreach (var path in new[] { $"/{_page.Name}", $"/{_page.Name}/raw", $"/{_page.Name}/files/a", $"/api/pages/{_page.Name}" })
            Assert.Equal(HttpStatusCode.UnavailableForLegalReasons, (await web.Http.GetAsync(path)).StatusCode);
        Assert.Equal(other.Bytes, await web.Http.GetByteArrayAsync($"/{other.Name}/raw"));

        // And off the list it can be held again.
        Block("# nothing");
        await Eventually(async () => (await web.Http.GetAsync($"/api/pages/{_page.Name}")).StatusCode == HttpStatusCode.OK);
        await holder.Hold(_page);
        await holder.NextStatus(_page, "holder");
    }

    [Fact]
    public async Task A_list_that_cannot_be_read_changes_nothing_and_is_said()
    {
        Block(_page.Name);
        await using var web = await WebApp.Start($"--Ephemeral:BlockListFile={_file}");
        Block("# a note", "not an address");
        await Eventually(() => Task.FromResult(web.Warnings.Any(line => line.Contains("line 2 does not begin with an address", StringComparison.Ordinal))));
        Assert.Equal(HttpStatusCode.UnavailableForLegalReasons, (await web.Http.GetAsync($"/{_page.Name}")).StatusCode);
        Assert.DoesNotContain(web.Warnings, line => line.Contains(_page.Name, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_list_with_a_line_that_is_no_address_stops_the_start_and_the_message_names_the_line()
    {
        Block("", "# fine", "https://example.org/");
        var failure = await Assert.ThrowsAsync<OptionsValidationException>(() => WebApp.Start($"--Ephemeral:BlockListFile={_file}"));
        Assert.Contains("line 3", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_node_that_blocks_a_page_does_not_fetch_it_from_one_that_does_not()
    {
        var nodes = new TwoNodes($"--Ephemeral:BlockedPages:0={_page.Name}");
        await nodes.InitializeAsync();
        // It holds the page on a node of an operator who does not block it.
        await using var holder = await TestVisitor.Connect(new Uri($"ws://{nodes.B.Authority}/ws"), "holder");
        holder.Gives(_page);
        await holder.Hold(_page);
        await holder.NextStatus(_page, "holder");
        await using var reader = await TestVisitor.Connect(new Uri($"ws://{nodes.A.Authority}/ws"), "reader");
        await reader.Want(_page);
        await reader.NextError("blocked", _page);
        await reader.Fence();
        Assert.Equal(0, reader.Came(_page));
        await nodes.DisposeAsync();
    }

    [Fact]
    public async Task Nobody_takes_a_page_from_others()
    {
        await using var web = await WebApp.Start("--Ephemeral:ReportUrl=https://example.org/report?page={page}");
        await using var holder = await web.Visitor("holder");
        holder.Gives(_page);
        await holder.Hold(_page);
        await holder.NextStatus(_page, "holder");
        await using var hostile = await web.Visitor("hostile");
        await hostile.Want(_page);
        await hostile.NextBlob(_page);
        await hostile.Release(_page);
        for (var i = 0; i < 20; i++)
        {
            await hostile.Hold(_page);
            await hostile.Miss(_page, _page);
            await hostile.Release(_page);
            await hostile.SendJson(new { type = "release", page = _page.Name, node = "all" });
        }
        foreach (var method in new[] { "POST", "PUT", "DELETE", "PATCH", "PURGE" })
            foreach (var path in new[] { $"/{_page.Name}", $"/api/pages/{_page.Name}", $"/{_page.Name}/raw", "/report", $"/report?page={_page.Name}" })
                Assert.False((await web.Http.SendAsync(new HttpRequestMessage(new HttpMethod(method), path))).IsSuccessStatusCode, $"{method} {path}");
        await using var liar = await web.Visitor("liar");
        liar.Lies();
        await liar.Hold(_page);
        Assert.Equal(4001, await liar.NextClose());

        await using var reader = await web.Visitor("reader");
        await reader.Want(_page);
        await reader.NextBlob(_page);
        await holder.NextStatus(_page, 1, 1, "holder");
        Assert.Empty(holder.Seen<ErrorCame>());
    }

    [Fact]
    public async Task Robots_may_come_and_are_told_to_keep_pages_out_of_their_indexes()
    {
        await using var web = await WebApp.Start();
        var robots = await web.Http.GetStringAsync("/robots.txt");
        Assert.DoesNotContain("Disallow: /\n", robots, StringComparison.Ordinal);
        foreach (var path in new[] { $"/{_page.Name}", $"/{_page.Name}/raw?wait=0", $"/{_page.Name}/files/a?wait=0", $"/api/pages/{_page.Name}", "/view", "/nothing" })
        {
            using var answer = await web.Http.GetAsync(path);
            Assert.Equal("noindex, nofollow, noarchive", Assert.Single(answer.Headers.GetValues("X-Robots-Tag")));
        }
        using var home = await web.Http.GetAsync("/");
        Assert.False(home.Headers.Contains("X-Robots-Tag"));
    }

    [Theory]
    [InlineData("mailto:abuse@example.org?subject={page}")]
    [InlineData("https://example.org/report?page={page}&why=\"><script>")]
    public async Task Where_to_report_is_told_to_the_client_if_it_is_configured(string url)
    {
        await using var web = await WebApp.Start($"--Ephemeral:ReportUrl={url}");
        var page = await web.Http.GetStringAsync($"/{_page.Name}");
        Assert.Contains($"<meta name=\"report\" content=\"{System.Text.Encodings.Web.HtmlEncoder.Default.Encode(url)}\"></head>", page, StringComparison.Ordinal);
        await using var none = await WebApp.Start();
        Assert.DoesNotContain("name=\"report\"", await none.Http.GetStringAsync($"/{_page.Name}"), StringComparison.Ordinal);
    }

    // With a time of its own: two changes within one tick of the file system's clock would look like one.
    private void Block(params string[] lines)
    {
        File.WriteAllLines(_file, lines);
        File.SetLastWriteTimeUtc(_file, DateTime.UnixEpoch + TimeSpan.FromSeconds(Random.Shared.Next()));
    }

    private static async Task Eventually(Func<Task<bool>> so)
    {
        using var patience = new CancellationTokenSource(TestVisitor.Patience);
        while (!await so())
            await Task.Delay(20, patience.Token);
    }
}
