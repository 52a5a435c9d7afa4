using System.Diagnostics;
using System.Security.Cryptography;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Ephemeral.Tests;

/// <summary>Brings people into every state that the site has, and lets somebody look at each.</summary>
public abstract class BrowserStatesTest(BrowserStage stage) : BrowserTest(stage)
{
    private const string Letter = """
        <!doctype html><title>Saturday</title><style>body{font:1.1rem/1.6 Georgia,serif;max-width:34rem;margin:3rem auto;padding:0 1.5rem;color:#222}</style>
        <h1>Saturday, around six</h1><p>We light the fire behind the old mill as soon as it gets dark. Bring something to sit on, something to drink, and a story that you have never told.</p>
        <p>If it rains, we meet in the barn. Anna has the key.</p><ul><li>Wood: Jonas</li><li>Bread: whoever passes the bakery</li><li>Songs: all of us</li></ul>
        """;

    private const string Text = "# Moving day\n\nThe van comes at **nine**. Keys are with *Mrs Oduya*, second floor.\n\n- [ ] boxes for the kitchen\n- [x] call the landlord\n\n```js\nconst rooms = ['kitchen', 'study'];\n```\n";

    private delegate Task Look(string name, BrowserPerson person);

    /// <summary>Looks at each state by its name.</summary>
    protected async Task EachState(Func<string, BrowserPerson, Task> look)
    {
        await Home(look.Invoke);
        await Held(look.Invoke);
        await Kinds(look.Invoke);
        await Waiting(look.Invoke);
        await Private(look.Invoke);
        await Refused(look.Invoke);
        await Edited(look.Invoke);
        await Explained(look.Invoke);
    }

    private async Task Home(Look look)
    {
        var person = await Person("home");
        await person.Visit();
        await person.Sees("alive, held by");
        await look("home", person);
        await person.Button("Create page").ClickAsync();
        await Expect(person.Page.GetByRole(AriaRole.Alert)).ToBeVisibleAsync();
        await look("home-refused", person);
        await person.TextArea.FillAsync(Text);
        await person.Page.GetByLabel("Written as").SelectOptionAsync("Markdown");
        await person.Page.GetByText("Private", new() { Exact = true }).ClickAsync();
        await person.Page.Locator("#add-files").SetInputFilesAsync([File("kitchen.png", TestFiles.Png), File("plan.pdf", TestFiles.Pdf("Plan", 1))]);
        await person.Sees("2 files");
        await look("home-written", person);
        await person.Button("Preview").ClickAsync();
        await Expect(person.Guest.GetByRole(AriaRole.Heading, new() { Name = "Moving day" })).ToBeVisibleAsync();
        await look("home-preview", person);
    }

    private async Task Held(Look look)
    {
        var person = await Person("writer");
        var letter = $"{Letter}<!-- {Guid.NewGuid()} -->";
        var page = await person.Create(letter);
        await person.SeesPage("Saturday, around six");
        await look("page-alone", person);
        await person.Button("Run scripts").ClickAsync();
        await look("page-scripts-asked", person);
        await person.Button("Keep them off").ClickAsync();
        for (var i = 0; i < 4; i++)
        {
            var other = await Ending(Stage.Web.Visitor($"other {i}"));
            var root = TestBlob.Text(letter);
            await other.Want(root);
            await other.NextBlob(root);
            await other.Hold(root);
            await other.NextStatus(root, "holder");
        }
        await person.SeesViewing(5);
        await look("page", person);
        await person.Button("Share").ClickAsync();
        await Expect(person.Page.GetByRole(AriaRole.Img, new() { Name = "QR code of the link" })).ToBeVisibleAsync();
        await look("page-share", person);
        await person.Button("View source").ClickAsync();
        await Expect(person.Page.GetByRole(AriaRole.Region, new() { Name = "Source of the page" })).ToBeVisibleAsync();
        await look("page-source", person);
        await person.Button("View page").ClickAsync();
        await person.Button("Close").ClickAsync();
        await person.Page.GetByText("Activity", new() { Exact = true }).ClickAsync();
        await look("page-log", person);
        await person.Page.GetByRole(AriaRole.Link, new() { Name = "New page" }).ClickAsync();
        await person.Sees("This tab still keeps a page alive:");
        await look("home-holding", person);

        var wire = await Ending(BrowserProxy.To(Stage.Web.Address));
        var lonely = await Person("lonely", wire.Address);
        lonely.Expects("WebSocket connection to");
        await lonely.Visit(page);
        await lonely.SeesPage("Saturday, around six");
        wire.Cut();
        await lonely.Sees("You still have the page");
        await look("page-lost", lonely);
    }

