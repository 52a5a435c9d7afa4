using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Ephemeral.Tests;

/// <summary>Somebody at a browser, who finds their way by what they read there.</summary>
/// <remarks>Whatever the site's own pages log as an error, ask of another host or fail to load is a complaint, and fails the test in the end.</remarks>
public sealed partial class BrowserPerson : IAsyncDisposable
{
    public const string NobodyHolds = "Nobody holds this page right now";
    public const string Alone = "You are the only one here. If you close this tab, the page is gone.";

    private readonly ConcurrentQueue<string> _complaints = new();
    private readonly string _name;
    private readonly Uri _site;
    private Regex? _expected;

    private BrowserPerson(string name, Uri site, IBrowserContext context, IPage page)
    {
        (_name, _site, Context, Page) = (name, site, context, page);
        context.Page += (_, opened) => Watch(opened);
        Watch(page);
    }

    public IBrowserContext Context { get; }

    public IPage Page { get; private set; }

    /// <summary>What the browser complained about, but for what the test expects.</summary>
    public IReadOnlyCollection<string> Complaints => [.. _complaints.Where(complaint => _expected?.IsMatch(complaint) != true)];

    /// <summary>What the site shows; without what it only says to screen readers.</summary>
    public ILocator Main => Page.Locator("main");

    /// <summary>What a screen reader hears.</summary>
    public ILocator Announced => Page.Locator("body > [role=status]");

    public ILocator TextArea => Page.GetByRole(AriaRole.Textbox, new() { Name = "Your page" });

    /// <summary>The inside of the box that a stranger's page is shown in.</summary>
    public IFrameLocator Guest => Page.FrameLocator("main iframe");

    public static async Task<BrowserPerson> Come(IBrowser browser, string name, Uri site, BrowserNewContextOptions? options = null)
    {
        var context = await browser.NewContextAsync(options);
        context.SetDefaultTimeout((float)BrowserStage.Patience.TotalMilliseconds);
        return new BrowserPerson(name, site, context, await context.NewPageAsync());
    }

    /// <summary>The one who sits at a browser that the test started by itself.</summary>
    public static BrowserPerson At(IPage page, string name, Uri site) => new(name, site, page.Context, page);

    /// <summary>This person's browser will complain about such things, and should.</summary>
    public void Expects([StringSyntax(StringSyntaxAttribute.Regex)] string complaint) => _expected = new Regex(complaint, RegexOptions.CultureInvariant);

    public string LinkTo(string page) => new Uri(_site, page).ToString();

    public async Task<IResponse?> Visit(string path = "") => await Page.GotoAsync(LinkTo(path));

    /// <summary>Closes the tab and opens another in the same browser.</summary>
    public async Task NewTab()
    {
        await Page.CloseAsync();
        Page = await Context.NewPageAsync();
    }

    /// <summary>Makes a page from the home page; returns its address.</summary>
    public async Task<string> Create(string text)
    {
        await Visit();
        await TextArea.FillAsync(text);
        return await PressCreate();
    }

    /// <summary>Presses "Create page" and waits until the page is held; returns its address.</summary>
    public async Task<string> PressCreate()
    {
        await Button("Create page").ClickAsync();
        return await IsAtAPage();
    }

    public async Task<string> IsAtAPage()
    {
        await Expect(Page).ToHaveURLAsync(PageAddress());
        await Expect(Page.GetByText("keep this page alive").Or(Page.GetByText(Alone)).First).ToBeVisibleAsync();
        return new Uri(Page.Url).AbsolutePath[1..];
    }

    /// <summary>Puts the text on the clipboard and into the text area as a person does.</summary>
    public async Task Paste(ILocator where, string text)
    {
        await Context.GrantPermissionsAsync(["clipboard-write"]);
        await Page.BringToFrontAsync();
        await Page.EvaluateAsync("text => navigator.clipboard.writeText(text)", text);
        await where.FocusAsync();
        await Page.Keyboard.PressAsync("Control+V");
    }

