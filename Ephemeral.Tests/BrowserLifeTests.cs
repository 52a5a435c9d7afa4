using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Ephemeral.Tests;

/// <summary>The main job in real browsers: a page lives as long as somebody is looking at it.</summary>
public sealed class BrowserLifeTests(BrowserStage stage) : BrowserTest(stage)
{
    private readonly string _text = Fresh("Once upon a time");

    [BrowserFact]
    public async Task A_page_lives_from_browser_to_browser_and_comes_back_with_its_content()
    {
        var first = await Person("first");
        var page = await first.Create(_text);
        Assert.Equal(TestBlob.Text(_text).Name, page);
        await first.SeesViewing(1);
        await first.Sees(BrowserPerson.Alone);
        await first.SeesPage(_text);

        var second = await Person("second");
        await second.Visit(page);
        await second.SeesPage(_text);
        await second.SeesViewing(2);
        await first.SeesViewing(2);
        await first.Sees("You and 1 other keep this page alive.");

        await first.Leave();
        await second.SeesViewing(1);
        var third = await Person("third");
        await third.Visit(page);
        await third.SeesPage(_text);
        await third.SeesViewing(2);
        await second.SeesViewing(2);

        await second.Leave();
        await third.Leave();
        var fourth = await Person("fourth");
        await fourth.Visit(page);
        await fourth.SeesNobody();
        await fourth.SeesViewing(0);

        var fifth = await Person("fifth");
        await fifth.Visit(page);
        await fifth.SeesNobody();
        await fourth.Sees("One other person is waiting for it, too.");
        var content = fifth.Page.GetByRole(AriaRole.Textbox, new() { Name = "The page's content" });
        await fifth.Paste(content, _text + "!");
        await fifth.Button("Bring it back").ClickAsync();
        await fifth.Sees("That isn't the same");
        await content.FillAsync("");
        await fifth.Paste(content, _text);
        await fifth.Button("Bring it back").ClickAsync();
        await fifth.SeesPage(_text);
        await fourth.SeesPage(_text);
        await fourth.SeesViewing(2);
        await fifth.SeesViewing(2);
    }

    [BrowserFact]
    public async Task One_who_goes_on_to_another_page_still_holds_this_one()
    {
        var first = await Person("first");
        var page = await first.Create(_text);
        await first.Page.GetByRole(AriaRole.Link, new() { Name = "New page" }).ClickAsync();
        await first.Sees("This tab still keeps a page alive:");
        await Expect(first.TextArea).ToHaveValueAsync("");
        await first.TextArea.FillAsync(Fresh("Another"));
        var other = await first.PressCreate();
        Assert.NotEqual(page, other);

        var second = await Person("second");
        await second.Visit(page);
        await second.SeesPage(_text);
        await second.SeesViewing(2);

        await first.Page.GoBackAsync();
        await first.Page.GetByRole(AriaRole.Listitem).Filter(new() { HasText = $"{page[..4]}…{page[^4..]}" }).GetByRole(AriaRole.Button, new() { Name = "Let it go" }).ClickAsync();
        await second.SeesViewing(1);
    }

    [BrowserFact]
    public async Task A_page_outlives_two_reloads_of_its_only_holder()
    {
        var holder = await Person("holder");
        var page = await holder.Create(_text);
        await holder.SeesPage(_text);
        for (var reload = 0; reload < 2; reload++)
        {
            await holder.Page.ReloadAsync();
            await holder.SeesPage(_text);
            await holder.SeesViewing(1);
            await holder.Sees(BrowserPerson.Alone);
        }

        var second = await Person("second");
        await second.Visit(page);
        await second.SeesPage(_text);
        await second.SeesViewing(2);
    }

    [BrowserFact]
    public async Task Two_reloads_right_after_one_another_do_not_kill_the_page()
    {
        var holder = await Person("holder");
        var page = await holder.Create(_text);
        await holder.SeesPage(_text);
        // The second one by the page itself, as soon as it begins: asked for from outside, it can hit the moment between two documents.
        await holder.Page.AddInitScriptAsync("if (self === top && performance.getEntriesByType('navigation')[0].type === 'reload' && !history.state?.again) { history.replaceState({ again: true }, ''); location.reload(); }");
        await holder.Page.ReloadAsync(new() { WaitUntil = WaitUntilState.Commit });
        await holder.Page.WaitForFunctionAsync("() => history.state?.again === true");
        await holder.SeesPage(_text);
        await holder.SeesViewing(1);

        var second = await Person("second");
        await second.Visit(page);
        await second.SeesPage(_text);
    }

    [BrowserFact]
    public async Task One_who_comes_in_the_middle_of_a_reload_waits_and_then_has_the_page()
    {
        // What comes out of the site's own cache can't be held up.
        var holder = await Person("holder", options: new() { ServiceWorkers = ServiceWorkerPolicy.Block });
        var page = await holder.Create(_text);
        await holder.SeesPage(_text);

        // The old tab is gone as soon as the new document is there, and the new one can do nothing without its script.
        var go = new TaskCompletionSource();
        await holder.Page.RouteAsync("**/*.js", async route =>
        {
            await go.Task;
            await route.ContinueAsync();
        });
        await holder.Page.ReloadAsync(new() { WaitUntil = WaitUntilState.Commit });
        var second = await Person("second");
        await second.Visit(page);
        await second.SeesNobody();
        go.SetResult();

        await second.SeesPage(_text);
        await second.SeesViewing(2);
        await holder.SeesViewing(2);
        await holder.Page.UnrouteAllAsync();
    }

    [BrowserFact]
    public async Task A_waiting_tab_that_is_reloaded_still_gets_the_page()
    {
        var waiter = await Person("waiter");
        await waiter.Visit(TestBlob.Text(_text).Name);
        await waiter.SeesNobody();
        await waiter.Page.ReloadAsync();
        await waiter.SeesNobody();

        var holder = await Person("holder");
        await holder.Create(_text);
        await waiter.SeesPage(_text);
        await waiter.SeesViewing(2);
    }
}