    private async Task Kinds(Look look)
    {
        var markdown = TestPage.Document("{\"version\":1,\"kind\":\"markdown\",\"title\":\"Moving day\"}", Text);
        var moving = await Reads(new TestPage(markdown, []));
        await moving.SeesPage("The van comes at");
        await look("markdown", moving);
        await look("text", await Reads(new TestPage(TestPage.Document("{\"version\":1,\"kind\":\"text\"}", "Bread\nMilk\nA new string for the guitar\n"), [])));
        var files = TestPage.Of("files", 262144, "", null, ("notes/monday.txt", "text/plain", "Hello"u8.ToArray()), ("notes/tuesday.md", "text/markdown", "# Hi"u8.ToArray()),
            ("tone.wav", "audio/wav", TestFiles.Wav()), ("paper.pdf", "application/pdf", TestFiles.Pdf("Hello", 2)));
        await look("files", await Reads(files));
        var pictures = TestPage.Of("files", 262144, "", null, ("a.png", "image/png", TestFiles.Png), ("b.png", "image/png", [.. TestFiles.Png, 0]), ("c.png", "image/png", [.. TestFiles.Png, 1]));
        var reader = await Reads(pictures);
        await Expect(reader.Main.Locator(".gallery img")).ToHaveCountAsync(3);
        await look("pictures", reader);
        var site = TestPage.Of("files", 262144, "", "index.html", ("index.html", "text/html", "<h1>Home</h1><a href=b.html>b</a>"u8.ToArray()), ("b.html", "text/html", "<h1>B</h1>"u8.ToArray()));
        reader = await Reads(site);
        await reader.SeesPage("Home");
        await look("site", reader);
    }

    private async Task Waiting(Look look)
    {
        var person = await Person("waiter");
        await person.Visit(TestBlob.Fresh().Name);
        await person.SeesNobody();
        await look("nobody", person);
        await person.Page.GetByRole(AriaRole.Textbox, new() { Name = "The page's content" }).FillAsync("not it");
        await person.Button("Bring it back").ClickAsync();
        await person.Sees("That isn't the same");
        await look("nobody-not-the-same", person);

        var mute = await Ending(Stage.Web.Visitor("mute"));
        var page = TestBlob.Fresh();
        mute.Gives(page);
        await mute.Hold(page);
        await mute.NextStatus(page, "holder");
        mute.Mute();
        await person.Visit(page.Name);
        await person.Sees("Someone has it.");
        await look("asking", person);

        var film = TestPage.Of("files", 1 << 20, "", null, ("films/summer.webm", "video/webm", RandomNumberGenerator.GetBytes(11 << 20)), ("note.txt", "text/plain", [1, 2]));
        await Holder(film, film.Blobs[..4]);
        await person.Visit(film.Root.Name);
        await person.SeesHeading("Load 11 MiB?");
        await look("offered", person);
        await person.Button("Load it").ClickAsync();
        await person.Sees("4 MiB of 11 MiB are here");
        await look("receiving", person);

        var wire = await Ending(BrowserProxy.To(Stage.Web.Address));
        var cut = await Person("cut", wire.Address);
        cut.Expects("WebSocket connection to");
        await cut.Visit(TestBlob.Fresh().Name);
        await cut.SeesNobody();
        wire.Cut();
        await cut.SeesHeading("The connection is lost");
        await look("lost", cut);
    }

    private async Task Private(Look look)
    {
        var writer = await Person("private");
        await writer.Visit();
        await writer.TextArea.FillAsync(Text);
        await writer.Page.GetByLabel("Written as").SelectOptionAsync("markdown");
        await writer.Page.GetByText("Private", new() { Exact = true }).ClickAsync();
        await writer.Page.GetByLabel("Passphrase").FillAsync("heather and gorse");
        var page = await writer.PressCreate();
        await writer.SeesPage("The van comes at");
        await look("private-own", writer);
        var reader = await Person("blind");
        await reader.Visit(page);
        await reader.SeesHeading("This page is private");
        await look("private-no-key", reader);
        await reader.Page.GotoAsync(writer.Page.Url);
        await reader.SeesHeading("This page needs its passphrase");
        await look("private-passphrase", reader);
    }

