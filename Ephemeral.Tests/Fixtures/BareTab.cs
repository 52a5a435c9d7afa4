using System.Diagnostics;
using System.Net.Http.Json;
using System.Net.WebSockets;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ephemeral.Tests;

/// <summary>
/// The first tab of a Chromium of its own, spoken to by as little of the DevTools protocol as will do. Playwright is told of every
/// frame that a WebSocket carries, with its bytes: gigabytes of them cost the browser more than they cost the page.
/// </summary>
internal sealed class BareTab : IAsyncDisposable
{
    private readonly Process _process;
    private readonly ClientWebSocket _line = new();
    private readonly string _name;
    private int _lastId;

    private BareTab(string name, Process process) => (_name, _process) = (name, process);

    public static async Task<BareTab> Start(string name, string directory)
    {
        var (process, address) = await BrowserProcess.Launch(directory);
        var tab = new BareTab(name, process);
        try
        {
            using var http = new HttpClient();
            var targets = await http.GetFromJsonAsync<JsonElement>($"http://{new Uri(address).Authority}/json/list");
            var page = targets.EnumerateArray().First(target => target.GetProperty("type").GetString() == "page");
            await tab._line.ConnectAsync(new Uri(page.GetProperty("webSocketDebuggerUrl").GetString()!), CancellationToken.None);
            return tab;
        }
        catch
        {
            await tab.DisposeAsync();
            throw;
        }
    }

    public Task Visit(Uri address) => Call("Page.navigate", new { url = address.ToString() });

    /// <summary>What an expression, or the promise that it gives, comes to.</summary>
    public async Task<JsonNode?> Evaluate(string expression)
    {
        var answer = await Call("Runtime.evaluate", new { expression, awaitPromise = true, returnByValue = true });
        return answer["exceptionDetails"] is { } failed ? throw new InvalidOperationException($"{_name}: {failed.ToJsonString()}") : answer["result"]?["value"];
    }

    /// <summary>Waits until the expression is true.</summary>
    /// <exception cref="TimeoutException">It was not in time; the text on the screen is in the message.</exception>
    public async Task Until(string expression, TimeSpan patience)
    {
        var waited = Stopwatch.StartNew();
        using var look = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while ((await Evaluate($"Boolean({expression})"))?.GetValue<bool>() != true)
        {
            if (waited.Elapsed > patience) throw new TimeoutException($"{_name} waited in vain for {expression}, and sees: {await Evaluate("document.body?.innerText")}");
            await look.WaitForNextTickAsync();
        }
    }

    /// <summary>Waits for the button of that name, and presses it.</summary>
    public async Task Press(string button, TimeSpan patience)
    {
        var found = $"[...document.querySelectorAll('button')].find((button) => [button.ariaLabel, button.innerText].includes('{button}') && !button.disabled && button.checkVisibility())";
        await Until(found, patience);
        await Evaluate($"{found}.click()");
    }

    /// <summary>Chooses a file as a person does; the browser itself reads it.</summary>
    public async Task Choose(string input, string path)
    {
        var found = await Call("Runtime.evaluate", new { expression = $"document.querySelector('{input}')" });
        await Call("DOM.setFileInputFiles", new { files = new[] { path }, objectId = found["result"]!["objectId"]!.GetValue<string>() });
    }

    public async ValueTask DisposeAsync()
    {
        _line.Dispose();
        await BrowserProcess.End(_process);
        _process.Dispose();
    }

    public override string ToString() => _name;

    private async Task<JsonNode> Call(string method, object parameters)
    {
        var id = ++_lastId;
        await _line.SendAsync(JsonSerializer.SerializeToUtf8Bytes(new { id, method, @params = parameters }), WebSocketMessageType.Text, true, CancellationToken.None);
        // One call at a time, and no events were asked for.
        while (true)
        {
            var answer = await Receive();
            if (answer["id"]?.GetValue<int>() != id) continue;
            return answer["result"] ?? throw new InvalidOperationException($"{_name}: {method}: {answer["error"]?.ToJsonString()}");
        }
    }

    private async Task<JsonNode> Receive()
    {
        using var message = new MemoryStream();
        var buffer = new byte[16 << 10];
        using var limit = new CancellationTokenSource(BrowserStage.Patience);
        WebSocketReceiveResult part;
        do
        {
            part = await _line.ReceiveAsync(buffer, limit.Token);
            message.Write(buffer, 0, part.Count);
        }
        while (!part.EndOfMessage);
        return JsonNode.Parse(message.ToArray())!;
    }
}
