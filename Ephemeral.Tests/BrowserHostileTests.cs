using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Ephemeral.Tests;

/// <summary>A stranger's page is shown in a box: it can't reach the app around it, the reader's storage, or anybody elsewhere.</summary>
public sealed class BrowserHostileTests(BrowserStage stage) : BrowserTest(stage)
{
    // What the browser says about each thing that it keeps such a page from doing.
    private const string Blocked = "/view|about:srcdoc|blob:|elsewhere|127\\.0\\.0\\.2|sandboxed|Content Security Policy|csp|Failed to fetch";

    [BrowserFact]
    public async Task Without_the_box_the_hostile_page_does_reach_the_other_host()
    {
        var elsewhere = await Ending(BrowserElsewhere.Start(BrowserHostilePage.Html("No box", boxed: false)));
        var careless = await Person("careless");
        careless.Expects(".");
        await careless.Page.GotoAsync(elsewhere.Unboxed);
        await Expect(careless.Page.GetByText("All tried.")).ToBeVisibleAsync();
        var silent = BrowserHostilePage.Live.Except(elsewhere.Hits.Select(hit => hit.Split('/')[0])).ToList();
        Assert.True(silent.Count == 0, $"These attempts reach nobody anyhow: {string.Join(", ", silent)}");
    }

    [BrowserFact]
    public async Task With_scripts_off_a_hostile_page_reaches_nobody_and_nothing_of_it_runs()
    {
        var (reader, elsewhere) = await ReadsHostilePage();
        await Loaded(reader);
        await Expect(reader.Guest.GetByText("Nothing tried.")).ToBeVisibleAsync();
        Assert.False(await Frame(reader).EvaluateAsync<bool>("() => 'outcomes' in window"), "a script of the page has run");
        await Expect(reader.Main.GetByText(new Regex("^\\d+ things from elsewhere not loaded\\.$"))).ToBeVisibleAsync();
        await AssertNobodyWasReached(elsewhere);
    }

    [BrowserFact]
    public async Task With_scripts_on_a_hostile_page_reaches_nobody()
    {
        var (reader, elsewhere) = await ReadsHostilePage();
        await reader.RunScripts();
        await Expect(reader.Guest.GetByText("All tried.")).ToBeVisibleAsync();
        Assert.Equal([], elsewhere.Hits);
        Assert.Single(reader.Context.Pages);
        Assert.StartsWith(Stage.Web.Address.ToString(), reader.Page.Url, StringComparison.Ordinal);
    }

