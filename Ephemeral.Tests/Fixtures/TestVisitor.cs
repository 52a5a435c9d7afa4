using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using Xunit;

namespace Ephemeral.Tests;

/// <summary>A visitor that speaks the wire of docs/protocol.md and knows nothing of the server's code.</summary>
/// <remarks>
/// Everything that comes is kept in order. A test waits for what must come with <c>Next…</c>, bounded, and the failure says what came instead. That something
/// does <em>not</em> come is checked behind a <see cref="Fence"/>: a question whose answer the server gives at once and in order. Whatever breaks the
/// protocol in itself (a frame whose bytes have another hash, a status that doesn't count its receiver) fails the test that the visitor is in.
/// </remarks>
public sealed class TestVisitor : IAsyncDisposable
{
    public const string Subprotocol = "ephemeral.v1";

    /// <summary>How long anything that must come may take on a slow machine. Nothing waits that long but a failing test.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    private readonly ClientWebSocket _socket;
    private readonly SemaphoreSlim _sending = new(1);
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _gate = new();
    private readonly List<Received> _record = [];
    private readonly List<Received> _untaken = [];
    private readonly Channel<Ask> _asksToAnswer = Channel.CreateUnbounded<Ask>();
    private readonly ConcurrentDictionary<string, int> _uploads = new();
    private TaskCompletionSource _news = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource _reading = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Func<Ask, Task>? _answer;
    private Task _loops = Task.CompletedTask;

    private TestVisitor(ClientWebSocket socket, string name) => (_socket, Name) = (socket, name);

    public string Name { get; }

    public Welcome Welcome { get; private set; } = null!;

    /// <summary>Opens a connection and reads its welcome.</summary>
    /// <param name="thin">With small buffers of its own, so that a reader that stops is soon felt by the server.</param>
    public static async Task<TestVisitor> Connect(Uri address, string name, Action<ClientWebSocketOptions>? options = null, bool thin = false)
    {
        var socket = new ClientWebSocket();
        socket.Options.AddSubProtocol(Subprotocol);
        socket.Options.KeepAliveInterval = TimeSpan.Zero;
        options?.Invoke(socket.Options);
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            if (thin) await socket.ConnectAsync(address, ThinInvoker(), patience.Token);
            else await socket.ConnectAsync(address, patience.Token);
        }
        catch
        {
            socket.Dispose();
            throw;
        }

