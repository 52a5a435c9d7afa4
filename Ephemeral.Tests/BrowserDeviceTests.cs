using System.Diagnostics;
using System.Text.Json;
using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Ephemeral.Tests;

/// <summary>At home on devices: the shell without a network, the way back, a second tab.</summary>
public sealed class BrowserDeviceTests(BrowserStage stage) : BrowserTest(stage)
{
    private const string Cached = """
        async () => {
          const found = [];
          for (const name of await caches.keys()) for (const { url } of await (await caches.open(name)).keys()) found.push(new URL(url).pathname);
          return found;
        }
        """;

    private const string ShareForm = """
        ({ action, method, enctype, fields, file }) => {
          const form = Object.assign(document.createElement('form'), { action, method, enctype });
          for (const [name, value] of Object.entries(fields)) form.append(Object.assign(document.createElement('input'), { name, value }));
          if (file) {
            const transfer = new DataTransfer();
            transfer.items.add(new File([file.text], file.name, { type: 'text/plain' }));
            const input = Object.assign(document.createElement('input'), { type: 'file', name: file.field });
            input.files = transfer.files;
            form.append(input);
          }
          document.body.append(form);
          form.submit();
        }
        """;

    private readonly string _text = Fresh("At home");

    [BrowserFact]
    public async Task Without_a_network_the_shell_starts_and_says_so_and_nothing_of_a_page_is_kept_for_it()
    {
        var person = await Person("person");
        person.Expects("WebSocket connection to|ERR_INTERNET_DISCONNECTED|ERR_FAILED");
        var page = await person.Create(_text);
        await Installed(person);
        await person.Visit(page);
        var cached = await person.Page.EvaluateAsync<string[]>(Cached);
        Assert.Contains("/", cached);
        Assert.Contains(cached, path => path.StartsWith("/assets/worker", StringComparison.Ordinal));
        Assert.All(cached, path => Assert.Matches(@"^/(assets/[\w.-]+|[\w-]+\.(svg|png))?$", path));

        await person.Context.SetOfflineAsync(true);
        await person.NewTab();
        await person.Visit(TestBlob.Text(_text).Name);
        await person.SeesHeading("You are offline");
        await person.Context.SetOfflineAsync(false);
        await person.SeesNobody();
    }

    [BrowserFact]
    public async Task Two_tabs_of_one_page_both_hold_it_and_one_may_go()
    {
        var person = await Person("person");
        var page = await person.Create(_text);
        var second = await person.Context.NewPageAsync();
        await second.GotoAsync(person.LinkTo(page));
        await person.SeesViewing(2);
        await second.CloseAsync();
        await person.SeesViewing(1);
        var reader = await Person("reader");
        await reader.Visit(page);
        await reader.SeesPage(_text);
    }

    [BrowserFact]
    public async Task Who_goes_to_another_site_and_comes_back_holds_the_page_again()
    {
        var person = await Person("person");
        var page = await person.Create(_text);
        var reader = await Person("reader");
        await reader.Visit(page);
        await reader.SeesViewing(2);
        await person.Page.GotoAsync("about:blank");
        await reader.SeesViewing(1);
        await person.Page.GoBackAsync();
        await person.SeesPage(_text);
        await person.SeesViewing(2);
        await reader.SeesViewing(2);
    }

    [BrowserFact]
    public async Task A_browser_that_keeps_nothing_and_has_no_service_worker_still_reads_and_holds()
    {
        var person = await Person("private window");
        // As in a private window of some browsers: all of it is there and refuses.
        await person.Page.AddInitScriptAsync("""
            for (const name of ['localStorage', 'sessionStorage']) Object.defineProperty(window, name, { get() { throw new DOMException('no', 'SecurityError'); } });
            Object.defineProperty(navigator, 'serviceWorker', { value: { addEventListener() { }, register: async () => { throw new DOMException('no', 'SecurityError'); } } });
            Object.defineProperty(navigator.storage, 'getDirectory', { value: async () => { throw new DOMException('no', 'SecurityError'); } });
            """);
        var page = await person.Create(_text);
        var reader = await Person("reader");
        await reader.Visit(page);
        await reader.SeesPage(_text);
        await person.Page.GetByLabel("Language").SelectOptionAsync("Deutsch");
        await person.Sees("Du und 1 andere Person halten diese Seite am Leben.");
    }

    [BrowserTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_another_program_shares_stands_on_the_desk_and_no_server_has_seen_it(bool isFile)
    {
        var person = await Person("person");
        await person.Visit();
        await Installed(person);

        // A device shares by sending a form of the manifest's fields, from outside of every page.
        using var http = new HttpClient();
        using var manifest = JsonDocument.Parse(await http.GetStringAsync(new Uri(Stage.Web.Address, "manifest.webmanifest")));
        var target = manifest.RootElement.GetProperty("share_target");
        await person.NewTab();
        // Without a network there is no server that could see it.
        person.Expects("WebSocket connection to|ERR_INTERNET_DISCONNECTED|ERR_FAILED");
        await person.Context.SetOfflineAsync(true);
        await person.Page.EvaluateAsync(ShareForm, new
        {
            action = person.LinkTo(target.GetProperty("action").GetString()![1..]),
            method = target.GetProperty("method").GetString(),
            enctype = target.GetProperty("enctype").GetString(),
            fields = isFile ? new() : new Dictionary<string, string> { [Field("title")] = "A letter", [Field("text")] = _text, [Field("url")] = "https://example.org/" },
            file = isFile ? new { field = target.GetProperty("params").GetProperty("files")[0].GetProperty("name").GetString(), name = "a letter.txt", text = _text } : null,
        });
        await Expect(person.Page).ToHaveURLAsync(person.LinkTo(""));
        if (isFile)
        {
            await person.SeesHeading($"1 file, {_text.Length} bytes");
            await Expect(person.Button("Remove a letter.txt")).ToBeVisibleAsync();
        }
        else
        {
            await Expect(person.TextArea).ToHaveValueAsync($"A letter\n{_text}\nhttps://example.org/");
            await Expect(person.Page.GetByLabel("Written as")).ToHaveValueAsync("text");
        }
        await person.Context.SetOfflineAsync(false);
        var page = await person.PressCreate();
        var reader = await Person("reader");
        await reader.Visit(page);
        await reader.Sees(isFile ? "a letter.txt" : _text);

        string Field(string name) => target.GetProperty("params").GetProperty(name).GetString()!;
    }

    private static async Task Installed(BrowserPerson person)
    {
        // All that the page is made of, and the Worker, which is in no list of the page's.
        const string IsKept = """
            async () => {
              const loaded = performance.getEntriesByType('resource').map(({ name }) => new URL(name).pathname).filter((path) => path.startsWith('/assets/'));
              const kept = (await (await caches.open('ephemeral-shell')).keys()).map(({ url }) => new URL(url).pathname);
              return kept.includes('/') && kept.some((path) => path.startsWith('/assets/worker')) && loaded.every((path) => kept.includes(path));
            }
            """;
        var waited = Stopwatch.StartNew();
        while (!await person.Page.EvaluateAsync<bool>(IsKept)) Assert.True(waited.Elapsed < BrowserStage.Patience, "the shell is kept");
    }
}
