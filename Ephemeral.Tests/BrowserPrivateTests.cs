using System.Text;
using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Ephemeral.Tests;

/// <summary>A private page is read by who has the whole link, and kept alive by anybody.</summary>
public sealed class BrowserPrivateTests(BrowserStage stage) : BrowserTest(stage)
{
    private readonly string _text = Fresh("Nobody else's business");

    [BrowserFact]
    public async Task Who_has_the_whole_link_reads_it_also_after_a_reload_and_on_the_way_back()
    {
        var writer = await Person("writer");
        var page = await CreatePrivate(writer, "");
        await writer.SeesPage(_text);
        var link = await CopiedBy(writer, "Copy link", "The link is on the clipboard.");
        Assert.Matches($"^{writer.LinkTo(page)}#[A-Za-z0-9_-]{{43}}$", link);
        Assert.Equal(link, writer.Page.Url);
        Assert.Equal(writer.LinkTo(page), await CopiedBy(writer, "Copy without the key", "The link without its key is on the clipboard"));

        var reader = await Person("reader");
        await reader.Page.GotoAsync(link);
        await reader.SeesPage(_text);
        await reader.SeesViewing(2);
        await reader.Page.ReloadAsync();
        await reader.SeesPage(_text);
        Assert.Equal(link, reader.Page.Url);

        await reader.Page.GetByRole(AriaRole.Link, new() { Name = "New page" }).ClickAsync();
        await Expect(reader.TextArea).ToBeFocusedAsync();
        await reader.Page.GoBackAsync();
        await reader.SeesPage(_text);
        Assert.Equal(link, reader.Page.Url);
        await reader.Page.GetByRole(AriaRole.Link, new() { Name = "New page" }).ClickAsync();
        await reader.Page.GetByRole(AriaRole.Link, new() { Name = $"Open {page[..4]}" }).ClickAsync();
        await reader.SeesPage(_text);
        Assert.Equal(link, reader.Page.Url);
        Assert.Equal(_text, Encoding.UTF8.GetString(await reader.SavesACopy()));
    }

    [BrowserFact]
    public async Task Without_the_key_it_is_kept_alive_unread_until_somebody_comes_with_the_link()
    {
        var writer = await Person("writer");
        var page = await CreatePrivate(writer, "");
        var link = writer.Page.Url;
        using var http = new HttpClient();
        var raw = await http.GetByteArrayAsync(new Uri(Stage.Web.Address, $"{page}/raw"));
        Assert.Equal(-1, raw.AsSpan().IndexOf(Encoding.UTF8.GetBytes(_text)));
        Assert.Equal(page, new TestBlob(raw).Name);

        var blind = await Person("blind");
        await blind.Visit(page);
        await blind.SeesHeading("This page is private");
        await blind.Sees("You can help to keep it alive without reading it.");
        await blind.SeesViewing(2);
        await Expect(blind.Page.GetByText(_text)).ToBeHiddenAsync();
        await Expect(blind.Button("Save a copy")).ToBeHiddenAsync();
        await writer.Leave();
        await blind.SeesViewing(1);

        var reader = await Person("reader");
        await reader.Page.GotoAsync(link);
        await reader.SeesPage(_text);
        await blind.SeesViewing(2);

        // Somebody sends the key after all; whether it comes alone or as the whole link.
        await blind.Page.GetByLabel("The key").FillAsync(link);
        await blind.Button("Open it").ClickAsync();
        await blind.SeesPage(_text);
        Assert.Equal(link, blind.Page.Url);
    }

    [BrowserFact]
    public async Task A_key_that_is_wrong_or_cut_short_says_so_and_the_right_one_opens_it()
    {
        var writer = await Person("writer");
        await CreatePrivate(writer, "");
        var link = writer.Page.Url;
        var wrong = link[..^1] + (link[^1] == 'A' ? 'E' : 'A');
        var reader = await Person("reader");
        foreach (var bad in new[] { wrong, link[..^5] })
        {
            await reader.Page.GotoAsync(bad);
            await reader.SeesHeading("This key doesn't fit");
            await reader.SeesViewing(2);
        }

        await reader.Page.GetByLabel("The key").FillAsync("nonsense");
        await reader.Button("Open it").ClickAsync();
        await Expect(reader.Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("43 letters and digits");
        await reader.Page.GotoAsync(link);
        await reader.SeesPage(_text);
    }

    [BrowserFact]
    public async Task A_passphrase_is_asked_for_besides_the_link()
    {
        var writer = await Person("writer");
        await CreatePrivate(writer, "open Sesame");
        await writer.SeesPage(_text);
        var reader = await Person("reader");
        await reader.Page.GotoAsync(writer.Page.Url);
        await reader.SeesHeading("This page needs its passphrase");
        await reader.SeesViewing(2);
        foreach (var (passphrase, heading) in new[] { ("open sesame", "That didn't open it"), ("open Sesame", "") })
        {
            await reader.Page.GetByLabel("Passphrase", new() { Exact = true }).FillAsync(passphrase);
            await reader.Button("Open it").ClickAsync();
            if (heading.Length > 0) await reader.SeesHeading(heading);
        }

        await reader.SeesPage(_text);
        Assert.DoesNotContain("esame", reader.Page.Url, StringComparison.Ordinal);
    }

    private async Task<string> CreatePrivate(BrowserPerson writer, string passphrase)
    {
        await writer.Visit();
        await writer.TextArea.FillAsync(_text);
        await writer.Page.GetByLabel("Private").CheckAsync();
        await writer.Page.GetByLabel("Passphrase, if you want one").FillAsync(passphrase);
        return await writer.PressCreate();
    }

    private static async Task<string> CopiedBy(BrowserPerson person, string button, string said)
    {
        await person.Page.BringToFrontAsync();
        await person.Button(button).ClickAsync();
        await Expect(person.Announced).ToContainTextAsync(said);
        // Into another tab, as people do: the site's own pages may not read the clipboard.
        var tab = await person.Context.NewPageAsync();
        await tab.GotoAsync(person.LinkTo(""));
        var area = tab.GetByRole(AriaRole.Textbox, new() { Name = "Your page" });
        await area.FocusAsync();
        await tab.Keyboard.PressAsync("Control+V");
        await Expect(area).Not.ToHaveValueAsync("");
        var link = await area.InputValueAsync();
        await tab.CloseAsync();
        return link;
    }
}