    public ILocator Button(string name) => Page.GetByRole(AriaRole.Button, new() { Name = name, Exact = true });

    public Task Sees(string text) => Expect(Main.GetByText(text)).ToBeVisibleAsync();

    public Task SeesHeading(string text) => Expect(Page.GetByRole(AriaRole.Heading, new() { Name = text, Exact = true })).ToBeVisibleAsync();

    public Task SeesViewing(int people) => Expect(Main.GetByText($"Currently viewing: {people}", new() { Exact = true })).ToBeVisibleAsync();

    public Task SeesNobody() => SeesHeading(NobodyHolds);

    /// <summary>Sees the page itself, in its box.</summary>
    /// <remarks>Before a reload, too: asked for while the box still loads, Chromium drops the reload, and the tool waits for it in vain.</remarks>
    public Task SeesPage(string text) => Expect(Guest.GetByText(text)).ToBeVisibleAsync();

    /// <summary>Clicks something in the box that is not there for longer than the blink of an eye.</summary>
    /// <remarks>For a moment Chromium gives what the mouse does to whatever was there before the box; a person sees the link light up first.</remarks>
    public async Task ClickInPage(string text)
    {
        var what = Guest.GetByText(text, new() { Exact = true });
        for (var tries = 0; tries < 100; tries++)
        {
            await what.HoverAsync();
            if (await what.EvaluateAsync<bool>("what => new Promise(tell => requestAnimationFrame(() => tell(what.matches(':hover'))))")) break;
        }
        await what.ClickAsync();
    }

    public async Task RunScripts()
    {
        await Button("Run scripts").ClickAsync();
        await Button("Run them").ClickAsync();
        await Expect(Button("Turn scripts off")).ToBeVisibleAsync();
    }

    /// <summary>The bytes that "Save a copy" puts into a file.</summary>
    public async Task<byte[]> SavesACopy()
    {
        var download = await Page.RunAndWaitForDownloadAsync(() => Button("Save a copy").ClickAsync());
        return await File.ReadAllBytesAsync(await download.PathAsync());
    }

    /// <summary>Nothing on the screen is wider than the screen.</summary>
    public async Task FitsTheScreen(string when)
    {
        // Not innerWidth: where a page is too wide, a phone zooms out and has more of it.
        var screen = Page.ViewportSize!.Width;
        var width = await Page.EvaluateAsync<int>("() => Math.max(document.documentElement.scrollWidth, document.body.scrollWidth, innerWidth)");
        Assert.True(width <= screen, $"{when}: {width} px wide on a screen of {screen} px");
    }

    /// <summary>Goes away: every tab is closed.</summary>
    public Task Leave() => Context.CloseAsync();

    public async ValueTask DisposeAsync() => await Context.CloseAsync();

    public override string ToString() => _name;

    private void Watch(IPage page)
    {
        page.Console += (_, message) => { if (message.Type == "error") Complain($"console: {message.Text} ({message.Location})"); };
        page.PageError += (_, error) => Complain($"script: {error}");
        page.Request += (_, request) => Allow(request.Url, request.Method);
        page.WebSocket += (_, socket) => Allow(socket.Url, "WebSocket");
        // What is under way while a tab is reloaded or closed is aborted, and may be.
        page.RequestFailed += (_, request) => { if (request.Failure != "net::ERR_ABORTED") Complain($"failed: {request.Url} {request.Failure}"); };
    }

    private void Allow(string url, string how)
    {
        if (new Uri(url) is { Scheme: "http" or "https" or "ws" or "wss" } to && to.Authority != _site.Authority) Complain($"{how} to another host: {url}");
    }

    private void Complain(string what)
    {
        // The view's policy says webrtc 'block', and this Chromium doesn't know the word yet and says so.
        if (!what.Contains("Unrecognized Content-Security-Policy directive 'webrtc'", StringComparison.Ordinal)) _complaints.Enqueue(what);
    }

    [GeneratedRegex("/[0-9a-f]{64}(#[A-Za-z0-9_-]{43})?$")]
    private static partial Regex PageAddress();
}
