using System.IO.Compression;
using System.Text;
using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Ephemeral.Tests;

/// <summary>Every kind of page is shown as its author said it is, and none of it does anything but be looked at.</summary>
public sealed class BrowserKindsTests(BrowserStage stage) : BrowserTest(stage)
{
    [BrowserFact]
    public async Task A_picture_is_shown_at_once_and_its_name_can_not_pretend()
    {
        var reader = await Reads(Files(("invoice\u202Egpj.exe.png", "image/png", TestFiles.Png)));
        await HasPicture(reader, 7);
        await reader.Sees("invoice\\u202egpj.exe.png");
        await Expect(reader.Button("Save all")).ToHaveCountAsync(0);
        var download = await reader.Page.RunAndWaitForDownloadAsync(() => reader.Button("Save invoice\\u202egpj.exe.png").ClickAsync());
        Assert.Equal(TestFiles.Png, await File.ReadAllBytesAsync(await download.PathAsync()));
    }

    [BrowserFact]
    public async Task Several_pictures_are_a_gallery_that_the_keyboard_walks_through()
    {
        var reader = await Reads(Files(("a.png", "image/png", TestFiles.Png), ("b.png", "", TestFiles.Png), ("broken.png", "image/png", "no picture"u8.ToArray())));
        var pictures = reader.Page.GetByRole(AriaRole.Group, new() { Name = "Pictures" });
        await Expect(pictures.Locator("img")).ToHaveCountAsync(2);
        await Expect(pictures.GetByRole(AriaRole.Button)).ToHaveCountAsync(3);
        await pictures.GetByRole(AriaRole.Button).First.ClickAsync();
        await HasPicture(reader, 7);
        await reader.Button("Next picture").FocusAsync();
        await reader.Page.Keyboard.PressAsync("ArrowRight");
        await reader.Sees("2 / 3");
        await reader.Page.Keyboard.PressAsync("ArrowRight");
        await reader.Sees("This browser can't show this file. You can save it.");
        await reader.Button("Close").ClickAsync();
        await Expect(reader.Button("Picture 3 of 3: broken.png")).ToBeFocusedAsync();
    }

    [BrowserTheory]
    [InlineData("tone.wav", "audio/wav", "audio")]
    [InlineData("film.webm", "video/webm", "video")]
    public async Task Sound_and_film_can_be_played(string name, string type, string element)
    {
        var reader = await Reads(Files((name, type, element == "audio" ? TestFiles.Wav() : TestFiles.Webm)));
        var player = reader.Main.Locator(element);
        await Expect(player).ToBeVisibleAsync();
        var length = await player.EvaluateAsync<double>("async player => { if (player.readyState < 1) await new Promise(done => player.onloadedmetadata = done); return player.videoWidth || player.duration; }");
        Assert.Equal(element == "audio" ? 1 : 64, length);
    }

    [BrowserFact]
    public async Task A_PDF_is_drawn_inside_the_box_and_its_words_can_be_selected()
    {
        var reader = await Reads(Files(("paper.pdf", "application/pdf", TestFiles.Pdf("Hello from a PDF", pages: 30))));
        await reader.Sees("A stranger's PDF.");
        await Expect(reader.Guest.GetByText("Hello from a PDF").First).ToBeAttachedAsync();
        var pages = reader.Guest.GetByRole(AriaRole.Region);
        await Expect(pages).ToHaveCountAsync(30);
        var orange = await reader.Guest.Locator("canvas").First.EvaluateAsync<int[]>(
            "canvas => [...canvas.getContext('2d').getImageData(canvas.width * 0.25, canvas.height * (1 - 500 / 792), 1, 1).data]");
        Assert.Equal([255, 128, 0, 255], orange.Select(value => value is 127 ? 128 : value));
        // Not all of it is drawn at once.
        await pages.Last.ScrollIntoViewIfNeededAsync();
        await Expect(pages.Last.Locator("canvas")).ToHaveCountAsync(1);
        await Expect(pages.First.Locator("canvas")).ToHaveCountAsync(1);
        await Expect(pages.Nth(15).Locator("canvas")).ToHaveCountAsync(0);
    }

