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
