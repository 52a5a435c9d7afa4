using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Ephemeral.Tests;

/// <summary>The line to the server is cut, in a tab that is looked at and in one that is not.</summary>
public sealed class BrowserLineTests(BrowserStage stage) : BrowserTest(stage)
{
    private readonly string _text = Fresh("Held over a cut line");

    [BrowserFact]
    public async Task A_hidden_tab_whose_line_is_cut_holds_again_without_being_looked_at()
    {
        var page = TestBlob.Text(_text);
        var writer = await Person("writer");
        await writer.Create(_text);
        var wire = await Ending(BrowserProxy.To(Stage.Web.Address));
        var hidden = await Ending(BrowserHiddenTab.Open(Stage.Browser, new Uri(wire.Address, page.Name).ToString()));
        await writer.SeesViewing(2);
        await hidden.Until("document.querySelector('main').innerText.includes('You and 1 other')", "the tab has the page");
        await hidden.Hide();
        await writer.Leave();

        var watcher = await Ending(Stage.Web.Visitor("watcher"));
        await watcher.Want(page, root: false);
        await watcher.NextStatus(page, holders: 1, waiters: 1, "waiter");
        wire.Cut();
        await watcher.NextStatus(page, holders: 0, waiters: 1, "waiter");
        wire.Mend();
        await watcher.NextStatus(page, holders: 1, waiters: 1, "waiter");

        var reader = await Person("reader");
        await reader.Visit(page.Name);
        await reader.SeesPage(_text);
        await reader.SeesViewing(2);
        await hidden.Until("document.hidden && document.querySelector('main').innerText.includes('You and 1 other')", "the tab is still hidden and holds the page");
    }

    [BrowserFact]
    public async Task A_holder_whose_line_is_cut_is_told_so_and_holds_again_when_it_is_back()
    {
        var wire = await Ending(BrowserProxy.To(Stage.Web.Address));
        var holder = await Person("holder", wire.Address);
        holder.Expects("WebSocket connection to");
        var page = await holder.Create(_text);
        var waiter = await Person("waiter");
        wire.Cut();
        await holder.Sees("The connection is lost. You still have the page, and it is offered again as soon as the connection is back.");
        await holder.SeesPage(_text);
        await Expect(holder.Page).ToHaveTitleAsync($"Reconnecting · {page[..4]}…{page[^4..]} · Ephemeral");
        await waiter.Visit(page);
        await waiter.SeesNobody();

        wire.Mend();
        await waiter.SeesPage(_text);
        await waiter.SeesViewing(2);
        await holder.SeesViewing(2);
    }

    [BrowserFact]
    public async Task One_who_waits_while_the_line_is_cut_is_told_so_and_can_try_at_once()
    {
        var wire = await Ending(BrowserProxy.To(Stage.Web.Address));
        var waiter = await Person("waiter", wire.Address);
        waiter.Expects("WebSocket connection to");
        await waiter.Visit(TestBlob.Text(_text).Name);
        await waiter.SeesNobody();
        wire.Cut();
        await waiter.SeesHeading("The connection is lost");
        await Expect(waiter.Button("Try now")).ToBeVisibleAsync();
        var writer = await Person("writer");
        await writer.Create(_text);
        wire.Mend();
        await waiter.SeesPage(_text);
    }

    [BrowserFact]
    public async Task People_find_each_other_again_after_the_server_was_started_anew()
    {
        var first = await WebApp.Start();
        var wire = await Ending(BrowserProxy.To(first.Address));
        var port = first.Address.Port;
        var holder = await Person("holder", wire.Address);
        holder.Expects("WebSocket connection to|503");
        var page = await holder.Create(_text);
        await first.DisposeAsync();
        await holder.Sees("The connection is lost.");

        await Ending(WebApp.Start($"--urls=http://127.0.0.1:{port}"));
        await holder.Sees(BrowserPerson.Alone);
        var reader = await Person("reader", wire.Address);
        await reader.Visit(page);
        await reader.SeesPage(_text);
        await reader.SeesViewing(2);
    }
}