        var visitor = new TestVisitor(socket, name);
        visitor.Resume();
        visitor._loops = Task.WhenAll(Task.Run(visitor.Read), Task.Run(visitor.AnswerAsks));
        var first = await visitor.Next<Received>(_ => true, "the first message");
        visitor.Welcome = first as Welcome ?? throw visitor.Failure($"the first message must be welcome, and was {first}");
        return visitor;
    }

    public Task Want(TestBlob page, bool? root = null) => SendJson(root is null ? new { type = "want", page = page.Name } : new { type = "want", page = page.Name, root });

    public Task Hold(TestBlob page) => SendJson(new { type = "hold", page = page.Name });

    public Task Release(TestBlob page) => SendJson(new { type = "release", page = page.Name });

    public Task Get(TestBlob page, TestBlob blob) => SendJson(new { type = "get", page = page.Name, blob = blob.Name });

    public Task Cancel(TestBlob page, TestBlob blob) => SendJson(new { type = "cancel", page = page.Name, blob = blob.Name });

    public Task Miss(TestBlob page, TestBlob blob) => SendJson(new { type = "miss", page = page.Name, blob = blob.Name });

    public Task Have(TestBlob page, params TestBlob[] blobs) => SendJson(new { type = "have", page = page.Name, blobs = blobs.Select(blob => blob.Name) });

    public Task Succeed(TestBlob page, TestBlob next, long version = 1, string signature = "c2lnbmVk") =>
        SendJson(new { type = "successor", page = page.Name, next = next.Name, version, signature });

    public Task SendJson(object message) => SendText(JsonSerializer.Serialize(message));

    public Task SendText(string text) => SendFragments(WebSocketMessageType.Text, Encoding.UTF8.GetBytes(text));

    public Task SendBlob(TestBlob blob) => SendFrame(blob.Name, blob.Frame());

    /// <summary>Answers for a blob with bytes that are not its own.</summary>
    public Task SendLie(TestBlob blob) => SendFrame(blob.Name, TestBlob.FrameOf(blob.Name, TestBlob.Fresh(blob.Bytes.Length + 1).Bytes));

    public Task SendBinary(params byte[][] fragments) => SendFragments(WebSocketMessageType.Binary, fragments);

    public async Task SendFragments(WebSocketMessageType type, params byte[][] fragments)
    {
        await _sending.WaitAsync();
        try
        {
            for (var i = 0; i < fragments.Length; i++) await _socket.SendAsync(fragments[i], type, i == fragments.Length - 1, _stop.Token);
        }
        finally
        {
            _sending.Release();
        }
    }

    /// <summary>Begins a binary frame and leaves it open. Nothing else can be sent after that.</summary>
    public async Task SendUnfinished(byte[] bytes)
    {
        await _sending.WaitAsync();
        await _socket.SendAsync(bytes, WebSocketMessageType.Binary, false, _stop.Token);
    }

    /// <summary>From now on answers asks with these blobs, and with a miss for any other.</summary>
    public void Gives(params TestBlob[] blobs)
    {
        var had = blobs.ToDictionary(blob => blob.Name);
        _answer = ask => had.TryGetValue(ask.Blob, out var blob) ? SendBlob(blob) : SendJson(new { type = "miss", page = ask.Page, blob = ask.Blob });
    }

    /// <summary>From now on answers every ask with bytes of another hash.</summary>
    public void Lies() => _answer = ask => SendFrame(ask.Blob, TestBlob.FrameOf(ask.Blob, TestBlob.Fresh().Bytes));

    /// <summary>From now on says miss to every ask.</summary>
    public void Misses() => _answer = ask => SendJson(new { type = "miss", page = ask.Page, blob = ask.Blob });

    /// <summary>From now on leaves asks to the test, or unanswered.</summary>
    public void Mute() => _answer = null;

    /// <summary>How often this visitor has sent the blob.</summary>
    public int Uploads(TestBlob blob) => _uploads.GetValueOrDefault(blob.Name);

    /// <summary>The next status of the page that fits; older ones that don't are passed over, since only the newest counts.</summary>
    public Task<Status> NextStatus(TestBlob page, Func<Status, bool>? match = null, string what = "any") =>
        Next<Status>(s => s.Page == page.Name && (match is null || match(s)), $"a status of {page}: {what}", passOver: s => s.Page == page.Name);

    public Task<Status> NextStatus(TestBlob page, string you) => NextStatus(page, s => s.You == you, $"you {you}");

    /// <summary>Waits until the newest status of the page says this. It may have come already: numbers that stay are not told again.</summary>
    public async Task NextStatus(TestBlob page, int holders, int waiters, string you)
    {
        var wanted = new Status(page.Name, holders, waiters, you);
        if (Seen<Status>(s => s.Page == page.Name) is [.., var newest] && newest == wanted) return;
        await Next<Status>(s => s == wanted, $"a status of {page}: {holders} holders, {waiters} waiters, you {you}", passOver: s => s.Page == page.Name);
    }

    public Task<Ask> NextAsk(TestBlob page, TestBlob blob) => Next<Ask>(a => a.Page == page.Name && a.Blob == blob.Name, $"an ask for {blob}");

    /// <summary>The next ask for any of these blobs.</summary>
    public async Task<TestBlob> NextAsk(TestBlob page, TestBlob[] among)
    {
        var ask = await Next<Ask>(a => a.Page == page.Name && among.Any(b => b.Name == a.Blob), $"an ask for one of {among.Length} blobs");
        return among.First(b => b.Name == ask.Blob);
    }

    public async Task NextBlob(TestBlob blob)
    {
        var came = await Next<BlobCame>(b => b.Name == blob.Name, $"the frame of {blob}");
        Assert.Equal(blob.Bytes, came.Bytes);
    }

    public Task<ErrorCame> NextError(string code, TestBlob? page = null, TestBlob? blob = null) => Next<ErrorCame>(
        e => e.Code == code && (page is null || e.Page == page.Name) && (blob is null || e.Blob == blob.Name),
        $"error {code}{(page is null ? "" : $" page {page}")}{(blob is null ? "" : $" blob {blob}")}");

    public async Task NextSuccessor(TestBlob page, TestBlob next, long version = 1, string signature = "c2lnbmVk") =>
        await Next<SuccessorCame>(came => came == new SuccessorCame(page.Name, next.Name, version, signature), $"{next} as version {version} of {page}");

    public Task<Goodbye> NextGoodbye() => Next<Goodbye>(_ => true, "goodbye");

    /// <summary>The close code that the server ended the connection with; 1006 if it ended without one.</summary>
    public async Task<int> NextClose() => (await Next<Closed>(_ => true, "the server's close")).Code;

    /// <summary>Waits until the server has dealt with all that was sent before, and all its immediate answers have come.</summary>
    public async Task Fence()
    {
        var (page, blob) = (TestBlob.Fresh(), TestBlob.Fresh());
        await Get(page, blob);
        await Next<ErrorCame>(e => e.Page == page.Name && e.Blob == blob.Name, "the error for a get of an unknown page (a fence)");
    }

    /// <summary>All of one kind that has come up to now, taken or not.</summary>
    public IReadOnlyList<T> Seen<T>(Func<T, bool>? match = null) where T : Received
    {
        lock (_gate) return [.. _record.OfType<T>().Where(m => match is null || match(m))];
    }

    public int Asked(TestBlob blob) => Seen<Ask>(a => a.Blob == blob.Name).Count;

    public int Came(TestBlob blob) => Seen<BlobCame>(b => b.Name == blob.Name).Count;

    /// <summary>Stops reading from the socket, one message late at the most.</summary>
    public void Pause() => _reading = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Resume() => _reading.TrySetResult();

    /// <summary>Goes without a word: the TCP connection just ends.</summary>
    public void Vanish() => _socket.Abort();

    /// <summary>Closes as a browser does when its tab is closed.</summary>
    public async Task Leave()
    {
        // A frame that was left open keeps the others from being sent until this visitor is disposed of.
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        patience.CancelAfter(Patience);
        await _sending.WaitAsync(patience.Token);
        try
        {
            if (_socket.State is WebSocketState.Open) await _socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, patience.Token);
        }
        catch (WebSocketException)
        {
            // The server was quicker; gone is gone.
        }
        finally
        {
            _sending.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _socket.Abort();
        Resume();
        _asksToAnswer.Writer.TryComplete();
        await _loops.WaitAsync(Patience);
        _socket.Dispose();
    }

    public override string ToString() => Name;

    private Task SendFrame(string name, byte[] frame)
    {
        _uploads.AddOrUpdate(name, 1, (_, n) => n + 1);
        return SendBinary(frame);
    }

    private async Task<T> Next<T>(Func<T, bool> match, string what, Func<T, bool>? passOver = null) where T : Received
    {
        var started = Stopwatch.StartNew();
        while (true)
        {
            Task news;
            lock (_gate)
            {
                if (_record.OfType<Fault>().FirstOrDefault() is { } fault) throw Failure(fault.What);
                for (var i = 0; i < _untaken.Count;)
                {
                    if (_untaken[i] is T candidate && match(candidate))
                    {
                        _untaken.RemoveAt(i);
                        return candidate;
                    }

                    if (passOver is not null && _untaken[i] is T passed && passOver(passed)) _untaken.RemoveAt(i);
                    else i++;
                }

                if (_record.Count > 0 && _record[^1] is Closed closed) throw Failure($"waited for {what}, but the connection is closed ({closed.Code})");
                news = _news.Task;
            }

            var left = Patience - started.Elapsed;
            if (left <= TimeSpan.Zero) throw Failure($"waited {Patience.TotalSeconds} s in vain for {what}");
            await Task.WhenAny(news, Task.Delay(left));
        }
    }

    private InvalidOperationException Failure(string what)
    {
        lock (_gate)
        {
            var shown = _record.Count > 30 ? $"(the last 30 of {_record.Count}) " : "";
            return new InvalidOperationException($"{Name}: {what}. It got: {shown}{string.Join("; ", _record.TakeLast(30))}");
        }
    }

    private async Task Read()
    {
        var buffer = new byte[64 * 1024];
        using var message = new MemoryStream();
        try
        {
            while (true)
            {
                await _reading.Task;
                var result = await _socket.ReceiveAsync(buffer.AsMemory(), _stop.Token);
                if (result.MessageType is WebSocketMessageType.Close)
                {
                    Note(new Closed((int)(_socket.CloseStatus ?? 0)));
                    await Leave();
                    return;
                }

                message.Write(buffer, 0, result.Count);
                if (!result.EndOfMessage) continue;
                var received = result.MessageType is WebSocketMessageType.Text ? Parse(message.ToArray()) : Unframe(message.ToArray());
                message.SetLength(0);
                Note(received);
                if (received is Ask ask && _answer is not null) await _asksToAnswer.Writer.WriteAsync(ask);
            }
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or ObjectDisposedException)
        {
            Note(new Closed(1006));
        }
    }

    private async Task AnswerAsks()
    {
        try
        {
            await foreach (var ask in _asksToAnswer.Reader.ReadAllAsync())
            {
                if (_answer is { } answer) await answer(ask);
            }
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or ObjectDisposedException or InvalidOperationException)
        {
            // The connection has ended, which the reading loop notes.
        }
    }

    private void Note(Received received)
    {
        lock (_gate)
        {
            _record.Add(received);
            _untaken.Add(received);
            var news = _news;
            _news = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            news.SetResult();
        }
    }

    private static Received Unframe(byte[] frame)
    {
        if (frame.Length < TestBlob.HeadLength || frame[0] != 0x01) return new Fault($"a binary frame of {frame.Length} bytes that is no blob");
        var name = Convert.ToHexStringLower(frame.AsSpan(1, 32));
        var bytes = frame[TestBlob.HeadLength..];
        return name == Convert.ToHexStringLower(SHA256.HashData(bytes)) ? new BlobCame(name, bytes) : new Fault($"the bytes that came as {name} have another hash");
    }

    private static Received Parse(byte[] text)
    {
        if (text.Length > 4096) return new Fault($"a text frame of {text.Length} bytes");
        try
        {
            using var json = JsonDocument.Parse(text);
            var m = json.RootElement;
            return m.GetProperty("type").GetString() switch
            {
                "welcome" => new Welcome(Number(m, "protocol"), Number(m, "maxBlob"), Number(m, "maxGets"), Number(m, "maxAsks"), Number(m, "maxPages"),
                    [.. m.GetProperty("features").EnumerateArray().Select(f => f.GetString()!)]),
                "status" => Checked(new Status(Word(m, "page"), Number(m, "holders"), Number(m, "waiters"), Word(m, "you"))),
                "ask" => new Ask(Word(m, "page"), Word(m, "blob")),
                "error" => new ErrorCame(Word(m, "code"), Word(m, "message"), Maybe(m, "page"), Maybe(m, "blob"), m.TryGetProperty("retryAfterMs", out var n) ? n.GetInt32() : null),
                "successor" => new SuccessorCame(Word(m, "page"), Word(m, "next"), m.GetProperty("version").GetInt64(), Word(m, "signature")),
                "goodbye" => new Goodbye(Number(m, "retryAfterMs")),
                var other => new Other(other ?? ""),
            };
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            return new Fault($"a text frame that is none of the protocol's: {Encoding.UTF8.GetString(text)} ({e.Message})");
        }
    }

    private static Received Checked(Status status) => status.You switch
    {
        "none" => status,
        "claimed" => status,
        "waiter" when status.Waiters > 0 => status,
        "holder" when status.Holders > 0 => status,
        _ => new Fault($"a status that doesn't count its receiver: {status}"),
    };

    private static int Number(JsonElement message, string field) => message.GetProperty(field).GetInt32();

    private static string Word(JsonElement message, string field) => message.GetProperty(field).GetString() ?? throw new FormatException($"{field} is null");

    private static string? Maybe(JsonElement message, string field) => message.TryGetProperty(field, out var value) ? value.GetString() : null;

    private static HttpMessageInvoker ThinInvoker() => new(new SocketsHttpHandler
    {
        ConnectCallback = async (context, cancellation) =>
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveBufferSize = 16 * 1024 };
            await socket.ConnectAsync(context.DnsEndPoint, cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        },
    });
}

