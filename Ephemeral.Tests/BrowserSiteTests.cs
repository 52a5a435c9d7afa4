using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Ephemeral.Tests;

/// <summary>A small web site made of a folder works inside the box: its styles, pictures, scripts and links, and nothing from elsewhere.</summary>
public sealed class BrowserSiteTests(BrowserStage stage) : BrowserTest(stage)
{
    private const string Blocked = "/view|about:srcdoc|blob:|elsewhere|127\\.0\\.0\\.2|sandboxed|Content Security Policy|csp|Failed to fetch";

    [BrowserFact]
    public async Task Styles_pictures_and_links_of_a_site_work_without_its_scripts()
    {
        var reader = await Reads(Site());
        await reader.Sees("my site/index.html");
        await Expect(reader.Guest.GetByRole(AriaRole.Heading)).ToHaveCSSAsync("color", "rgb(184, 58, 16)");
        await Expect(reader.Guest.GetByText("Off")).ToHaveCSSAsync("color", "rgb(0, 0, 255)");
        foreach (var picture in await reader.Guest.GetByRole(AriaRole.Img).AllAsync()) await Expect(picture).ToHaveJSPropertyAsync("naturalWidth", 7);
        await Expect(reader.Guest.Locator("body")).ToHaveCSSAsync("background-image", new Regex("^url\\(\"blob:"));
        await Expect(reader.Guest.GetByText("Off")).ToBeVisibleAsync();

        await reader.ClickInPage("About");
        await reader.Sees("my site/pages/about us.html");
        await Expect(reader.Guest.GetByText("Deep down")).ToBeVisibleAsync();
        await ScrolledTo(reader, down: true);
        await Expect(reader.Page).ToHaveTitleAsync("2 here · About us");
        await reader.ClickInPage("Up");
        await ScrolledTo(reader, down: false);
        await reader.ClickInPage("Gone");
        await reader.Sees("That link leads nowhere: the page has no such file.");
        await reader.Button("Back").ClickAsync();
        await reader.Sees("my site/index.html");
        await reader.ClickInPage("Root");
        await reader.Sees("my site/pages/about us.html");
        await reader.Button("Start page").ClickAsync();
        await Expect(reader.Guest.GetByText("Off")).ToBeVisibleAsync();
        await reader.ClickInPage("Notes");
        await Expect(reader.Main.GetByRole(AriaRole.Region, new() { Name = "my site/notes.txt" })).ToHaveTextAsync("Just notes.");
    }

    [BrowserFact]
    public async Task Scripts_of_a_site_run_on_the_readers_word_and_stay_on_from_page_to_page()
    {
        var reader = await Reads(Site());
        await reader.RunScripts();
        await reader.SeesPage("classic, module of both, mapped, data 42");
        await reader.ClickInPage("About");
        await reader.SeesPage("On here, too");
        await reader.Button("Turn scripts off").ClickAsync();
        await reader.SeesPage("Deep down");
        await Expect(reader.Guest.GetByText("On here, too")).ToHaveCountAsync(0);
    }

    [BrowserTheory]
    [InlineData("site")]
    [InlineData("html")]
    [InlineData("markdown")]
    public async Task A_hostile_page_with_files_reaches_nobody(string kind)
    {
        var elsewhere = await Ending(BrowserElsewhere.Start());
        var style = $"@import '{elsewhere.Address}/import'; @import url({elsewhere.Address}/import-url); body {{ background: url('//127.0.0.2/b') }} i {{ content: url(../{elsewhere.Address}) }}";
        var html = BrowserHostilePage.Html(Fresh("Hostile")).Replace(BrowserElsewhere.Placeholder, elsewhere.Address, StringComparison.Ordinal)
            .Replace("<body>", "<body><link rel=stylesheet href=style.css>", StringComparison.Ordinal);
        (string, string, byte[])[] files = [("style.css", "text/css", Encoding.UTF8.GetBytes(style)), ("index.html", "text/html", Encoding.UTF8.GetBytes(html))];
        var reader = await Reads(kind == "site" ? TestPage.Of("files", 262_144, "", "index.html", files) : TestPage.Of(kind, 262_144, html, null, files));
        await Expect(reader.Guest.GetByText("Nothing tried.")).ToBeVisibleAsync();
        var frame = Frame(reader);
        await frame.EvaluateAsync("() => document.readyState === 'complete' || new Promise(done => addEventListener('load', () => done(true)))");
        Assert.False(await frame.EvaluateAsync<bool>("() => 'outcomes' in window"), "a script of the page has run");
        Assert.Equal([], elsewhere.Hits);
        Assert.Equal(0, elsewhere.Connections);
        if (kind == "markdown") return;
        await reader.RunScripts();
        await reader.SeesPage("All tried.");
        Assert.Equal([], elsewhere.Hits);
        Assert.Single(reader.Context.Pages);
    }

