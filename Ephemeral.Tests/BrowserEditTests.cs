using System.Diagnostics;
using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Ephemeral.Tests;

/// <summary>An author makes a new version; those who look are told, shown what changed, and follow or stay.</summary>
public sealed class BrowserEditTests(BrowserStage stage) : BrowserTest(stage)
{
    private const string Newer = "There is a newer version of this page";

    private readonly string _text = Fresh("We meet at six");

    [BrowserFact]
    public async Task Who_looks_is_told_sees_what_changed_and_follows_and_so_does_who_comes_later_with_the_old_link()
    {
        var author = await Person("author");
        var first = await CreateToChange(author, _text);
        var reader = await Person("reader");
        await reader.Visit(first);
        await reader.SeesPage(_text);

        await Edit(author);
        await author.Sees("You are changing a page.");
        await Expect(author.TextArea).ToHaveValueAsync(_text);
        await author.TextArea.FillAsync(_text.Replace("six", "seven", StringComparison.Ordinal));
        await author.Button("Publish the new version").ClickAsync();
        await author.SeesPage("We meet at seven");
        var second = await author.IsAtAPage();
        Assert.NotEqual(first, second);

        await reader.SeesHeading(Newer);
        await reader.SeesPage("We meet at six");
        await reader.Button("See what changed").ClickAsync();
        var changed = reader.Page.GetByRole(AriaRole.Region, new() { Name = "What changed" });
        await Expect(changed.Locator("del")).ToHaveTextAsync("six");
        await Expect(changed.Locator("ins")).ToHaveTextAsync("seven");
        await reader.Button("Go to the newer one").ClickAsync();
        await reader.SeesPage("We meet at seven");
        Assert.Equal(author.Page.Url, reader.Page.Url);
        await Expect(reader.Page.GetByRole(AriaRole.Heading, new() { Name = Newer })).ToHaveCountAsync(0);

        var late = await Person("late");
        await late.Visit(first);
        await late.SeesHeading(Newer);
        await late.Button("Stay here").ClickAsync();
        await late.Sees("You stay with this version.");
        await late.SeesPage("We meet at six");
    }

    [BrowserFact]
    public async Task The_author_can_go_on_after_a_reload_and_old_links_lead_to_the_newest()
    {
        var author = await Person("author");
        var first = await CreateToChange(author, _text);
        await Publish(author, _text + " two");
        await author.Page.ReloadAsync();
        await author.SeesPage(_text + " two");
        await Publish(author, _text + " three");
        var reader = await Person("reader");
        await reader.Visit(first);
        await reader.Button("Go to the newer one").ClickAsync();
        await reader.SeesPage(_text + " three");
    }

    [BrowserFact]
    public async Task A_private_page_stays_private_and_its_readers_follow_with_the_same_key_and_passphrase()
    {
        var author = await Person("author");
        await author.Visit();
        await author.TextArea.FillAsync(_text);
        await author.Page.GetByText("Private", new() { Exact = true }).ClickAsync();
        await author.Page.GetByLabel("Passphrase").FillAsync("heather");
        await author.Page.GetByText("I may change it later").ClickAsync();
        var first = await author.PressCreate();
        var link = author.Page.Url;
        var (reader, blind) = (await Person("reader"), await Person("blind"));
        await reader.Page.GotoAsync(link);
        await reader.Page.GetByRole(AriaRole.Textbox, new() { Name = "Passphrase", Exact = true }).FillAsync("heather");
        await reader.Button("Open it").ClickAsync();
        await reader.SeesPage(_text);
        await blind.Visit(first);
        await blind.SeesHeading("This page is private");

        await Publish(author, _text + " and more");
        Assert.Equal(link[link.IndexOf('#', StringComparison.Ordinal)..], author.Page.Url[author.Page.Url.IndexOf('#', StringComparison.Ordinal)..]);
        await reader.SeesHeading(Newer);
        await reader.Button("See what changed").ClickAsync();
        await Expect(reader.Page.Locator("ins")).ToHaveTextAsync(" and more");
        await reader.Button("Go to the newer one").ClickAsync();
        await reader.SeesPage(_text + " and more");
        // Who has no key is told, too, and is shown nothing.
        await blind.SeesHeading(Newer);
        await Expect(blind.Page.GetByText("and more")).ToHaveCountAsync(0);
    }

    [BrowserFact]
    public async Task Nobody_else_can_lead_readers_away()
    {
        var author = await Person("author");
        var page = new TestBlob(await RawOf(await CreateToChange(author, _text)));
        var liar = await Ending(Stage.Web.Visitor("liar"));
        liar.Gives(page);
        await liar.Hold(page);
        await liar.NextStatus(page, "holder");
        var reader = await Person("reader");
        await reader.Visit(page.Name);
        await reader.SeesPage(_text);
        await liar.Succeed(page, TestBlob.Fresh(), 99, new string('A', 86));
        // What comes after it on the same line has been looked at after it.
        await Publish(author, _text + " truly");
        await reader.SeesHeading(Newer);
        await reader.Button("Go to the newer one").ClickAsync();
        await reader.SeesPage(_text + " truly");
    }

