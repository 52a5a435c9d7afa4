using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Ephemeral.Tests;

/// <summary>Devices sleep, change networks and put tabs away: the page is held again by itself afterwards, and counted once.</summary>
public sealed class BrowserSleepTests(BrowserStage stage) : BrowserTest(stage)
{
    private readonly string _text = Fresh("Asleep");

    [BrowserFact]
    public async Task A_page_that_is_frozen_is_held_all_the_same_and_goes_on_when_it_thaws()
    {
        var holder = await Person("holder");
        var page = await holder.Create(_text);
        var hand = await holder.Context.NewCDPSessionAsync(holder.Page);
        await Freeze(hand, true);
        var reader = await Person("reader");
        await reader.Visit(page);
        await reader.SeesPage(_text);
        await reader.SeesViewing(2);
        await Freeze(hand, false);
        await holder.SeesViewing(2);
    }

    [BrowserFact]
    public async Task A_device_that_slept_until_its_line_was_gone_holds_the_page_again_when_it_wakes()
    {
        var directory = Directory.CreateTempSubdirectory("ephemeral-asleep-").FullName;
        try
        {
            var wire = await Ending(BrowserProxy.To(Stage.Web.Address));
            await using var browser = await BrowserProcess.Start(Stage.Playwright, directory);
            var sleeper = await browser.Person("sleeper", wire.Address);
            sleeper.Expects("WebSocket connection to");
            var page = await sleeper.Create(_text);
            await browser.Sleep();
            wire.Cut();
            var waiter = await Person("waiter");
            await waiter.Visit(page);
            await waiter.SeesNobody();
            wire.Mend();
            await browser.Wake();
            await waiter.SeesPage(_text);
            await waiter.SeesViewing(2);
            await sleeper.SeesViewing(2);
            await waiter.Leave();
            await sleeper.SeesViewing(1);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [BrowserFact]
    public async Task Who_changes_from_one_network_to_another_holds_the_page_on_a_new_line_and_is_counted_once()
    {
        var wire = await Ending(BrowserProxy.To(Stage.Web.Address));
        var traveller = await Person("traveller", wire.Address);
        traveller.Expects("WebSocket connection to|ERR_INTERNET_DISCONNECTED");
        var page = await traveller.Create(_text);
        var reader = await Person("reader");
        await reader.Visit(page);
        await reader.SeesViewing(2);

        // The line of the old network takes no notice: nothing comes through it any more, and nothing says so.
        var before = wire.Connections;
        await traveller.Context.SetOfflineAsync(true);
        await traveller.Sees("You still have the page");
        await traveller.SeesPage(_text);
        await traveller.Context.SetOfflineAsync(false);
        await traveller.SeesViewing(2);
        await reader.SeesViewing(2);
        Assert.True(wire.Connections > before, "there is a new line");

        await reader.Leave();
        await traveller.SeesViewing(1);
        var later = await Person("later");
        await later.Visit(page);
        await later.SeesPage(_text);
        await later.SeesViewing(2);
    }

    private static async Task Freeze(ICDPSession hand, bool isFrozen) =>
        await hand.SendAsync("Page.setWebLifecycleState", new() { ["state"] = isFrozen ? "frozen" : "active" });
}
