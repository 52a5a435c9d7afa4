using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Ephemeral.Tests;

/// <summary>A tab keeps what it holds over a reload; once it is closed, or the browser is killed, nothing of it is found.</summary>
public sealed class BrowserKeepTests(BrowserStage stage) : BrowserTest(stage)
{
    // A folder that is swept while it is counted was still there.
    private const string CountKept = """
        async () => {
          const root = await navigator.storage.getDirectory();
          const site = await root.getDirectoryHandle('ephemeral', { create: true });
          let kept = 0;
          try {
            for await (const tab of site.values()) for await (const name of tab.keys()) if (!name.endsWith('.list')) kept++;
          } catch (error) {
            if (error.name !== 'NotFoundError') throw error;
            kept++;
          }
          return kept;
        }
        """;

    private readonly string _text = Fresh("Kept by this tab alone");

    [BrowserFact]
    public async Task Of_a_closed_tab_the_next_one_finds_nothing()
    {
        var person = await Person("person");
        var page = await person.Create(_text);
        await person.SeesPage(_text);
        await person.Page.ReloadAsync();
        await person.SeesPage(_text);
        Assert.Equal(1, await person.Page.EvaluateAsync<int>(CountKept));

        await person.NewTab();
        await person.Visit(page);
        await person.SeesNobody();
        await person.SeesViewing(0);

        // What the closed tab left behind could not be read by anybody; it is swept away as well.
        await Expect(person.Page).ToHaveTitleAsync($"Nobody here · {page[..4]}…{page[^4..]} · Ephemeral");
        await Eventually(async () => await person.Page.EvaluateAsync<int>(CountKept) == 0, "the records of the closed tab are swept");
        await person.Visit();
        await Expect(person.Button("Create page")).ToBeVisibleAsync();
        await Expect(person.Main.GetByText("This tab still keeps")).ToBeHiddenAsync();
    }

    [BrowserFact]
    public async Task Another_tab_of_the_same_browser_finds_nothing_while_the_first_is_open()
    {
        var person = await Person("person");
        var page = await person.Create(_text);
        var other = await person.Context.NewPageAsync();
        await other.GotoAsync(person.LinkTo(""));
        await Expect(other.GetByRole(AriaRole.Button, new() { Name = "Create page" })).ToBeVisibleAsync();
        Assert.NotEqual(await person.Page.EvaluateAsync<string>("() => window.name"), await other.EvaluateAsync<string>("() => window.name"));

        // It can be read only from the first tab, as by anybody else.
        await other.GotoAsync(person.LinkTo(page));
        await person.SeesViewing(2);
        await other.CloseAsync();
        await person.SeesPage(_text);
        await person.Page.ReloadAsync();
        await person.SeesPage(_text);
        await person.SeesViewing(1);
    }

    [BrowserFact]
    public async Task What_was_let_go_of_does_not_come_back_with_a_reload()
    {
        var person = await Person("person");
        var page = await person.Create(_text);
        await person.Page.GetByRole(AriaRole.Link, new() { Name = "New page" }).ClickAsync();
        await person.Button("Let it go").ClickAsync();
        await Expect(person.Main.GetByText("This tab still keeps")).ToBeHiddenAsync();
        await Eventually(async () => await person.Page.EvaluateAsync<int>(CountKept) == 0, "the record is deleted");
        await person.Page.ReloadAsync();
        await person.Visit(page);
        await person.SeesNobody();
    }

    [BrowserFact]
    public async Task Of_a_killed_browser_nothing_is_found_by_the_site_nor_on_the_disk()
    {
        var directory = Directory.CreateTempSubdirectory("ephemeral-browser-").FullName;
        try
        {
            string page, name;
            await using (var browser = await BrowserProcess.Start(Stage.Playwright, directory))
            {
                var person = await browser.Person("person", Stage.Web.Address);
                page = await person.Create(_text);
                await person.SeesPage(_text);
                await person.Page.ReloadAsync();
                await person.SeesPage(_text);
                name = await person.Page.EvaluateAsync<string>("() => window.name");

                // The browser does write: what the tab keeps, sealed, under its id; and where its tabs are, for a restored session.
                await BrowserProcess.Written(directory, name.Split('.')[1], within: "File System");
                await BrowserProcess.Written(directory, page, within: "Sessions");
                await browser.Kill();
            }

            Assert.Equal([], await BrowserProcess.FilesWith(directory, _text));
            Assert.Equal([], await BrowserProcess.FilesWith(directory, name.Split('.')[2]));

            await using var again = await BrowserProcess.Start(Stage.Playwright, directory);
            var later = await again.Person("later", Stage.Web.Address);
            await later.Visit(page);
            await later.SeesNobody();
            await later.SeesViewing(0);
            await Eventually(async () => await later.Page.EvaluateAsync<int>(CountKept) == 0, "the records of the killed browser are swept");
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static async Task Eventually(Func<Task<bool>> so, string what)
    {
        using var limit = new CancellationTokenSource(BrowserStage.Patience);
        using var look = new PeriodicTimer(TimeSpan.FromMilliseconds(200));
        while (!await so())
        {
            if (limit.IsCancellationRequested) throw new TimeoutException($"Waited {BrowserStage.Patience.TotalSeconds} s in vain: {what}.");
            await look.WaitForNextTickAsync(CancellationToken.None);
        }
    }
}
