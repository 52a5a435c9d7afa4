using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Ephemeral.Tests;

/// <summary>How alive a page is can be seen: in words, in the line of its past, in the tab and from behind other tabs.</summary>
public sealed partial class BrowserHealthTests(BrowserStage stage) : BrowserTest(stage)
{
    private readonly string _text = Fresh("Alive");

    [BrowserFact]
    public async Task Who_came_and_who_went_is_said_and_drawn()
    {
        var writer = await Person("writer");
        var page = await writer.Create(_text);
        var (first, second) = (await Person("first"), await Person("second"));
        await first.Visit(page);
        await second.Visit(page);
        await writer.SeesViewing(3);
        await Expect(writer.Main.Locator(".news")).ToHaveTextAsync(Joined());
        await first.Leave();
        await writer.SeesViewing(2);
        await writer.Sees("1 person left.");
        await Expect(writer.Page.GetByRole(AriaRole.Img, new() { Name = "Holders since you came: between 1 and 3." })).ToBeVisibleAsync();
        await Expect(writer.Main.Locator(".past .line")).ToHaveAttributeAsync("d", Steps());
        await Expect(writer.Main.Locator(".given")).ToHaveTextAsync(Given());
    }

    [BrowserFact]
    public async Task The_tabs_icon_has_the_number_of_holders_and_warns_when_there_is_one()
    {
        var writer = await Person("writer");
        var page = await writer.Create(_text);
        Assert.Contains("<circle", await Icon(writer, "<circle"), StringComparison.Ordinal);
        var reader = await Person("reader");
        await reader.Visit(page);
        await writer.SeesViewing(2);
        Assert.Contains(">2</text>", await Icon(writer, "</text>"), StringComparison.Ordinal);
        await writer.Leave();
        Assert.Contains("<circle", await Icon(reader, "<circle"), StringComparison.Ordinal);
        await reader.Visit(TestBlob.Fresh().Name);
        await reader.SeesNobody();
        Assert.DoesNotContain("#ffc46b", await Icon(reader, "#8f867c"), StringComparison.Ordinal);
    }

    [BrowserFact]
    public async Task Who_becomes_the_last_one_behind_other_tabs_is_told_so_and_nothing_of_the_page()
    {
        var holder = await Person("holder");
        await holder.Context.GrantPermissionsAsync(["notifications"]);
        // Headless, Chromium shows no notifications: what would be shown is taken down.
        await holder.Page.AddInitScriptAsync("""
            window.told = [];
            window.Notification = class { static permission = 'granted'; static async requestPermission() { return 'granted'; } constructor(title, more) { window.told.push(title + ' ' + more.body); } close() { } };
            let hidden = false;
            Object.defineProperty(Document.prototype, 'hidden', { get: () => hidden });
            window.hide = what => { hidden = what; document.dispatchEvent(new Event('visibilitychange')); };
            """);
        var page = await holder.Create($"<title>Secret title</title>{_text}");
        await holder.Button("Share").ClickAsync();
        await holder.Page.GetByLabel("Tell me when I am the last one").CheckAsync();
        var other = await Person("other");
        await other.Visit(page);
        await holder.SeesViewing(2);
        await holder.Page.EvaluateAsync("() => hide(true)");
        await other.Leave();
        await holder.Page.WaitForFunctionAsync("() => window.told.length > 0");
        Assert.Equal(["You are the last one Nobody else is left on a page that you hold. If you close its tab, it is gone."], await holder.Page.EvaluateAsync<string[]>("() => window.told"));
    }

    [BrowserFact]
    public async Task The_device_is_kept_awake_only_while_that_is_asked_for()
    {
        var holder = await Person("holder");
        await holder.Page.AddInitScriptAsync("""
            window.locks = [];
            Object.defineProperty(navigator, 'wakeLock', { value: { request: async () => { const lock = { released: false, release: async () => { lock.released = true; } }; window.locks.push(lock); return lock; } } });
            """);
        await holder.Create(_text);
        await holder.Button("Share").ClickAsync();
        var awake = holder.Page.GetByLabel("Keep this device awake");
        Assert.Equal(0, await holder.Page.EvaluateAsync<int>("() => window.locks.length"));
        await awake.CheckAsync();
        await holder.Page.WaitForFunctionAsync("() => window.locks.length === 1 && !window.locks[0].released");
        // A browser lets go of it whenever the tab is hidden.
        await holder.Page.EvaluateAsync("() => { window.locks[0].released = true; document.dispatchEvent(new Event('visibilitychange')); }");
        await holder.Page.WaitForFunctionAsync("() => window.locks.length === 2");
        await awake.UncheckAsync();
        await holder.Page.WaitForFunctionAsync("() => window.locks[1].released");
    }

    private static async Task<string> Icon(BrowserPerson person, string with)
    {
        var icon = person.Page.Locator("link[rel=icon]");
        await Expect(icon).ToHaveAttributeAsync("href", new Regex(Regex.Escape(Uri.EscapeDataString(with).Replace("%2F", "(%2F|/)", StringComparison.Ordinal)).Replace("\\(%2F\\|/\\)", "(%2F|/)", StringComparison.Ordinal)));
        return Uri.UnescapeDataString((await icon.GetAttributeAsync("href"))!);
    }

    // They may come as one piece of news or as two.
    [GeneratedRegex("^(2 people|1 person) joined\\.$")]
    private static partial Regex Joined();

    // To both of them, and once more for the node that wanted to see that the page is there.
    [GeneratedRegex("^You have given [1-9][0-9]+ bytes to others")]
    private static partial Regex Given();

    [GeneratedRegex("^M0 [^L]+(L[^L]+){5,}$")]
    private static partial Regex Steps();
}