/// <summary>What has come on the wire, one record a message.</summary>
public abstract record Received;

public sealed record Welcome(int Protocol, int MaxBlob, int MaxGets, int MaxAsks, int MaxPages, string[] Features) : Received
{
    public override string ToString() => "welcome";
}

public sealed record Status(string Page, int Holders, int Waiters, string You) : Received
{
    public override string ToString() => $"status {Page[..8]}… {Holders} holders {Waiters} waiters you {You}";
}

public sealed record Ask(string Page, string Blob) : Received
{
    public override string ToString() => $"ask {Blob[..8]}… of {Page[..8]}…";
}

public sealed record BlobCame(string Name, byte[] Bytes) : Received
{
    public override string ToString() => $"blob {Name[..8]}… ({Bytes.Length} bytes)";
}

public sealed record ErrorCame(string Code, string Message, string? Page, string? Blob, int? RetryAfterMs) : Received
{
    public override string ToString() => $"error {Code} \"{Message}\" {Page} {Blob}";
}

public sealed record SuccessorCame(string Page, string Next, long Version, string Signature) : Received;

public sealed record Goodbye(int RetryAfterMs) : Received;

/// <summary>The end of the connection; 1006 stands for one without a close frame.</summary>
public sealed record Closed(int Code) : Received;

/// <summary>A message of a type that this visitor doesn't know, which clients ignore.</summary>
public sealed record Other(string Type) : Received;

/// <summary>Something that the server must never send.</summary>
public sealed record Fault(string What) : Received;
