using System.Collections.Concurrent;
using Microsoft.Playwright;
using Xunit;

namespace Ephemeral.Tests;

/// <summary>One server and one Chromium for all browser tests. People in it are contexts of their own: they share nothing but the site.</summary>
public sealed class BrowserStage : IAsyncLifetime
{
    public const string Chromium = "/usr/bin/chromium";

    /// <summary>How long anything that must come may take on a slow machine. Nothing waits that long but a failing test.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    // What Playwright switches off so that hidden tabs behave like visible ones stays on here: holders are hidden tabs.
    private static readonly string[] Unwanted =
        ["--disable-backgrounding-occluded-windows", "--disable-renderer-backgrounding", "--disable-background-timer-throttling"];

    public static string[] Arguments { get; } =
        ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run", "--disable-quic"];

    /// <summary>Why browser tests can't run here, or null if they can. On CI a missing browser is a failure.</summary>
    public static string? WhyNot =>
        File.Exists(Chromium) || Environment.GetEnvironmentVariable("CI") == "true" ? null : $"There is no Chromium at {Chromium}: the browser tests need it.";

    public WebApp Web { get; } = new();

    public IPlaywright Playwright { get; private set; } = null!;

    public IBrowser Browser { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        if (WhyNot is not null) return;
        Assertions.SetDefaultExpectTimeout((float)Patience.TotalMilliseconds);
        await Web.InitializeAsync();
        Playwright = await Microsoft.Playwright.Playwright.CreateAsync();
        Browser = await Playwright.Chromium.LaunchAsync(new()
        {
            ExecutablePath = Chromium,
            Headless = true,
            Args = Arguments,
            IgnoreDefaultArgs = Unwanted,
            Timeout = 60_000,
        });
    }

    public async Task DisposeAsync()
    {
        if (Browser is not null) await Browser.DisposeAsync();
        Playwright?.Dispose();
        if (WhyNot is null) await Web.DisposeAsync();
    }
}

/// <summary>Browser tests run one after another: two at once would only be slower.</summary>
[CollectionDefinition(nameof(BrowserStage))]
public class SharedBrowser : ICollectionFixture<BrowserStage>;

/// <summary>Browser tests share the stage; every test has people and pages of its own.</summary>
[Collection(nameof(BrowserStage))]
public abstract class BrowserTest(BrowserStage stage) : IAsyncLifetime
{
    private readonly ConcurrentStack<IAsyncDisposable> _things = [];

    protected BrowserStage Stage => stage;

    public Task InitializeAsync() => Task.CompletedTask;

    /// <summary>Ends what the test began, last things first, and fails it if somebody's browser had something to complain about.</summary>
    public async Task DisposeAsync()
    {
        var people = _things.OfType<BrowserPerson>().Reverse().ToList();
        while (_things.TryPop(out var thing)) await thing.DisposeAsync();
        Assert.All(people, person => Assert.True(person.Complaints.Count == 0, $"{person}'s browser complained:\n{string.Join('\n', person.Complaints)}"));
    }

    /// <summary>Somebody with a browser of their own, who has not gone anywhere yet.</summary>
    protected Task<BrowserPerson> Person(string name, Uri? site = null, BrowserNewContextOptions? options = null) =>
        Ending(BrowserPerson.Come(stage.Browser, name, site ?? stage.Web.Address, options));

    /// <summary>Somebody without a browser who holds the page: all of it, or its root and those blobs.</summary>
    protected async Task<TestVisitor> Holder(TestPage page, TestBlob[]? has = null)
    {
        var holder = await Ending(stage.Web.Visitor("holder"));
        holder.Gives([page.Root, .. has ?? page.Blobs]);
        await holder.Hold(page.Root);
        await holder.NextStatus(page.Root, "holder");
        return holder;
    }

    /// <summary>Ends it when the test ends.</summary>
    protected async Task<T> Ending<T>(Task<T> starting) where T : IAsyncDisposable
    {
        var thing = await starting;
        _things.Push(thing);
        return thing;
    }

    /// <summary>Something to write that no other test writes.</summary>
    protected static string Fresh(string words) => $"{words} {Guid.NewGuid():N}";
}
