using System.Diagnostics;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;

namespace Ephemeral.Bench;

/// <summary>
/// What a browser tab does on the wire: wants a page and then holds it, or holds some from the start; answers asks; opens a new connection
/// when the old one ends, and before it ends when the node says goodbye.
/// </summary>
internal sealed class Tab : IAsyncDisposable
{
    private const int Head = 33;
    private readonly Func<Uri> _where;
    private readonly Dictionary<string, byte[]> _frames;
    private readonly string? _wants;
    private readonly bool _holds;
    private readonly TimeSpan _answersAfter;
    private readonly CancellationTokenSource _closed = new();
    private readonly TaskCompletionSource _got = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly HashSet<string> _counted = [];
    private readonly Lock _gate = new();
    private Task _life = Task.CompletedTask;
    private TimeSpan? _lostAt;

    private Tab(Func<Uri> where, Dictionary<string, byte[]> frames, string? wants, bool holds, TimeSpan answersAfter) =>
        (_where, _frames, _wants, _holds, _answersAfter) = (where, frames, wants, holds, answersAfter);

    /// <summary>Errors that the server sent, and wrong bytes: none of them is a visitor's fault here.</summary>
    public int Errors { get; private set; }

    /// <summary>The longest time that it was without a connection on which all its pages are held, after the first.</summary>
    public TimeSpan LongestGap { get; private set; }

    /// <summary>It is there to hold, and not to look at something.</summary>
    public bool IsHolder => _wants is null;

    /// <summary>Holds these pages, by hash; <paramref name="where"/> is asked at every connection.</summary>
    public static Tab Holding(Func<Uri> where, IEnumerable<(string Hash, byte[] Frame)> pages, TimeSpan answersAfter = default) =>
        new Tab(where, pages.ToDictionary(page => page.Hash, page => page.Frame), null, holds: true, answersAfter).Begin();

    /// <summary>Wants a page, and with <paramref name="holds"/> holds it from when it has it.</summary>
    public static Tab Wanting(Func<Uri> where, string page, bool holds) => new Tab(where, [], page, holds, default).Begin();

    /// <summary>Ends when the wanted page has come.</summary>
    public Task Got => _got.Task;

    /// <summary>True while the server counts this tab as a holder of all its pages.</summary>
    public bool IsHolding
    {
        get
        {
            lock (_gate)
                return _frames.Count > 0 && _counted.Count == _frames.Count;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _closed.CancelAsync();
        await _life;
        _closed.Dispose();
    }

    private Tab Begin()
    {
        _life = Live();
        return this;
    }

    private static TimeSpan Now => Stopwatch.GetElapsedTime(0);

    private async Task Live()
    {
        var backOff = 0.1;
        Task? old = null;
        while (!_closed.IsCancellationRequested)
        {
            var goodbye = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var settled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var leave = CancellationTokenSource.CreateLinkedTokenSource(_closed.Token);
            var connection = Connect(goodbye, settled, leave.Token);
            if (old is not null)
            {
                // The new connection before the end of the old one.
                await Task.WhenAny(settled.Task, connection);
                if (connection.IsCompleted && !settled.Task.IsCompleted)
                {
                    await Task.Delay(TimeSpan.FromSeconds(0.25 + Random.Shared.NextDouble() * 0.5));
                    if (!old.IsCompleted)
                        continue;
                }
                await _leaveOld!.CancelAsync();
                await old;
            }
            (old, _leaveOld) = (null, leave);
            await Task.WhenAny(goodbye.Task, connection);
            if (goodbye.Task.IsCompleted && !connection.IsCompleted)
            {
                old = connection;
                continue;
            }
            if (settled.Task.IsCompleted)
                backOff = 0.1;
            await Task.Delay(TimeSpan.FromSeconds(Random.Shared.NextDouble() * backOff), _closed.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            backOff = Math.Min(backOff * 2, 2);
        }
    }

    private CancellationTokenSource? _leaveOld;

    private async Task Connect(TaskCompletionSource goodbye, TaskCompletionSource settled, CancellationToken leave)
    {
        using var visitor = new BenchVisitor();
        using var leaving = leave.Register(visitor.Dispose);
        var counted = new HashSet<string>();
        try
        {
            await visitor.Connect(_where());
            foreach (var page in _frames.Keys)
                await visitor.Say("hold", page);
            if (_wants is not null && _frames.Count == 0)
                await visitor.Say("want", _wants);
            while (true)
            {
                var (type, frame) = await visitor.Receive();
                if (type == WebSocketMessageType.Close)
                    break;
                if (type == WebSocketMessageType.Binary)
                    await Take(visitor, frame.ToArray());
                else
                    await Handle(visitor, frame, counted, goodbye, settled);
            }
        }
        catch (Exception e) when (e is WebSocketException or ObjectDisposedException or IOException or OperationCanceledException
            or System.Net.Sockets.SocketException or InvalidOperationException)
        {
            // The connection is lost: Live opens another.
        }
        lock (_gate)
        {
            // Another connection may hold by now.
            if (_holdingConnection != visitor)
                return;
            _counted.Clear();
            _lostAt = Now;
            _holdingConnection = null;
        }
    }

    private BenchVisitor? _holdingConnection;

    private async Task Take(BenchVisitor visitor, byte[] frame)
    {
        var hash = Convert.ToHexStringLower(frame.AsSpan(1, 32));
        if (hash != _wants || Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(frame.AsSpan(Head))) != hash)
        {
            Errors++;
            return;
        }
        if (_holds)
        {
            lock (_gate)
                _frames[hash] = frame;
            await visitor.Say("hold", hash);
        }
        _got.TrySetResult();
    }

    private async Task Handle(BenchVisitor visitor, ReadOnlyMemory<byte> text, HashSet<string> counted, TaskCompletionSource goodbye, TaskCompletionSource settled)
    {
        using var message = JsonDocument.Parse(text);
        var root = message.RootElement;
        switch (root.GetProperty("type").GetString())
        {
            case "ask":
                var (page, blob) = (root.GetProperty("page").GetString()!, root.GetProperty("blob").GetString()!);
                if (_frames.TryGetValue(blob, out var frame) && _answersAfter > TimeSpan.Zero)
                    _ = Task.Delay(_answersAfter).ContinueWith(_ => visitor.Send(frame, WebSocketMessageType.Binary), TaskScheduler.Default);
                else if (frame is not null)
                    await visitor.Send(frame, WebSocketMessageType.Binary);
                else
                    await visitor.Send(Encoding.UTF8.GetBytes($$"""{"type":"miss","page":"{{page}}","blob":"{{blob}}"}"""), WebSocketMessageType.Text);
                break;
            case "status" when root.GetProperty("you").GetString() == "holder":
                counted.Add(root.GetProperty("page").GetString()!);
                lock (_gate)
                {
                    if (counted.Count < _frames.Count)
                        break;
                    if (_holdingConnection is null && Now - _lostAt is { } gap && gap > LongestGap)
                        LongestGap = gap;
                    _holdingConnection = visitor;
                    _counted.UnionWith(counted);
                }
                settled.TrySetResult();
                break;
            case "error":
                Errors++;
                break;
            case "goodbye":
                var wait = root.GetProperty("retryAfterMs").GetInt32();
                _ = Task.Delay(wait).ContinueWith(_ => goodbye.TrySetResult(), TaskScheduler.Default);
                break;
        }
    }
}