    private async Task Refused(Look look)
    {
        var bad = new TestBlob([0x89, 0x45, 0x50, 0x48, 0x0d, 0x0a, 0x1a, 0x0a, .. TestBlob.Fresh().Bytes]);
        await Holder(new TestPage(bad, []));
        var person = await Person("refused");
        await person.Visit(bad.Name);
        await person.SeesHeading("This reader can't show the page");
        await look("unusable", person);
        person.Expects("404");
        await person.Visit("not-an-address");
        await person.SeesHeading("This is not an address of a page");
        await look("not-an-address", person);

        var web = await Ending(WebApp.Start("--Ephemeral:MaxPages=1"));
        var held = await Person("blocked", web.Address);
        await held.Create(Letter);
        await held.Page.GetByRole(AriaRole.Link, new() { Name = "New page" }).ClickAsync();
        await held.TextArea.FillAsync(Letter + "and more");
        await held.Button("Create page").ClickAsync();
        await held.Sees("this site won't count you among its holders right now");
        await look("page-not-counted", held);
        await held.Page.GoBackAsync();
        await held.Page.GoBackAsync();
        web.Block(TestBlob.Text(Letter));
        await held.SeesHeading("This page is blocked here");
        await look("blocked", held);

        var full = await Ending(WebApp.Start("--Ephemeral:MaxVisitors=1"));
        await Ending(full.Visitor("the one"));
        var outside = await Person("outside", full.Address);
        outside.Expects("WebSocket connection to");
        await outside.Visit(TestBlob.Fresh().Name);
        await outside.SeesHeading("No connection can be made");
        await look("impossible", outside);
    }

    private async Task Edited(Look look)
    {
        var author = await Person("author");
        await author.Visit();
        await author.TextArea.FillAsync(Text);
        await author.Page.GetByLabel("Written as").SelectOptionAsync("Markdown");
        await author.Page.GetByText("I may change it later").ClickAsync();
        var page = await author.PressCreate();
        var reader = await Person("follower");
        await reader.Visit(page);
        await reader.SeesPage("Moving day");
        await author.Button("Edit").ClickAsync();
        await author.TextArea.FillAsync(Text.Replace("nine", "ten", StringComparison.Ordinal));
        await look("edit", author);
        await author.Button("Publish the new version").ClickAsync();
        await reader.SeesHeading("There is a newer version of this page");
        await look("newer", reader);
        await reader.Button("See what changed").ClickAsync();
        await Expect(reader.Page.Locator("ins")).ToHaveTextAsync("ten");
        await look("newer-changes", reader);
        await reader.Button("Stay here").ClickAsync();
        await look("newer-stayed", reader);
    }

    private async Task Explained(Look look)
    {
        var person = await Person("curious");
        person.Expects("WebSocket connection to|ERR_INTERNET_DISCONNECTED|ERR_FAILED");
        await person.Create(Letter + Guid.NewGuid());
        await person.Page.GetByRole(AriaRole.Link, new() { Name = "How it works" }).ClickAsync();
        await Expect(person.Main.Locator(".caption")).ToHaveTextAsync("Your tab has connected to the relay.");
        await look("how", person);
        const string IsKept = "async () => (await caches.has('ephemeral-shell')) && (await (await caches.open('ephemeral-shell')).keys()).some(({ url }) => url.includes('/assets/worker'))";
        var waited = Stopwatch.StartNew();
        while (!await person.Page.EvaluateAsync<bool>(IsKept) && waited.Elapsed < BrowserStage.Patience) { }
        await person.Context.SetOfflineAsync(true);
        await person.NewTab();
        await person.Visit(TestBlob.Fresh().Name);
        await person.SeesHeading("You are offline");
        await look("offline", person);
    }

    private async Task<BrowserPerson> Reads(TestPage page)
    {
        await Holder(page);
        var reader = await Person("reader");
        await reader.Visit(page.Root.Name);
        await reader.Sees("You and 1 other keep this page alive.");
        return reader;
    }

    private static FilePayload File(string name, byte[] content) => new() { Name = name, MimeType = "", Buffer = content };
}
