using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.Playwright;
using Xunit;

namespace Ephemeral.Tests;

/// <summary>A tab that can really be hidden. Playwright keeps every page of its own visible, so this one is led by the bare DevTools protocol.</summary>
public sealed class BrowserHiddenTab : IAsyncDisposable
{
    private readonly ConcurrentDictionary<int, TaskCompletionSource<JsonElement>> _calls = new();
    private readonly ICDPSession _browser;
    private readonly string _context;
    private string _session = "";
    private int _call;

    private BrowserHiddenTab(ICDPSession browser, string context) => (_browser, _context) = (browser, context);

    public static async Task<BrowserHiddenTab> Open(IBrowser browser, string url)
    {
        var session = await browser.NewBrowserCDPSessionAsync();
        var context = await session.SendAsync("Target.createBrowserContext");
        var tab = new BrowserHiddenTab(session, context!.Value.GetProperty("browserContextId").GetString()!);
        session.Event("Target.receivedMessageFromTarget").OnEvent += tab.Heard;
        var target = await tab.OpenTab(url);
        var attached = await session.SendAsync("Target.attachToTarget", new() { ["targetId"] = target, ["flatten"] = false });
        tab._session = attached!.Value.GetProperty("sessionId").GetString()!;
        return tab;
    }

    /// <summary>Puts another tab before this one.</summary>
    public async Task Hide()
    {
        await OpenTab("about:blank");
        await Until("document.hidden", "the tab is hidden");
    }

    /// <summary>Waits until the expression is true in the tab, and is told by the tab itself: its timers may be slow, its changes are not.</summary>
    public async Task Until(string expression, string what)
    {
        var script = $$"""
            new Promise(done => {
              const look = () => { try { if ({{expression}}) done(true); } catch {} };
              const start = () => { new MutationObserver(look).observe(document, { subtree: true, childList: true, characterData: true, attributes: true }); look(); };
              document.addEventListener("visibilitychange", look);
              document.body ? start() : addEventListener("DOMContentLoaded", start);
              look();
            })
            """;
        var result = await Evaluate(script, what);
        Assert.True(result.GetProperty("result").GetProperty("value").GetBoolean(), what);
    }

    public async Task<string> Text() =>
        (await Evaluate("document.querySelector('main').innerText", "the tab's text")).GetProperty("result").GetProperty("value").GetString()!;

    public async ValueTask DisposeAsync()
    {
        await _browser.SendAsync("Target.disposeBrowserContext", new() { ["browserContextId"] = _context });
        await _browser.DetachAsync();
    }

    private async Task<string> OpenTab(string url)
    {
        var target = await _browser.SendAsync("Target.createTarget", new() { ["url"] = url, ["browserContextId"] = _context });
        return target!.Value.GetProperty("targetId").GetString()!;
    }

    private async Task<JsonElement> Evaluate(string expression, string what)
    {
        var id = Interlocked.Increment(ref _call);
        var answer = _calls[id] = new(TaskCreationOptions.RunContinuationsAsynchronously);
        var message = new { id, method = "Runtime.evaluate", @params = new { expression, awaitPromise = true, returnByValue = true } };
        await _browser.SendAsync("Target.sendMessageToTarget", new() { ["sessionId"] = _session, ["message"] = JsonSerializer.Serialize(message) });
        try
        {
            return await answer.Task.WaitAsync(BrowserStage.Patience);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"Waited {BrowserStage.Patience.TotalSeconds} s in vain for: {what}.");
        }
    }

    private void Heard(object? sender, JsonElement? message)
    {
        if (message is not { } heard || heard.GetProperty("sessionId").GetString() != _session) return;
        using var json = JsonDocument.Parse(heard.GetProperty("message").GetString()!);
        if (json.RootElement.TryGetProperty("id", out var id) && _calls.TryRemove(id.GetInt32(), out var call))
        {
            if (json.RootElement.TryGetProperty("result", out var result)) call.TrySetResult(result.Clone());
            else call.TrySetException(new InvalidOperationException(json.RootElement.GetRawText()));
        }
    }
}
