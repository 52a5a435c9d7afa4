using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Ephemeral.Tests;

/// <summary>"How it works" is drawn from what happens in this very tab, and says who can read what.</summary>
public sealed class BrowserHowTests(BrowserStage stage) : BrowserTest(stage)
{
    // Each thing is drawn for a moment only: what was said, and how far each dot came, is written down.
    private const string Recorder = """
        window.said = []; window.trips = [];
        const follow = (dot, places = []) => {
          if (!dot.isConnected) return void window.trips.push(Math.round(Math.max(...places) - Math.min(...places)));
          places.push(dot.getBoundingClientRect().x);
          requestAnimationFrame(() => follow(dot, places));
        };
        new MutationObserver(changes => {
          for (const { target, addedNodes } of changes) {
            if (target.className === 'caption') window.said.push(target.textContent);
            for (const node of addedNodes) {
              if (node.classList?.contains('dot')) follow(node);
              if (node.classList?.contains('how')) window.said.push(node.querySelector('.caption').textContent);
            }
          }
        }).observe(document, { subtree: true, childList: true });
        """;

    private readonly string _text = Fresh("Drawn");

    [BrowserTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_drawing_moves_by_what_happens_in_this_tab_and_stands_still_for_who_wants_that(bool isStill)
    {
        var person = await Person("person", options: new() { ReducedMotion = isStill ? ReducedMotion.Reduce : ReducedMotion.NoPreference });
        await person.Page.AddInitScriptAsync(Recorder);
        var page = await person.Create(_text);
        await person.Page.GetByRole(AriaRole.Link, new() { Name = "How it works" }).ClickAsync();
        await person.SeesHeading("How it works");
        await Says(person, "First, what has happened in this tab so far …");
        await Says(person, "Your tab has connected to the relay.");
        await Says(person, "Your tab holds a page now");
        await Expect(person.Page.Locator(".how .others > g")).ToHaveCountAsync(0);

        // What happens from now on, too.
        var reader = await Person("reader");
        await reader.Visit(page);
        await reader.SeesPage(_text);
        await Says(person, "Your tab gave a page to somebody");
        await Expect(person.Page.Locator(".how .others > g")).ToHaveCountAsync(1);
        await reader.Leave();
        await Expect(person.Page.Locator(".how .others > g")).ToHaveCountAsync(0);
        await person.Page.WaitForFunctionAsync("() => window.trips.length >= 3");
        var trips = await person.Page.EvaluateAsync<int[]>("() => window.trips");
        Assert.All(trips, trip => Assert.InRange(trip, isStill ? 0 : 50, isStill ? 0 : 1_000));

        // The page is held all the while.
        var later = await Person("later");
        await later.Visit(page);
        await later.SeesPage(_text);
    }

    [BrowserFact]
    public async Task In_a_fresh_tab_it_says_how_to_see_something()
    {
        var person = await Person("person");
        await person.Visit("how");
        await person.SeesHeading("How it works");
        await Expect(person.Page.GetByRole(AriaRole.Img, new() { Name = "This tab, the relay and the others" })).ToBeVisibleAsync();
        foreach (var step in new[] { "You make a page", "Somebody opens the link", "Now there are two", "The last one leaves" }) await person.SeesHeading(step);
        await Expect(person.Page).ToHaveTitleAsync("How it works · Ephemeral");
    }

    [BrowserFact]
    public async Task Who_can_read_this_is_answered_for_open_and_for_private_pages()
    {
        var person = await Person("person", options: new() { ViewportSize = new() { Width = 390, Height = 844 } });
        await person.Visit("how#who");
        var heading = person.Page.GetByRole(AriaRole.Heading, new() { Name = "Who can read this?" });
        await Expect(heading).ToBeInViewportAsync();
        await person.Sees("An open page can be read by everybody who has its link. A private page can be read only by who has the whole link");
        await Answers(person, "Who has the whole link", "yes", "yes, with the passphrase if there is one");
        await Answers(person, "Who has only the address", "yes", "no: they can hold it, and see how much it is");
        await Answers(person, "Whoever runs this site", "yes, while it passes", "no: the key is never sent; but they could send you another program");
        await Answers(person, "Somebody who comes when all have gone", "no", "no");
        await person.FitsTheScreen("who can read this");
    }

    private static async Task Says(BrowserPerson person, string text) =>
        await person.Page.WaitForFunctionAsync("text => window.said.some(said => said.startsWith(text))", text);

    private static async Task Answers(BrowserPerson person, string who, string open, string isPrivate)
    {
        var row = person.Page.GetByRole(AriaRole.Row).Filter(new() { Has = person.Page.GetByRole(AriaRole.Rowheader, new() { Name = who }) });
        await Expect(row.GetByRole(AriaRole.Cell)).ToHaveTextAsync([open, isPrivate]);
    }
}