    [BrowserFact]
    public async Task A_page_of_somebody_else_can_be_copied_with_its_files_and_what_was_on_the_desk_comes_back()
    {
        var page = TestPage.Of("markdown", 262144, _text, null, ("a.txt", "text/plain", "Hello"u8.ToArray()));
        await Holder(page);
        var reader = await Person("reader");
        await reader.Visit();
        await reader.TextArea.FillAsync("half a thought");
        await reader.Page.GetByLabel("Language").ClickAsync();
        await reader.Page.EvaluateAsync("page => { history.pushState(null, '', '/' + page); dispatchEvent(new PopStateEvent('popstate')); }", page.Root.Name);
        await reader.SeesPage(_text);
        await reader.Button("Edit a copy").ClickAsync();
        await Expect(reader.TextArea).ToHaveValueAsync(_text);
        await Expect(reader.Button("Remove a.txt")).ToBeVisibleAsync();
        await reader.TextArea.FillAsync(_text + " copied");
        await reader.PressCreate();
        await reader.SeesPage(_text + " copied");
        await Expect(reader.Page.GetByRole(AriaRole.Heading, new() { Name = Newer })).ToHaveCountAsync(0);
        await reader.Page.GoBackAsync();
        await Expect(reader.TextArea).ToHaveValueAsync("half a thought");
    }

    [BrowserFact]
    public async Task What_is_written_can_be_seen_as_others_will_see_it_and_begun_from_a_template()
    {
        var person = await Person("person");
        await person.Visit();
        await person.Page.GetByLabel("Start from").SelectOptionAsync("A note");
        await Expect(person.TextArea).ToHaveValueAsync(new System.Text.RegularExpressions.Regex("^# A note"));
        await person.Sees("bytes of 1 MiB. It will get an address");
        await person.Button("Preview").ClickAsync();
        await Expect(person.Guest.GetByRole(AriaRole.Heading, new() { Name = "A note" })).ToBeVisibleAsync();
        await person.Button("Write").ClickAsync();
        await Expect(person.TextArea).ToBeFocusedAsync();
        await person.Page.GetByLabel("Written as").SelectOptionAsync("Plain text");
        await Expect(person.Button("Preview")).ToBeHiddenAsync();
        await person.Page.GetByText("Private", new() { Exact = true }).ClickAsync();
        await person.Sees("It will be encrypted here");
    }

    [BrowserFact]
    public async Task What_is_being_written_is_there_again_after_a_reload_and_only_in_this_tab()
    {
        const string Kept = """
            async text => {
              const root = await navigator.storage.getDirectory();
              let bytes = 0;
              for await (const folder of (await root.getDirectoryHandle('ephemeral', { create: true })).values())
                for await (const handle of folder.values()) {
                  const file = await handle.getFile();
                  bytes += file.size;
                  if ((await file.text()).includes(text)) throw new Error('in the clear');
                }
              // The text, sealed, and two lines of 76 bytes in the list that says where it is.
              return bytes > text.length + 180;
            }
            """;
        var person = await Person("person");
        await person.Visit();
        await person.TextArea.FillAsync(_text);
        await person.Page.GetByLabel("Written as").SelectOptionAsync("Markdown");
        var waited = Stopwatch.StartNew();
        while (!await person.Page.EvaluateAsync<bool>(Kept, _text)) Assert.True(waited.Elapsed < BrowserStage.Patience, "what is written is kept");
        await person.Page.ReloadAsync();
        await Expect(person.TextArea).ToHaveValueAsync(_text);
        await Expect(person.Page.GetByLabel("Written as")).ToHaveValueAsync("markdown");
        var second = await person.Context.NewPageAsync();
        await second.GotoAsync(person.LinkTo(""));
        await Expect(second.GetByText("alive, held by")).ToBeVisibleAsync();
        await Expect(second.GetByRole(AriaRole.Textbox, new() { Name = "Your page" })).ToHaveValueAsync("");
    }

    private static async Task<string> CreateToChange(BrowserPerson author, string text)
    {
        await author.Visit();
        await author.TextArea.FillAsync(text);
        await author.Page.GetByText("I may change it later").ClickAsync();
        return await author.PressCreate();
    }

    private static async Task Edit(BrowserPerson author) => await author.Button("Edit").ClickAsync();

    private static async Task Publish(BrowserPerson author, string text)
    {
        await Edit(author);
        await author.TextArea.FillAsync(text);
        await author.Button("Publish the new version").ClickAsync();
        await author.SeesPage(text);
    }

    private async Task<byte[]> RawOf(string page)
    {
        using var http = new HttpClient();
        return await http.GetByteArrayAsync(new Uri(Stage.Web.Address, $"{page}/raw"));
    }
}
