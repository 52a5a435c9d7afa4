using System.Text;
using System.Text.Json;
using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Ephemeral.Tests;

/// <summary>What people write arrives as they wrote it, byte for byte, or is refused with a reason.</summary>
public sealed class BrowserContentTests(BrowserStage stage) : BrowserTest(stage)
{
    [BrowserFact]
    public async Task Typed_emoji_and_many_scripts_have_the_address_of_their_UTF8_bytes()
    {
        var text = Fresh("😀 👩‍👩‍👧‍👦 é 日本語 עברית");
        var writer = await Person("writer");
        var page = await writer.Create(text);
        Assert.Equal(TestBlob.Text(text).Name, page);

        var reader = await Person("reader");
        await reader.Visit(page);
        await reader.SeesPage(text);
        Assert.Equal(Encoding.UTF8.GetBytes(text), await reader.SavesACopy());
    }

    [BrowserFact]
    public async Task Pasted_line_ends_are_kept_as_they_came()
    {
        var text = Fresh("😀 first\r\nsecond\nthird\rfourth\r\n");
        var writer = await Person("writer");
        await writer.Visit();
        await writer.Paste(writer.TextArea, text);
        await writer.Sees("The line ends are kept as they came (CRLF).");
        var page = await writer.PressCreate();
        Assert.Equal(TestBlob.Text(text).Name, page);

        var reader = await Person("reader");
        await reader.Visit(page);
        await reader.SeesPage("fourth");
        Assert.Equal(Encoding.UTF8.GetBytes(text), await reader.SavesACopy());
    }

    [BrowserFact]
    public async Task A_page_with_line_ends_comes_back_by_pasting_what_was_saved_of_it()
    {
        var text = Fresh("one\r\ntwo\r\n");
        var page = TestBlob.Text(text).Name;
        var person = await Person("person");
        await person.Visit(page);
        await person.SeesNobody();
        await person.Paste(person.Page.GetByRole(AriaRole.Textbox, new() { Name = "The page's content" }), text);
        await person.Button("Bring it back").ClickAsync();
        await person.SeesViewing(1);
        Assert.Equal(Encoding.UTF8.GetBytes(text), await person.SavesACopy());
    }

    [BrowserFact]
    public async Task A_file_dropped_on_a_page_that_nobody_holds_brings_it_back()
    {
        var text = Fresh("in a file\r\n");
        var person = await Person("person");
        await person.Visit(TestBlob.Text(text).Name);
        await person.SeesNobody();
        await person.Page.GetByLabel("Choose a file").SetInputFilesAsync(new FilePayload { Name = "page.txt", MimeType = "text/plain", Buffer = Encoding.UTF8.GetBytes(text) });
        await person.SeesPage("in a file");
        await person.SeesViewing(1);
    }

    [BrowserFact]
    public async Task A_text_over_the_limit_is_refused_with_its_size_and_the_limit()
    {
        var writer = await Person("writer");
        await writer.Visit();
        await writer.TextArea.FillAsync(new string('a', (1 << 20) + (1 << 19)));
        await writer.Button("Create page").ClickAsync();
        await Expect(writer.Page.GetByRole(AriaRole.Alert)).ToHaveTextAsync("This is 1.5 MiB, and a page here can have 1 MiB at most. Shorten it, then try again.");
        await Expect(writer.TextArea).ToBeFocusedAsync();
        Assert.Equal(writer.LinkTo(""), writer.Page.Url);
    }

    [BrowserFact]
    public async Task The_limit_is_counted_in_bytes_and_a_page_of_just_that_size_travels()
    {
        // Three bytes a letter: far fewer letters than bytes.
        var mark = Fresh("<p>the end</p>");
        var text = string.Concat(Enumerable.Repeat("日", ((1 << 20) - mark.Length) / 3)) + mark;
        text += new string(' ', (1 << 20) - Encoding.UTF8.GetByteCount(text));
        var writer = await Person("writer");
        await writer.Visit();
        await writer.TextArea.FillAsync(text + "日");
        await writer.Button("Create page").ClickAsync();
        await Expect(writer.Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("at most");
        await writer.TextArea.FillAsync(text);
        var page = await writer.PressCreate();
        Assert.Equal(TestBlob.Text(text).Name, page);

        var reader = await Person("reader");
        await reader.Visit(page);
        await reader.SeesPage("the end");
        await reader.SeesViewing(2);
    }

    [BrowserFact]
    public async Task Nothing_is_not_a_page()
    {
        var writer = await Person("writer");
        await writer.Visit();
        await writer.Button("Create page").ClickAsync();
        await Expect(writer.Page.GetByRole(AriaRole.Alert)).ToHaveTextAsync("There is nothing here yet. Write something or add a file first.");
        await writer.TextArea.FillAsync(Fresh("Now there is"));
        await Expect(writer.Page.GetByRole(AriaRole.Alert)).ToBeHiddenAsync();
        await writer.PressCreate();
    }

    [BrowserTheory]
    [InlineData("document")]
    [InlineData("html")]
    [InlineData("markdown")]
    public async Task A_title_can_not_turn_the_direction_of_writing_or_hide_anything(string kind)
    {
        const string Title = "Bank\u202Egro.live\u2066\u200B";
        const string Seen = "Bank\\u202egro.live\\u2066\\u200b";
        var words = Fresh("Titled");
        var page = kind switch
        {
            "document" => TestPage.Document(JsonSerializer.Serialize(new { version = 1, kind = "text", title = Title }), words),
            "markdown" => TestPage.Document("""{"version":1,"kind":"markdown"}""", $"# {Title}\n\n{words}"),
            _ => TestBlob.Text($"<title>{Title}</title>{words}"),
        };
        await using var holder = await Stage.Web.Visitor("holder");
        holder.Gives(page);
        await holder.Hold(page);
        await holder.NextStatus(page, "holder");
        var reader = await Person("reader");
        await reader.Visit(page.Name);
        await Expect(reader.Page).ToHaveTitleAsync($"2 here · {Seen}");
        if (kind == "document") await reader.Sees(Seen);
    }

    [BrowserFact]
    public async Task A_page_document_of_text_is_shown_as_text_and_one_that_does_not_add_up_says_why()
    {
        var words = Fresh("<b>not bold</b>");
        var good = TestPage.Document("""{"version":1,"kind":"text","title":"A title"}""", words);
        var bad = TestPage.Document("""{"version":2,"kind":"text"}""", words);
        await using var holder = await Stage.Web.Visitor("holder");
        holder.Gives(good, bad);
        foreach (var page in new[] { good, bad })
        {
            await holder.Hold(page);
            await holder.NextStatus(page, "holder");
        }

        var reader = await Person("reader");
        await reader.Visit(good.Name);
        await Expect(reader.Main.GetByRole(AriaRole.Region, new() { Name = "Page content" })).ToHaveTextAsync(words);
        await reader.Sees("A title");
        await Expect(reader.Page).ToHaveTitleAsync("2 here · A title");

        await reader.Visit(bad.Name);
        await reader.SeesHeading("This reader can't show the page");
        await reader.Sees("it is written in version 2");
        await Expect(reader.Main.GetByRole(AriaRole.Link, new() { Name = "Get the raw bytes" })).ToHaveAttributeAsync("href", $"/{bad.Name}/raw");
    }
}
