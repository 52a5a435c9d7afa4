using Microsoft.Playwright;
using Xunit;

namespace Ephemeral.Tests;

/// <summary>Pictures of every state, by day and by night, on a phone and on a desk, in artifacts/screenshots. To be looked at.</summary>
[Trait("Category", "Screenshots")]
public sealed class BrowserScreenshotTests(BrowserStage stage) : BrowserStatesTest(stage)
{
    private static readonly (string Name, int Width, int Height)[] Screens = [("desktop", 1280, 800), ("phone", 390, 844)];

    private readonly string _directory = Path.Combine(TestPlace.Repository, "artifacts", "screenshots");

    [BrowserFact]
    public Task Every_state_is_pictured() => EachState(Picture);

    [BrowserTheory]
    [InlineData("de-DE")]
    [InlineData("es-ES")]
    [InlineData("fr-FR")]
    [InlineData("ja-JP")]
    [InlineData("ar")]
    public async Task Every_language_is_pictured(string locale)
    {
        var person = await Person(locale, options: new() { Locale = locale });
        await person.Visit();
        await person.Page.Locator("h1").First.WaitForAsync();
        await Picture($"home-{locale[..2]}", person);
        await person.Page.Locator("textarea").First.FillAsync($"<h1>{locale}</h1><!-- {Guid.NewGuid()} -->");
        await person.Page.Locator("button.primary").First.ClickAsync();
        await Assertions.Expect(person.Page.FrameLocator("iframe").GetByText(locale)).ToBeVisibleAsync();
        await Picture($"page-{locale[..2]}", person);
        await person.Visit(TestBlob.Fresh().Name);
        await person.Page.Locator("[data-scene=nobody]").WaitForAsync();
        await Picture($"nobody-{locale[..2]}", person);
    }

    /// <summary>Made in one browser as people do, and opened in a second one, which is pictured.</summary>
    [BrowserFact]
    public async Task Every_kind_is_made_and_pictured_in_a_second_browser()
    {
        var folder = Directory.CreateTempSubdirectory("ephemeral-kinds-");
        try
        {
            await Write("index.html", """<!doctype html><link rel="stylesheet" href="css/site.css"><h1>A small site</h1><p>With <a href="more.html">more</a> of it.<p><img src="img/dot.png" width="70">""");
            await Write("more.html", "<h1>More of it</h1>");
            await Write("css/site.css", "body { font: 20px serif; background: #eef; padding: 2rem } h1 { color: #306 }");
            await File.WriteAllBytesAsync(Path.Combine(Directory.CreateDirectory(Path.Combine(folder.FullName, "img")).FullName, "dot.png"), TestFiles.Png);

            await Kind("html", text: $"<h1>Hello</h1><p>Written as <em>HTML</em>.<!-- {Guid.NewGuid()} -->", sees: "Hello");
            await Kind("markdown", text: $"# Notes\n\nSome *words*, a list:\n\n- one\n- two\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```js\nconst answer = 6 * 7; // {Guid.NewGuid()}\n```", sees: "Notes", writtenAs: "Markdown");
            await Kind("text", text: $"A plain text,\nas it was written.\n{Guid.NewGuid()}", writtenAs: "Plain text");
            await Kind("picture", files: [Payload("A picture.png", TestFiles.Png)]);
            await Kind("gallery", files: [.. Enumerable.Range(1, 4).Select(i => Payload($"Picture {i}.png", TestFiles.Png))]);
            await Kind("sound", files: [Payload("A tone.wav", TestFiles.Wav())]);
            await Kind("film", files: [Payload("A film.webm", TestFiles.Webm)]);
            await Kind("pdf", sees: "Words on paper", files: [Payload("A paper.pdf", TestFiles.Pdf("Words on paper", 2))]);
            await Kind("files", files: [Payload("data.bin", new byte[300_000]), Payload("read me.txt", "Hello"u8.ToArray()), Payload("empty", [])]);
            await Kind("folder", isSite: false);
            await Kind("site", sees: "A small site", isSite: true);
            await Kind("private", text: $"# A secret\n\n{Guid.NewGuid()}", sees: "A secret", writtenAs: "Markdown", isPrivate: true);

            async Task Kind(string kind, string? text = null, string? sees = null, string? writtenAs = null, FilePayload[]? files = null, bool? isSite = null, bool isPrivate = false)
            {
                var maker = await Person($"maker of {kind}");
                await maker.Visit();
                if (text is not null) await maker.TextArea.FillAsync(text);
                if (writtenAs is not null) await maker.Page.GetByLabel("Written as").SelectOptionAsync(writtenAs);
                if (files is not null) await maker.Page.GetByLabel("Add files").SetInputFilesAsync(files);
                if (isSite is not null)
                {
                    await maker.Page.GetByLabel("Add a folder").SetInputFilesAsync(folder.FullName);
                    await maker.Page.GetByLabel("Open it as a small web site").SetCheckedAsync(isSite.Value);
                }
                if (isPrivate) await maker.Page.GetByLabel("Private", new() { Exact = false }).First.CheckAsync();
                await maker.PressCreate();
                var reader = await Person($"reader of {kind}");
                await reader.Visit(maker.Page.Url);
                await reader.SeesViewing(2);
                await Assertions.Expect(reader.Main.Locator(".shown > *").First).ToBeVisibleAsync();
                if (sees is not null) await Assertions.Expect(reader.Guest.GetByText(sees).First).ToBeVisibleAsync();
                await Picture($"kind-{kind}", reader);
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }

        async Task Write(string name, string content)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(folder.FullName, name))!);
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, name), content);
        }

        static FilePayload Payload(string name, byte[] content) => new() { Name = name, MimeType = "", Buffer = content };
    }

    private async Task Picture(string name, BrowserPerson person)
    {
        var before = person.Page.ViewportSize!;
        foreach (var (screen, width, height) in Screens)
        {
            await person.Page.SetViewportSizeAsync(width, height);
            foreach (var scheme in new[] { ColorScheme.Light, ColorScheme.Dark })
            {
                await person.Page.EmulateMediaAsync(new() { ColorScheme = scheme });
                await person.Page.ScreenshotAsync(new()
                {
                    Path = Path.Combine(_directory, $"{name}-{screen}-{(scheme == ColorScheme.Light ? "light" : "dark")}.png"),
                    FullPage = true,
                    Animations = ScreenshotAnimations.Disabled,
                });
            }
            await person.FitsTheScreen($"{name} on a {screen}");
        }
        await person.Page.EmulateMediaAsync(new() { ColorScheme = ColorScheme.Light });
        await person.Page.SetViewportSizeAsync(before.Width, before.Height);
    }
}
