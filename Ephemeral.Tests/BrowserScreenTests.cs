using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Ephemeral.Tests;

/// <summary>Every state of the site on the screen of a phone: nothing is wider than it, by day and by night.</summary>
public sealed class BrowserScreenTests(BrowserStage stage) : BrowserTest(stage)
{
    private const string Wide = "<p style='width:3000px'>wide</p><pre>averyveryveryverylongwordthatbreaksnowherebecauseithasnothingtobreakatandgoesonandonandonandon</pre>";

    private readonly string _text = Fresh(Wide);

    [BrowserTheory]
    [InlineData(ColorScheme.Light)]
    [InlineData(ColorScheme.Dark)]
    public async Task Home_and_a_page_that_is_held_fit_a_phone(ColorScheme scheme)
    {
        var person = await Phone("person", scheme: scheme);
        await person.Visit();
        await person.FitsTheScreen("home");
        await person.Button("Create page").ClickAsync();
        await Expect(person.Page.GetByRole(AriaRole.Alert)).ToBeVisibleAsync();
        await person.FitsTheScreen("home, refused");
        await person.Paste(person.TextArea, "a\r\nb");
        await person.Sees("The line ends are kept");
        await person.FitsTheScreen("home, with line ends");
        await person.TextArea.FillAsync(_text);
        var page = await person.PressCreate();
        await person.SeesPage("wide");
        await person.FitsTheScreen("alone");
        await person.Button("Run scripts").ClickAsync();
        await person.FitsTheScreen("asked about scripts");
        await person.Button("Run them").ClickAsync();
        await Expect(person.Button("Turn scripts off")).ToBeVisibleAsync();
        await person.FitsTheScreen("scripts on");
        await person.Page.GetByText("Activity", new() { Exact = true }).ClickAsync();
        await person.FitsTheScreen("the log");

        var other = await Person("other");
        await other.Visit(page);
        await person.SeesViewing(2);
        await person.FitsTheScreen("with another");
        await person.Page.GetByRole(AriaRole.Link, new() { Name = "New page" }).ClickAsync();
        await person.Sees("This tab still keeps a page alive:");
        await person.FitsTheScreen("home, still holding");
    }

    [BrowserFact]
    public async Task A_page_that_is_not_there_fits_a_phone_and_so_does_one_that_can_not_be_shown()
    {
        var person = await Phone("person");
        await person.Visit(TestBlob.Text(_text).Name);
        await person.SeesNobody();
        await person.FitsTheScreen("nobody");
        await person.Page.GetByRole(AriaRole.Textbox, new() { Name = "The page's content" }).FillAsync("not it");
        await person.Button("Bring it back").ClickAsync();
        await person.Sees("That isn't the same");
        await person.FitsTheScreen("not the same");

        var bad = new TestBlob([0x89, 0x45, 0x50, 0x48, 0x0d, 0x0a, 0x1a, 0x0a, .. TestBlob.Fresh().Bytes]);
        await using var holder = await Stage.Web.Visitor("holder");
        holder.Gives(bad);
        await holder.Hold(bad);
        await holder.NextStatus(bad, "holder");
        await person.Visit(bad.Name);
        await person.SeesHeading("This reader can't show the page");
        await person.FitsTheScreen("can't be shown");

        person.Expects("404");
        await person.Visit("not-an-address");
        await person.SeesHeading("This is not an address of a page");
        await person.FitsTheScreen("not an address");
    }

    [BrowserFact]
    public async Task Asking_for_a_page_of_a_mute_holder_fits_a_phone()
    {
        var page = TestBlob.Text(_text);
        var mute = await Ending(Stage.Web.Visitor("mute"));
        mute.Gives(page);
        await mute.Hold(page);
        await mute.NextStatus(page, "holder");
        mute.Mute();
        var person = await Phone("person");
        await person.Visit(page.Name);
        await person.SeesHeading("Asking for the page");
        await person.Sees("Someone has it.");
        await person.FitsTheScreen("asking");
    }

    [BrowserFact]
    public async Task A_lost_connection_fits_a_phone_with_the_page_and_without()
    {
        var wire = await Ending(BrowserProxy.To(Stage.Web.Address));
        var holder = await Phone("holder", wire.Address);
        var waiter = await Phone("waiter", wire.Address);
        holder.Expects("WebSocket connection to");
        waiter.Expects("WebSocket connection to");
        await holder.Create(_text);
        await waiter.Visit(TestBlob.Fresh().Name);
        await waiter.SeesNobody();
        wire.Cut();
        await waiter.SeesHeading("The connection is lost");
        await waiter.FitsTheScreen("lost");
        await holder.Sees("The connection is lost.");
        await holder.FitsTheScreen("lost, with the page");
    }

    [BrowserFact]
    public async Task A_site_that_takes_no_more_visitors_says_so_and_fits_a_phone()
    {
        var full = await Ending(WebApp.Start("--Ephemeral:MaxVisitors=1"));
        await Ending(full.Visitor("the one"));
        var person = await Phone("person", full.Address);
        person.Expects("WebSocket connection to");
        await person.Visit(TestBlob.Text(_text).Name);
        await person.SeesHeading("No connection can be made");
        await person.FitsTheScreen("impossible");
    }

    [BrowserFact]
    public async Task A_page_that_the_operator_blocks_goes_from_the_screen_of_who_holds_it()
    {
        var web = await Ending(WebApp.Start());
        var person = await Phone("person", web.Address);
        await person.Create(_text);
        web.Block(TestBlob.Text(_text));
        await person.SeesHeading("This page is blocked here");
        await Expect(person.Page.Locator("iframe")).ToBeHiddenAsync();
        await person.FitsTheScreen("blocked");
    }

    [BrowserFact]
    public async Task A_tab_that_asks_for_too_many_pages_is_told_so()
    {
        var web = await Ending(WebApp.Start("--Ephemeral:MaxPages=1"));
        var person = await Phone("person", web.Address);
        await person.Create(_text);
        await person.Page.GetByRole(AriaRole.Link, new() { Name = "New page" }).ClickAsync();
        await person.TextArea.FillAsync(_text + " and more");
        await person.Button("Create page").ClickAsync();
        await person.Sees("this site won't count you among its holders right now");
        await person.FitsTheScreen("turned away");
    }

    private Task<BrowserPerson> Phone(string name, Uri? site = null, ColorScheme scheme = ColorScheme.Light) =>
        Person(name, site, new() { ViewportSize = new() { Width = 390, Height = 844 }, IsMobile = true, HasTouch = true, ColorScheme = scheme });
}