    [BrowserTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_link_is_offered_and_not_followed(bool scripts)
    {
        var elsewhere = await Ending(BrowserElsewhere.Start());
        var reader = await Reads(Fresh($"<p><a href='{elsewhere.Address}/link'>A link</a> <a href='/other'>Nowhere</a> <a href='#there'>Down</a><p id=there>"));
        if (scripts) await reader.RunScripts();
        await reader.ClickInPage("A link");
        await reader.Sees("This page wants to open");
        await Expect(reader.Page.GetByRole(AriaRole.Link, new() { Name = "Open", Exact = true })).ToHaveAttributeAsync("href", elsewhere.Address + "/link");
        await reader.Button("Dismiss").ClickAsync();
        await reader.ClickInPage("Nowhere");
        await reader.Sees("That link leads nowhere: a page here has no neighbours.");
        await reader.Button("Dismiss").ClickAsync();
        await reader.ClickInPage("Down");
        await reader.SeesPage("A link");
        await AssertNobodyWasReached(elsewhere);
    }

    [BrowserFact]
    public async Task With_scripts_on_the_app_around_the_page_and_what_it_stores_are_out_of_reach()
    {
        // Each is tried in the page and in a frame that the page makes, whose globals nobody has touched.
        var reader = await Reads(Fresh("""
            <p id=said>Not yet.</p>
            <script>
              const tries = w => ({
                'parent.document': () => w.parent.parent.document ?? w.parent.document,
                'parent.location.href': () => parent.location.href,
                'parent.name': () => parent.name,
                'top.name': () => top.name,
                'parent.localStorage': () => parent.localStorage,
                'parent.indexedDB': () => parent.indexedDB,
                'localStorage': () => w.localStorage.getItem('secret') ?? (() => { throw 'not there'; })(),
                'sessionStorage': () => w.sessionStorage.getItem('secret') ?? (() => { throw 'not there'; })(),
                'document.cookie': () => w.document.cookie,
                'indexedDB': () => w.indexedDB.open('ephemeral'),
                'caches': async () => (await w.caches.keys()),
                'locks': async () => (await w.navigator.locks.query()),
                'serviceWorker': async () => (await w.navigator.serviceWorker.getRegistrations()),
                'storage': async () => (await w.navigator.storage.getDirectory()),
              });
              addEventListener('load', async () => {
                const inner = document.createElement('iframe');
                inner.srcdoc = '<p>inner';
                await new Promise(done => { inner.onload = done; document.body.append(inner); });
                const reached = [];
                for (const w of [window, inner.contentWindow])
                  for (const [name, reach] of Object.entries(tries(w)))
                    try { const got = await reach(); reached.push(`${w === window ? 'page' : 'inner'} ${name}: ${got}`); } catch {}
                document.getElementById('said').textContent = `origin ${origin}; reached: ${reached.join(', ') || 'nothing'}.`;
              });
            </script>
            """));
        await reader.Page.EvaluateAsync("() => { localStorage.setItem('secret', 'x'); sessionStorage.setItem('secret', 'x'); document.cookie = 'secret=x'; }");
        await reader.RunScripts();
        await Expect(reader.Guest.Locator("#said")).ToHaveTextAsync("origin null; reached: nothing.");
        // Nor is it in the group that the shell is kept apart in.
        Assert.True(await reader.Page.EvaluateAsync<bool>("() => crossOriginIsolated"));
        Assert.False(await Frame(reader).EvaluateAsync<bool>("() => crossOriginIsolated"));
    }

    [BrowserFact]
    public async Task A_page_that_leaves_its_box_is_offered_again_and_reaches_nobody()
    {
        var elsewhere = await Ending(BrowserElsewhere.Start());
        var reader = await Reads(Fresh($"<p>Leaving soon.<script>location = '{elsewhere.Address}/away'</script>"));
        await reader.SeesPage("Leaving soon.");
        await reader.Button("Run scripts").ClickAsync();
        await reader.Button("Run them").ClickAsync();
        await reader.Sees("The page tried to leave its frame.");
        await reader.Button("Show it again").ClickAsync();
        await reader.SeesPage("Leaving soon.");
        await reader.Sees("A stranger's page. Scripts are off.");
        await reader.SeesViewing(2);
        Assert.Equal([], elsewhere.Hits);
    }

    [BrowserFact]
    public async Task A_page_that_sends_its_reader_away_without_scripts_is_just_shown()
    {
        var elsewhere = await Ending(BrowserElsewhere.Start());
        var reader = await Reads(Fresh($"<meta http-equiv=refresh content='0;url={elsewhere.Address}/away'><p>Still here."));
        await Loaded(reader);
        await reader.SeesPage("Still here.");
        await AssertNobodyWasReached(elsewhere);
    }

    [BrowserFact]
    public async Task A_page_that_spins_does_not_stop_the_holding()
    {
        var page = TestBlob.Text(Fresh("<p>Round and round.<script>console.log('spinning'); while (true);</script>"));
        var holder = await Person("holder");
        holder.Expects(Blocked);
        await holder.Create(System.Text.Encoding.UTF8.GetString(page.Bytes));
        await holder.SeesPage("Round and round.");
        var spinning = holder.Page.WaitForConsoleMessageAsync(new() { Predicate = message => message.Text == "spinning" });
        await holder.Button("Run scripts").ClickAsync();
        await holder.Button("Run them").ClickAsync();
        await spinning;

        var reader = await Person("reader");
        await reader.Visit(page.Name);
        await reader.SeesPage("Round and round.");
        await reader.SeesViewing(2);

        await holder.Sees("The page does not respond. You still hold it.");
        await holder.Button("Stop it").ClickAsync();
        await holder.Sees("Stopped. You still hold the page.");
        await holder.SeesViewing(2);
    }

    [BrowserFact]
    public async Task The_view_opened_by_itself_has_no_origin_and_does_nothing()
    {
        var person = await Person("person");
        await person.Visit("view");
        Assert.Equal("null", await person.Page.EvaluateAsync<string>("() => self.origin"));
        await person.Page.EvaluateAsync("() => { const { port1 } = new MessageChannel(); postMessage({ html: '<p>written', scripts: true }, '*', [port1]); }");
        await Expect(person.Page.GetByText("written")).ToHaveCountAsync(0);
        Assert.Equal("A page", await person.Page.TitleAsync());
    }

    [BrowserFact]
    public async Task The_raw_bytes_of_a_hostile_page_are_saved_and_never_shown()
    {
        var page = TestBlob.Text(Fresh("<script>document.title = 'run'</script>"));
        await using var holder = await Stage.Web.Visitor("holder");
        holder.Gives(page);
        await holder.Hold(page);
        await holder.NextStatus(page, "holder");
        var person = await Person("person");
        await person.Visit();
        var download = await person.Page.RunAndWaitForDownloadAsync(() => person.Page.EvaluateAsync("to => { location = to; }", $"/{page.Name}/raw"));
        Assert.Equal(page.Bytes, await File.ReadAllBytesAsync(await download.PathAsync()));
        Assert.Equal(person.LinkTo(""), person.Page.Url);
    }

    [BrowserFact]
    public async Task Names_of_files_and_pictures_that_are_programs_reach_nobody()
    {
        var elsewhere = await Ending(BrowserElsewhere.Start());
        string Reach(string by) => $"{elsewhere.Address}/{by}";
        var svg = $"""
            <svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="31" height="17" onload="fetch('{Reach("onload")}')">
              <?xml-stylesheet href="{Reach("sheet")}"?><style>@import url("{Reach("import")}"); rect {"{"} fill: url("{Reach("fill")}#a") {"}"}</style>
              <script href="{Reach("script")}"/><script>fetch("{Reach("fetch")}")</script><image href="{Reach("image")}" width="9" height="9"/><use xlink:href="{Reach("use")}#a"/>
              <foreignObject width="9" height="9"><img xmlns="http://www.w3.org/1999/xhtml" src="{Reach("foreign")}"/></foreignObject><rect width="9" height="9"/>
            </svg>
            """;
        var name = $"<img src={Reach("name").Replace("/", "&#47;", StringComparison.Ordinal)}>.svg";
        var page = TestPage.Of("files", 262144, "", null,
            (name, "image/svg+xml", System.Text.Encoding.UTF8.GetBytes(svg)), ("<svg onload=fetch('name')>", $"text/html;<img src={Reach("type")}>", System.Text.Encoding.UTF8.GetBytes(Fresh("x"))));
        await Holder(page);
        var reader = await Person("reader");
        reader.Expects(Blocked);
        await reader.Visit(page.Root.Name);
        await reader.Sees(name);
        await reader.Button($"Look at {name}").ClickAsync();
        await Expect(reader.Main.Locator("img")).ToHaveJSPropertyAsync("naturalWidth", 31);
        await AssertNobodyWasReached(elsewhere);
    }

    // The one way out that no policy of today's browsers closes: open only to scripts, and the reader is told before.
    [BrowserFact]
    public async Task A_call_by_WebRTC_needs_scripts_and_who_lets_them_run_is_told_of_it_first()
    {
        using var elsewhere = new UdpClient(new IPEndPoint(IPAddress.Parse("127.0.0.2"), 0));
        var port = ((IPEndPoint)elsewhere.Client.LocalEndPoint!).Port;
        var reader = await Reads(Fresh($$"""
            <p id=said>Not called.</p>
            <script>
              const call = new RTCPeerConnection({ iceServers: [{ urls: 'stun:127.0.0.2:{{port}}' }] });
              call.createDataChannel('x');
              call.setLocalDescription().then(() => { document.getElementById('said').textContent = 'Called.'; });
            </script>
            """));
        await Loaded(reader);
        await reader.SeesPage("Not called.");
        Assert.Equal(0, elsewhere.Available);
        await reader.Button("Run scripts").ClickAsync();
        await reader.Sees("Today's browsers leave a gap in it: a script can still send word to its author");
        await reader.SeesPage("Not called.");
        Assert.Equal(0, elsewhere.Available);
        // And it would have been seen.
        using var seen = new UdpClient();
        await seen.SendAsync(new byte[] { 1 }, "127.0.0.2", port);
        Assert.Equal([1], (await elsewhere.ReceiveAsync()).Buffer);
    }

    private async Task<(BrowserPerson Reader, BrowserElsewhere Elsewhere)> ReadsHostilePage()
    {
        var elsewhere = await Ending(BrowserElsewhere.Start());
        var reader = await Reads(BrowserHostilePage.Html(Fresh("Hostile")).Replace(BrowserElsewhere.Placeholder, elsewhere.Address, StringComparison.Ordinal));
        await Expect(reader.Guest.GetByText("The end.")).ToBeVisibleAsync();
        return (reader, elsewhere);
    }

    /// <summary>Somebody who opens a page with this HTML that somebody else holds.</summary>
    private async Task<BrowserPerson> Reads(string html)
    {
        var page = TestBlob.Text(html);
        await Holder(new TestPage(page, []));
        var reader = await Person("reader");
        reader.Expects(Blocked);
        await reader.Visit(page.Name);
        await reader.Sees("A stranger's page. Scripts are off.");
        return reader;
    }

    private static IFrame Frame(BrowserPerson reader) => reader.Page.Frames.Single(frame => frame.ParentFrame == reader.Page.MainFrame);

    /// <summary>Waits until all that the page loads has been loaded or refused.</summary>
    private static async Task Loaded(BrowserPerson reader) =>
        await Frame(reader).EvaluateAsync("() => document.readyState === 'complete' || new Promise(done => addEventListener('load', () => done(true)))");

    private static async Task AssertNobodyWasReached(BrowserElsewhere elsewhere)
    {
        Assert.Equal([], elsewhere.Hits);
        Assert.Equal(0, elsewhere.Connections);

        // And it would have been seen.
        using var http = new HttpClient();
        await http.GetAsync(new Uri(elsewhere.Address + "/seen"));
        Assert.Equal(["seen"], elsewhere.Hits);
        Assert.Equal(1, elsewhere.Connections);
    }
}