    [BrowserFact]
    public async Task What_is_no_PDF_says_so()
    {
        var reader = await Reads(Files(("paper.pdf", "application/pdf", "not a PDF"u8.ToArray())));
        await reader.SeesPage("This PDF can't be read. You can still save it.");
    }

    [BrowserFact]
    public async Task Markdown_is_rendered_with_coloured_code_its_own_pictures_and_nothing_from_elsewhere()
    {
        var elsewhere = await Ending(BrowserElsewhere.Start());
        var reader = await Reads(TestPage.Of("markdown", 262_144, $$"""
            # {{Fresh("Notes")}}

            See [the end](#the-end), [the other](other.md), [nothing](nothing.md) and [elsewhere]({{elsewhere.Address}}/link).

            ![own](pictures/own.png) ![tracker]({{elsewhere.Address}}/tracker.png)

            ```js
            const answer = 42;
            ```

            - [x] done

            <script>document.title = 'ran'</script><img src=x onerror="document.title = 'ran'"><style>h1 { display: none }</style>
            <img srcset="{{elsewhere.Address}}/s.png 1x"><video poster="{{elsewhere.Address}}/p.png"></video><a href="javascript:document.title='ran'">run</a>

            ## The end
            """, null, ("pictures/own.png", "image/png", TestFiles.Png), ("other.md", "", "# Other"u8.ToArray())), "Content Security Policy");
        await Expect(reader.Guest.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToBeVisibleAsync();
        await Expect(reader.Guest.Locator(".hljs-keyword")).ToHaveTextAsync("const");
        await Expect(reader.Guest.GetByRole(AriaRole.Checkbox)).ToBeCheckedAsync();
        var own = reader.Guest.GetByRole(AriaRole.Img, new() { Name = "own" });
        await Expect(own).ToHaveJSPropertyAsync("naturalWidth", 7);
        await Expect(reader.Guest.GetByRole(AriaRole.Link, new() { Name = "tracker" })).ToBeVisibleAsync();
        await Expect(reader.Guest.Locator("script, [onerror], [href^=javascript]")).ToHaveCountAsync(0);
        await Expect(reader.Button("Run scripts")).ToBeHiddenAsync();

        await reader.ClickInPage("nothing");
        await reader.Sees("That link leads nowhere: the page has no such file.");
        await reader.ClickInPage("tracker");
        await Expect(reader.Page.GetByRole(AriaRole.Link, new() { Name = "Open", Exact = true })).ToHaveAttributeAsync("href", $"{elsewhere.Address}/tracker.png");
        await reader.ClickInPage("the other");
        await Expect(reader.Main.GetByRole(AriaRole.Region, new() { Name = "other.md" })).ToHaveTextAsync("# Other");
        Assert.Equal([], elsewhere.Hits);
        Assert.Equal(0, elsewhere.Connections);
        Assert.DoesNotContain("ran", await reader.Page.TitleAsync(), StringComparison.Ordinal);
    }

    [BrowserFact]
    public async Task A_script_in_an_SVG_does_not_run_even_in_a_tab_of_its_own()
    {
        var svg = """<svg xmlns="http://www.w3.org/2000/svg" width="31" height="17"><title>still</title><script>document.querySelector('title').textContent = 'ran'; parent.document.title = 'ran'</script></svg>"""u8.ToArray();
        var reader = await Reads(Files(("drawing.svg", "image/svg+xml", svg)), "Content Security Policy");
        await HasPicture(reader, 31);
        var tab = await reader.Page.RunAndWaitForPopupAsync(() => reader.Page.EvaluateAsync("() => { open(document.querySelector('.preview img').src); }"));
        await tab.WaitForLoadStateAsync();
        Assert.Equal("still", await tab.TitleAsync());
        Assert.DoesNotContain("ran", await reader.Page.TitleAsync(), StringComparison.Ordinal);
    }

    [BrowserFact]
    public async Task Code_is_coloured_text_and_long_text_is_shown_in_part_first()
    {
        var text = string.Concat(Enumerable.Range(0, 20_000).Select(i => $"line {i} €\n"));
        var reader = await Reads(Files(("src/a.cs", "", "public class A;"u8.ToArray()), ("long.txt", "text/plain", Encoding.UTF8.GetBytes(text)), ("latin.txt", "text/plain", [0xE9, 0x20])));
        await reader.Button("Look at src/a.cs").ClickAsync();
        await Expect(reader.Main.Locator(".hljs-keyword").First).ToHaveTextAsync("public");
        await reader.Button("Look at long.txt").ClickAsync();
        var shown = reader.Main.GetByRole(AriaRole.Region, new() { Name = "long.txt" });
        await Expect(shown).ToContainTextAsync("line 4000 €");
        await Expect(shown).Not.ToContainTextAsync("line 19999");
        await reader.Button("Show all").ClickAsync();
        await Expect(shown).ToContainTextAsync("line 19999 €");
        await reader.Button("Look at latin.txt").ClickAsync();
        await reader.Sees("This isn't text in UTF-8. You can save it.");
        await Expect(shown).ToHaveCountAsync(0);
    }

    [BrowserFact]
    public async Task Names_that_are_HTML_are_text_and_all_files_come_as_one_zip_that_leads_nowhere_else()
    {
        var big = TestBlob.Fresh(600_000).Bytes;
        var reader = await Reads(Files(
            ("<img src=x onerror=alert(1)>.txt", "text/plain", "html"u8.ToArray()),
            ("deep/folder/big.bin", "", big),
            ("..\\..\\up.txt", "text/plain", "up"u8.ToArray()),
            ("A.txt", "text/plain", "A"u8.ToArray()),
            ("a.txt", "text/plain", "a"u8.ToArray()),
            ("empty", "", [])));
        await reader.Sees("<img src=x onerror=alert(1)>.txt");
        await Expect(reader.Main.Locator("img")).ToHaveCountAsync(0);
        var download = await reader.Page.RunAndWaitForDownloadAsync(() => reader.Button("Save all").ClickAsync());
        Assert.EndsWith(".zip", download.SuggestedFilename, StringComparison.Ordinal);
        using var zip = ZipFile.OpenRead(await download.PathAsync());
        Assert.Equal(["_img src=x onerror=alert(1)_.txt", "deep/folder/big.bin", ".._.._up.txt", "A.txt", "a (2).txt", "empty"], zip.Entries.Select(entry => entry.FullName));
        using var content = new MemoryStream();
        await zip.Entries[1].Open().CopyToAsync(content);
        Assert.Equal(big, content.ToArray());
        await reader.Sees("All files are in one zip.");
    }

    [BrowserFact]
    public async Task Ten_thousand_files_are_listed_some_at_a_time()
    {
        var reader = await Reads(Files([.. Enumerable.Range(0, 10_000).Select(i => ($"f{i}", "", Array.Empty<byte>()))]));
        await reader.SeesHeading("10,000 files, 0 bytes");
        await Expect(reader.Main.Locator("li bdi")).ToHaveCountAsync(200);
        await reader.Button("Show 200 more").ClickAsync();
        await Expect(reader.Main.Locator("li bdi")).ToHaveCountAsync(400);
        await Expect(reader.Button("Save f200")).ToBeFocusedAsync();
    }

    [BrowserFact]
    public async Task A_file_of_over_50_MiB_is_looked_at_on_the_readers_word()
    {
        var page = Files(("large.png", "image/png", new byte[51 << 20]));
        await Holder(page);
        var reader = await Person("reader");
        await reader.Visit(page.Root.Name);
        await reader.Button("Load it").ClickAsync();
        await reader.Sees("It has 51 MiB.");
        await reader.Button("Show it all the same").ClickAsync();
        await reader.Sees("This browser can't show this file. You can save it.");
    }

    [BrowserFact]
    public async Task A_page_of_an_unknown_kind_says_so_and_its_files_can_be_had()
    {
        var reader = await Reads(TestPage.Of("<b>hologram</b>", 262_144, "", null, ("a.txt", "text/plain", "a"u8.ToArray())));
        await reader.Sees("This page is of the kind “<b>hologram</b>”");
        await Expect(reader.Button("Save a.txt")).ToBeVisibleAsync();
    }

    [BrowserFact]
    public async Task Every_kind_fits_on_a_phone()
    {
        var wide = new string('w', 240);
        var reader = await Person("reader", options: new() { ViewportSize = new() { Width = 390, Height = 844 } });
        foreach (var page in new[]
        {
            Files((wide + ".png", "image/png", TestFiles.Png)),
            Files((wide + ".wav", "audio/wav", TestFiles.Wav()), ("deep/" + wide, "", [1])),
            Files(("a.png", "image/png", TestFiles.Png), ("b.png", "image/png", TestFiles.Png)),
            Files(("paper.pdf", "application/pdf", TestFiles.Pdf("Hello", 1))),
            TestPage.Of("markdown", 262_144, $"# {wide}\n\n|{wide}|\n|-|\n\n```\n{wide}\n```", null),
            TestPage.Of("text", 262_144, wide, null),
            TestPage.Of("files", 262_144, "", $"{wide}.html", ($"{wide}.html", "text/html", "<h1>Site</h1>"u8.ToArray())),
        })
        {
            await Holder(page);
            await reader.Visit(page.Root.Name);
            await reader.SeesViewing(2);
            await Expect(reader.Main.Locator(".shown > *").First).ToBeVisibleAsync();
            await reader.FitsTheScreen(page.ToString());
        }
    }

    private static TestPage Files(params (string Name, string Type, byte[] Content)[] files) => TestPage.Of("files", 262_144, Fresh(""), null, files);

    [BrowserFact]
    public async Task By_night_the_box_of_a_text_of_ours_is_dark_before_it_is_painted_and_a_strangers_page_is_white()
    {
        var text = Fresh("By night");
        const string Colours = "() => ['main .guest', 'main .stage', 'main iframe'].map((place) => getComputedStyle(document.querySelector(place)).backgroundColor)";
        var ours = TestPage.Of("markdown", 262_144, text, null);
        await Holder(ours);
        var reader = await Person("reader", options: new() { ColorScheme = ColorScheme.Dark });
        await reader.Visit(ours.Root.Name);
        await reader.SeesPage(text);
        var colours = await reader.Page.EvaluateAsync<string[]>(Colours);
        Assert.Equal("rgb(28, 25, 22)", colours[0]);
        Assert.Equal([colours[0], colours[0]], colours[1..]);

        var strangers = await reader.Create(text);
        Assert.NotEqual(ours.Root.Name, strangers);
        await reader.SeesPage(text);
        Assert.Equal(["rgb(255, 255, 255)", "rgb(255, 255, 255)"], (await reader.Page.EvaluateAsync<string[]>(Colours))[1..]);
    }

    private static async Task HasPicture(BrowserPerson reader, int width)
    {
        await Expect(reader.Main.Locator(".preview img")).ToBeVisibleAsync();
        await Expect(reader.Main.Locator(".preview img")).ToHaveJSPropertyAsync("naturalWidth", width);
    }

    /// <summary>Somebody who opens a page that somebody else holds.</summary>
    private async Task<BrowserPerson> Reads(TestPage page, string? expects = null)
    {
        await Holder(page);
        var reader = await Person("reader");
        if (expects is not null) reader.Expects(expects);
        await reader.Visit(page.Root.Name);
        await reader.SeesViewing(2);
        return reader;
    }
}
