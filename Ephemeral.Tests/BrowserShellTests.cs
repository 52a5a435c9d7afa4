using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Ephemeral.Tests;

/// <summary>What is around the page: links, the log, the pulse, the keyboard, the screen reader, warnings.</summary>
public sealed partial class BrowserShellTests(BrowserStage stage) : BrowserTest(stage)
{
    private readonly string _text = Fresh("A short text");

    [BrowserFact]
    public async Task Copy_link_puts_the_whole_address_on_the_clipboard_and_says_so()
    {
        var person = await Person("person");
        var page = await person.Create(_text);
        await person.Button("Copy link").ClickAsync();
        await Expect(person.Announced).ToHaveTextAsync("The link is on the clipboard.");
        await Expect(person.Button("Copy link")).ToBeVisibleAsync();
        await person.Page.GetByRole(AriaRole.Link, new() { Name = "New page" }).ClickAsync();
        await Expect(person.TextArea).ToBeFocusedAsync();
        await person.Page.Keyboard.PressAsync("Control+V");
        await Expect(person.TextArea).ToHaveValueAsync(person.LinkTo(page));
    }

    [BrowserFact]
    public async Task The_activity_log_tells_what_goes_on_line_by_line_with_times()
    {
        var writer = await Person("writer");
        var page = await writer.Create(_text);
        var reader = await Person("reader");
        await reader.Visit(page);
        await reader.SeesPage(_text);
        await writer.SeesViewing(2);

        var shortly = $"{page[..4]}…{page[^4..]}";
        var size = $"{_text.Length} bytes";
        await SeesLines(writer, "Connected. The node said welcome.", $"Made {shortly} out of {size}.", $"Standing by to give {shortly} to whoever asks.",
            $"Gave {shortly} ({size}).", $"{shortly}: 2 holders, 0 waiting; you: holder.");
        await SeesLines(reader, $"Asking for {shortly}.", $"{shortly} is here: {size}, SHA-256 checked.", $"Standing by to give {shortly} to whoever asks.",
            $"{shortly}: 2 holders, 0 waiting; you: holder.");
    }