    [BrowserFact]
    public async Task A_picture_that_is_one_blob_ten_thousand_times_is_not_put_together_for_its_site()
    {
        var html = new TestBlob(Encoding.UTF8.GetBytes($"<h1>{Fresh("Small")}</h1><img src=huge.png alt='the huge one'>"));
        var zeros = new TestBlob(new byte[1 << 20]);
        var huge = string.Join(',', Enumerable.Repeat($"\"{zeros.Name}\"", 10_000));
        var root = TestPage.Document($$$"""
            {"version":1,"kind":"files","blobSize":{{{1 << 20}}},"entry":"index.html","files":[
            {"name":"index.html","type":"text/html","size":{{{html.Bytes.Length}}},"blobs":["{{{html.Name}}}"]},
            {"name":"huge.png","type":"image/png","size":{{{10_000L << 20}}},"blobs":[{{{huge}}}]}]}
            """);
        var holder = await Holder(new TestPage(root, [html, zeros]));
        var reader = await Person("reader");
        reader.Expects(Blocked);
        await reader.Visit(root.Name);
        await reader.Sees("9.77 GiB");
        await reader.Button("Load it").ClickAsync();
        await reader.SeesPage("Small");
        await Expect(reader.Guest.GetByAltText("the huge one")).Not.ToHaveAttributeAsync("src", new Regex(".+"));
        Assert.Equal(1, holder.Uploads(zeros));
    }

    private static TestPage Site()
    {
        (string Name, string Type, string Content)[] texts =
        [
            ("my site/index.html", "text/html", $$$"""
                <!doctype html><html><head><title>Home</title><link rel="stylesheet" href="css/main.css">
                <script type="importmap">{"imports": {"mapped": "./js/mapped.js"}}</script></head>
                <body style="padding: 1em"><h1>{{{Fresh("Home")}}}</h1><img src="img/a.png" alt=""><img srcset="img/a.png 1x, img/none.png 2x" src="img/none.png" alt="">
                <a href="pages/about%20us.html#deep">About</a> <a href="/pages/about us.html">Root</a> <a href="notes.txt">Notes</a>
                <p id="said">Off</p><script src="js/classic.js"></script><script type="module" src="js/main.js"></script></body></html>
                """),
            ("my site/pages/about us.html", "", """
                <title>About us</title><link rel=stylesheet href=../css/main.css><h1 id=top>About</h1><p id=more></p><div style="height: 4000px"></div>
                <p id=deep>Deep down <a href="about%20us.html#top">Up</a></p><a href=gone.html style="position: fixed; top: 0; right: 0">Gone</a><script src=../js/about.js></script>
                """),
            ("my site/css/main.css", "text/css", "@import 'more.css'; body { background: url(\"../img/a.png\") } h1 { color: rgb(184, 58, 16) }"),
            ("my site/css/more.css", "text/css", "@import url(main.css); /* a circle */ p { color: rgb(0, 0, 255) }"),
            ("my site/js/classic.js", "text/javascript", "document.getElementById('said').textContent = 'classic';"),
            ("my site/js/main.js", "text/javascript", """
                import { one } from "./one.js"; import { mapped } from 'mapped';
                const data = await (await fetch("data/answer.json")).json();
                document.getElementById("said").append(`, module ${one()}, ${mapped}, data ${data.answer}`);
                export function name() { return "both"; }
                """),
            ("my site/js/one.js", "", "import { name } from './main.js'; export const one = () => `of ${name()}`;"),
            ("my site/js/mapped.js", "", "export const mapped = 'mapped';"),
            ("my site/js/about.js", "", "document.getElementById('more').textContent = 'On here, too';"),
            ("my site/data/answer.json", "application/json", """{"answer": 42}"""),
            ("my site/notes.txt", "text/plain", "Just notes."),
        ];
        return TestPage.Of("files", 262_144, "", "my site/index.html",
            [("my site/img/a.png", "image/png", TestFiles.Png), .. texts.Select(file => (file.Name, file.Type, Encoding.UTF8.GetBytes(file.Content)))]);
    }

    private static IFrame Frame(BrowserPerson reader) => reader.Page.Frames.Single(frame => frame.ParentFrame == reader.Page.MainFrame);

    private static async Task ScrolledTo(BrowserPerson reader, bool down) => await Frame(reader).WaitForFunctionAsync("down => (scrollY > 2000) === down", down);

    private async Task<BrowserPerson> Reads(TestPage page)
    {
        await Holder(page);
        var reader = await Person("reader");
        reader.Expects(Blocked);
        await reader.Visit(page.Root.Name);
        await reader.SeesViewing(2);
        return reader;
    }
}
