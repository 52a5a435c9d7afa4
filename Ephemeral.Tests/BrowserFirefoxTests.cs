using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Ephemeral.Tests;

/// <summary>A test in Debian's Firefox. Where there is none it says so and is skipped; on CI it runs all the same, and so fails.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class FirefoxFactAttribute : FactAttribute
{
    public const string Firefox = "/usr/bin/firefox-esr";

    public FirefoxFactAttribute() => Skip = BrowserStage.WhyNot
        ?? (File.Exists(Firefox) || Environment.GetEnvironmentVariable("CI") == "true" ? null : $"There is no Firefox at {Firefox}: this test needs it.");
}

/// <summary>The same site in Firefox: made there and read in Chromium, and the other way round.</summary>
public sealed class BrowserFirefoxTests(BrowserStage stage) : BrowserTest(stage)
{
    private readonly string _text = Fresh("In both browsers");

    [FirefoxFact]
    public async Task A_page_goes_from_Firefox_to_Chromium_and_lives_on_there_and_comes_back()
    {
        // A channel that speaks WebDriver BiDi: the only one that takes a Firefox that wasn't built for the tool.
        await using var firefox = await Stage.Playwright.Firefox.LaunchAsync(new() { Channel = "moz-firefox", ExecutablePath = FirefoxFactAttribute.Firefox, Timeout = 120_000 });
        var context = await firefox.NewContextAsync();
        context.SetDefaultTimeout(60_000);
        var page = await context.NewPageAsync();
        await page.GotoAsync(Stage.Web.Address.ToString());
        await page.GetByRole(AriaRole.Textbox, new() { Name = "Your page" }).FillAsync(_text);
        await page.GetByRole(AriaRole.Button, new() { Name = "Create page" }).ClickAsync();
        await Expect(page.GetByText(BrowserPerson.Alone)).ToBeVisibleAsync();

        var reader = await Person("reader");
        await reader.Visit(new Uri(page.Url).AbsolutePath[1..]);
        await reader.SeesPage(_text);
        await Expect(page.GetByText("You and 1 other keep this page alive.")).ToBeVisibleAsync();
        await page.CloseAsync();
        await reader.Sees(BrowserPerson.Alone);

        var again = await context.NewPageAsync();
        await again.GotoAsync(reader.Page.Url);
        await Expect(again.FrameLocator("iframe").GetByText(_text)).ToBeVisibleAsync();
        await reader.SeesViewing(2);
        await context.CloseAsync();
    }
}