    [BrowserTheory]
    [InlineData("nonsense")]
    [InlineData("0123456789abcdef")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    public async Task Something_else_than_an_address_gets_a_page_that_says_so(string path)
    {
        var person = await Person("person");
        person.Expects("404 \\(Not Found\\)");
        var answer = await person.Visit(path);
        Assert.Equal(404, answer!.Status);
        await person.SeesHeading("This is not an address of a page");
        await person.Page.GetByRole(AriaRole.Link, new() { Name = "Write a page of your own" }).ClickAsync();
        await Expect(person.TextArea).ToBeFocusedAsync();
    }

    [BrowserFact]
    public async Task The_home_page_shows_how_many_pages_are_alive_and_who_holds_them()
    {
        var site = (await Ending(WebApp.Start())).Address;
        var looker = await Person("looker", site);
        await looker.Visit();
        await looker.Sees("0 pages alive, held by 0 people");

        var writer = await Person("writer", site);
        var page = await writer.Create(_text);
        await looker.Sees("1 page alive, held by 1 person");
        var reader = await Person("reader", site);
        await reader.Visit(page);
        await looker.Sees("1 page alive, held by 2 people");
        await reader.Leave();
        await writer.Leave();
        await looker.Sees("0 pages alive, held by 0 people");
    }

    [BrowserFact]
    public async Task Only_the_last_holder_is_warned_before_leaving()
    {
        var first = await Person("first");
        var page = await first.Create(_text);
        var second = await Person("second");
        await second.Visit(page);
        await second.SeesViewing(2);
        await first.SeesViewing(2);
        Assert.False(await IsWarned(first), "with another holder there is nothing to warn of");
        await second.SeesViewing(1);
        Assert.True(await IsWarned(second), "the last holder must be warned");
    }

    [BrowserFact]
    public async Task One_who_only_waits_is_not_warned()
    {
        var waiter = await Person("waiter");
        await waiter.Visit(TestBlob.Text(_text).Name);
        await waiter.SeesNobody();
        Assert.False(await IsWarned(waiter), "who has nothing loses nothing");
    }

    [BrowserTheory]
    [InlineData("Control+Enter")]
    [InlineData("Tab", "Enter")]
    public async Task A_page_is_made_and_passed_on_with_the_keyboard_alone(params string[] keys)
    {
        var person = await Person("person");
        await person.Visit();
        await Expect(person.TextArea).ToBeFocusedAsync();
        await person.Page.Keyboard.TypeAsync(_text);
        foreach (var key in keys) await person.Page.Keyboard.PressAsync(key);
        var page = await person.IsAtAPage();
        Assert.Equal(TestBlob.Text(_text).Name, page);

        // The next thing to do is to pass the link on, and the focus is there already.
        await Expect(person.Button("Copy link")).ToBeFocusedAsync();
        await person.Page.Keyboard.PressAsync("Enter");
        await Expect(person.Announced).ToHaveTextAsync("The link is on the clipboard.");
        await person.Page.Keyboard.PressAsync("Tab");
        await Expect(person.Button("Save a copy")).ToBeFocusedAsync();
        await person.Page.Keyboard.PressAsync("Tab");
        await Expect(person.Button("Share")).ToBeFocusedAsync();
        await person.Page.Keyboard.PressAsync("Tab");
        await Expect(person.Button("Edit a copy")).ToBeFocusedAsync();
        await person.Page.Keyboard.PressAsync("Tab");
        await Expect(person.Button("Run scripts")).ToBeFocusedAsync();
        await person.Page.Keyboard.PressAsync("Enter");
        await Expect(person.Button("Run them")).ToBeFocusedAsync();
        await person.Page.Keyboard.PressAsync("Tab");
        await person.Page.Keyboard.PressAsync("Enter");
        await Expect(person.Button("Run scripts")).ToBeFocusedAsync();
    }

    [BrowserFact]
    public async Task A_screen_reader_hears_each_change_of_state()
    {
        var reader = await Person("reader");
        await reader.Visit(TestBlob.Text(_text).Name);
        await Expect(reader.Announced).ToHaveTextAsync("No holder at the moment. Waiting for one.");
        var writer = await Person("writer");
        await writer.Create(_text);
        await Expect(reader.Announced).ToHaveTextAsync("Others are here, too.");
        await writer.Leave();
        await Expect(reader.Announced).ToHaveTextAsync("Only you are here now.");
    }

    [BrowserFact]
    public async Task Without_JavaScript_the_site_says_what_it_needs()
    {
        var person = await Person("person", options: new() { JavaScriptEnabled = false });
        // Scripts that the document would like to have early.
        person.Expects("/assets/.* csp");
        await person.Visit();
        await person.Sees("yours is off");
    }

    private static async Task SeesLines(BrowserPerson person, params string[] lines)
    {
        await person.Page.GetByText("Activity", new() { Exact = true }).ClickAsync();
        var log = person.Page.GetByRole(AriaRole.List, new() { Name = "Activity" });
        foreach (var line in lines)
            await Expect(log.GetByRole(AriaRole.Listitem).Filter(new() { HasText = line }).First).ToBeVisibleAsync();
        foreach (var line in await log.GetByRole(AriaRole.Listitem).AllInnerTextsAsync())
            Assert.Matches(LineWithTime(), line);
    }

    /// <summary>Closes the tab as a person does; says whether the browser asked "Leave site?", and leaves.</summary>
    private static async Task<bool> IsWarned(BrowserPerson person)
    {
        // Browsers ask only where the person has done something.
        await person.Page.GetByRole(AriaRole.Heading).First.ClickAsync();
        var asked = new TaskCompletionSource<bool>();
        person.Page.Dialog += async (_, dialog) =>
        {
            asked.TrySetResult(dialog.Type == "beforeunload");
            await dialog.AcceptAsync();
        };
        var closed = new TaskCompletionSource();
        person.Page.Close += (_, _) => closed.TrySetResult();
        await person.Page.CloseAsync(new() { RunBeforeUnload = true });
        await closed.Task.WaitAsync(BrowserStage.Patience);
        return asked.Task.IsCompleted && await asked.Task;
    }

    [GeneratedRegex(@"^\d\d:\d\d:\d\d\.\d{3} \S")]
    private static partial Regex LineWithTime();
}
