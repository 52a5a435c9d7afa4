using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Ephemeral.Tests;

/// <summary>Every state by every way of using it: what axe finds, the keyboard's focus, twice the size.</summary>
public sealed class BrowserAccessibilityTests(BrowserStage stage) : BrowserStatesTest(stage)
{
    private const string Axe = """
        async () => (await axe.run(document, { iframes: false, resultTypes: ['violations'], rules: { 'target-size': { enabled: true } } })).violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id} ${target} ${failureSummary}`))
        """;

    // What has the focus, and whether that can be seen on it, or on the label that stands for it.
    private const string Focus = """
        () => {
          const found = document.activeElement;
          if (!found || found === document.body) return '';
          const seen = element => element && getComputedStyle(element).outlineStyle !== 'none' && parseFloat(getComputedStyle(element).outlineWidth) >= 1;
          const label = found.id ? document.querySelector(`label[for="${found.id}"]`) : found.closest('label');
          return `${found.tagName} ${found.id || found.textContent.slice(0, 30)}: ${found.tagName === 'IFRAME' || seen(found) || seen(label) ? 'seen' : 'not seen'}`;
        }
        """;

    // A screen of 1280 by 800 at 200 % has 640 by 400 of the page's pixels.
    private static readonly (string Name, int Width, int Height, ColorScheme Scheme)[] Screens =
        [("by day", 1280, 800, ColorScheme.Light), ("by night", 1280, 800, ColorScheme.Dark), ("on a phone", 390, 844, ColorScheme.Light), ("at 200 %", 640, 400, ColorScheme.Light)];

    [BrowserFact]
    public async Task No_state_has_anything_that_axe_finds_by_day_by_night_on_a_phone_or_at_twice_the_size_and_all_of_them_fit()
    {
        var axe = await File.ReadAllTextAsync(Path.Combine(TestPlace.Client, "node_modules", "axe-core", "axe.min.js"));
        List<string> findings = [];
        await EachState(async (name, person) =>
        {
            await person.Page.EvaluateAsync(axe);
            var before = person.Page.ViewportSize!;
            foreach (var (screen, width, height, scheme) in Screens)
            {
                await person.Page.SetViewportSizeAsync(width, height);
                await person.Page.EmulateMediaAsync(new() { ColorScheme = scheme, ReducedMotion = ReducedMotion.Reduce });
                findings.AddRange((await person.Page.EvaluateAsync<string[]>(Axe)).Select(finding => $"{name} {screen}: {finding}"));
                await person.FitsTheScreen($"{name} {screen}");
            }
            await person.Page.EmulateMediaAsync(new() { ColorScheme = ColorScheme.Light });
            await person.Page.SetViewportSizeAsync(before.Width, before.Height);
        });
        Assert.True(findings.Count == 0, string.Join('\n', findings));
    }

    [BrowserFact]
    public async Task Whatever_the_keyboard_comes_to_can_be_seen_to_have_the_focus()
    {
        var person = await Person("person");
        await person.Visit();
        await Seen(person, "Create page", "How it works");
        await person.Create(Fresh("By keyboard"));
        await person.SeesPage("By keyboard");
        await person.Button("Share").ClickAsync();
        await Expect(person.Page.GetByRole(AriaRole.Img, new() { Name = "QR code of the link" })).ToBeVisibleAsync();
        await Seen(person, "Copy link", "Print", "View source", "Run scripts");
    }

    private static async Task Seen(BrowserPerson person, params string[] among)
    {
        List<string> stops = [];
        await person.Page.EvaluateAsync("() => document.activeElement?.blur()");
        for (var i = 0; i < 30; i++)
        {
            await person.Page.Keyboard.PressAsync("Tab");
            if (await person.Page.EvaluateAsync<string>(Focus) is { Length: > 0 } stop) stops.Add(stop);
        }
        Assert.DoesNotContain(stops, stop => stop.EndsWith("not seen", StringComparison.Ordinal));
        Assert.All(among, name => Assert.Contains(stops, stop => stop.Contains(name, StringComparison.OrdinalIgnoreCase)));
    }
}
