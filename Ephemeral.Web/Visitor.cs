using System.Net.WebSockets;
using Ephemeral.Grains;

namespace Ephemeral.Web;

/// <summary>
/// One visitor: one WebSocket, its read loop with the one switch over what a visitor can say, and what it holds, wants and gets.
/// Locks are taken in this order: a page's, then a visitor's, then its outbox's.
/// </summary>
internal sealed partial class Visitor
{
    private const int GetCredit = 1 << 20;
    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(10);

    private readonly WebSocket _socket;
    private readonly WebNode _node;
    private readonly Outbox _outbox;
    private readonly Lock _gate = new();
    private readonly List<Membership> _pages = new(1);
    private readonly Asks _asks;
    private List<OpenGet>? _gets;
    private Rate _messages;
    private Rate _refusals;
    private Rate _bytes;
    private Rate _successors;
    private bool _left;

    public Visitor(WebSocket socket, WebNode node, bool isLean = false)
    {
        _socket = socket;
        _node = node;
        _asks = new Asks(node.Options.MaxAsks);
        _since = node.Now.Ticks;
        _outbox = new Outbox(socket, node, isLean, () => Close(1013, discard: true), StartGets);
    }

    /// <summary>Bytes of asked blobs that have come from it: a sign of life.</summary>
    public long AskedBytes { get; private set; }

    /// <summary>No further ask can be sent to it now. Read without the lock: a stale answer only costs the better choice.</summary>
    public bool AsksFull => _asks.Full;

    /// <summary>How many blobs are asked of it, or wait to be. Read without the lock, too.</summary>
    public int OpenAsks => _asks.Count;

    /// <summary>It keeps up with what is asked of it, and would with one more. Read without the lock, too.</summary>
    public bool AnswersSoon => _asks.AnswersSoon;

    /// <summary>Bytes of every kind that wait to be sent to it.</summary>
    public long QueuedBytes => _outbox.Bytes;

    /// <summary>Since when it is taking one thing that is sent to it, or giving one; <see cref="TimeSpan.MaxValue"/> while it does neither.</summary>
    public TimeSpan BusySince => IsReceiving && Since < _outbox.WritingSince ? Since : _outbox.WritingSince;

    /// <summary>Serves the visitor until it is gone.</summary>
    public async Task Run()
    {
        _outbox.Text(_node.Welcome);
        var ended = 1006;
        try
        {
            while (await Receive())
            {
                Since = TimeSpan.MaxValue;
                await Pace();
            }
            ended = 1000;
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or ObjectDisposedException or IOException)
        {
            // Whatever ended the connection, the visitor is gone.
        }
        Leave();
        _node.Metrics.Closed(_outbox.CloseCode ?? ended);
        _outbox.Close((int)WebSocketCloseStatus.NormalClosure, discard: true);
        await ReadToClose();
        Abort();
    }

    /// <summary>Sends a frame that no bound or order applies to but the outbox's.</summary>
    public void Send(byte[] text) => _outbox.Text(text);

    /// <summary>Sends a page's status; a newer one replaces one that still waits.</summary>
    public void SendStatus(StatusSlot slot, byte[] text) => _outbox.Status(slot, text);

    /// <summary>Sends a root that was wanted.</summary>
    public void SendRoot(ContentHash root, Blob blob)
    {
        if (!AnswerGets(root, blob))
            _outbox.Blob(blob, onCredit: false);
    }

    /// <summary>Answers every open <c>get</c> of this blob with one frame; false if there is none.</summary>
    public bool AnswerGets(ContentHash hash, Blob blob)
    {
        lock (_gate)
        {
            if (_gets is null || _gets.RemoveAll(get => get.Blob == hash) == 0)
                return false;
        }
        _outbox.Blob(blob, onCredit: true);
        return true;
    }

    /// <summary>Says that nothing came of a <c>get</c>.</summary>
    public void FailGet(ContentHash page, ContentHash blob)
    {
        lock (_gate)
        {
            if (_gets is null || _gets.RemoveAll(get => get.Of.Page.Hash == page && get.Blob == blob) == 0)
                return;
        }
        Refuse(ErrorCode.Unavailable, "Nobody who holds this page has given this blob.", page, blob);
    }

    /// <summary>Asks this visitor for a blob, now or when one of its places is free.</summary>
    public void Ask(Ask ask)
    {
        lock (_gate)
        {
            if (!_left && _asks.Add(ask, _node.Now))
                _outbox.Text(Wire.Ask(ask.Of.Page.Hash, ask.Blob));
        }
    }

    /// <summary>Asks this visitor to prove a claim; false when it has done so by now.</summary>
    public bool AskForProof(Ask ask)
    {
        lock (_gate)
        {
            if (ask.Of.Proven)
                return false;
            Ask(ask);
            return true;
        }
    }

    /// <summary>Nobody waits for this ask any more.</summary>
    public void GiveUp(Ask ask)
    {
        lock (_gate)
            _asks.GiveUp(ask, _node.Now);
        SendWaitingAsks();
        // It stopped in the middle of a frame and keeps others from receiving theirs.
        if (_receiving == ask.Blob && _node.Memory.IsCrowded)
            Abort();
    }

    /// <summary>Sends asks that have waited for a place, if there is one now.</summary>
    public void SendWaitingAsks()
    {
        lock (_gate)
            while (_asks.Next(_node.Now) is { } ask)
                _outbox.Text(Wire.Ask(ask.Of.Page.Hash, ask.Blob));
    }

    /// <summary>Takes the visitor off a page that the operator has blocked.</summary>
    public void Block(ContentHash page)
    {
        if (Drop(page) is not null)
            RefuseBlocked(page);
    }

    /// <summary>Closes the connection, if need be by force; with <paramref name="discard"/> without sending first what is queued.</summary>
    public void Close(int status, bool discard = false)
    {
        _outbox.Close(status, discard);
        // On another thread, as the caller may hold the lock of a page.
        ThreadPool.UnsafeQueueUserWorkItem(static visitor => _ = visitor.LeaveAndFinish(), this, preferLocal: false);
    }

    /// <summary>Says why, and closes.</summary>
    public void CutOff(ErrorCode code, string sentence)
    {
        Since = TimeSpan.MaxValue;
        Refuse(code, sentence);
        Close(Wire.CloseCode(code));
    }

    /// <summary>Ends the connection at once.</summary>
    public void Abort() => _socket.Abort();

    private async Task LeaveAndFinish()
    {
        Leave();
        // A reader so slow that the close frame does not reach it.
        await Task.Delay(CloseTimeout, _node.Time);
        Abort();
    }

    // A connection that is dropped with bytes unread is reset, and a reset can overtake the close frame.
    private async Task ReadToClose()
    {
        using var timeout = new CancellationTokenSource(CloseTimeout, _node.Time);
        // Small, as a crowd may go at once.
        var buffer = _node.Frames.Take(1 << 10);
        try
        {
            await _outbox.Closed.WaitAsync(timeout.Token);
            while (_socket.State == WebSocketState.CloseSent)
                await _socket.ReceiveAsync(buffer.AsMemory(), timeout.Token);
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or ObjectDisposedException or IOException or InvalidOperationException)
        {
            // It had its time.
        }
        finally
        {
            _node.Frames.Return(buffer, buffer.Length);
        }
    }

    // The one switch. True: go on reading.
    private bool Handle(ReadOnlySpan<byte> text)
    {
        var now = _node.Now;
        if (!_messages.TrySpend(1, _node.Options.MessagesPerSecond, _node.Options.MessageBurst, now, out var retryAfter)
            || !_bytes.TrySpend(text.Length, _node.Options.BytesPerSecond, _node.Options.BytesPerSecond, now, out retryAfter))
        {
            // One refusal a message, and as many as a burst has messages: then it is not a mistake any more.
            return _refusals.TrySpend(1, _node.Options.MessagesPerSecond, _node.Options.MessageBurst, now, out _)
                ? Refuse(ErrorCode.RateLimited, "Too many messages; this one was not looked at.", retryAfter: retryAfter)
                : Fail(ErrorCode.RateLimited, "Too many messages, and they go on.");
        }
        if (!Wire.TryRead(text, out var message, out var why))
            return Fail(ErrorCode.BadMessage, why);

        switch (message.Type)
        {
            case MessageType.Want:
                return Enter(message.Page) is not { } wanted || wanted.Page.Want(wanted, message.Root);
            case MessageType.Hold:
                return Enter(message.Page) is not { } held || held.Page.Hold(held);
            case MessageType.Release:
                return Release(message.Page);
            case MessageType.Get:
                return Get(message.Page, message.Blob);
            case MessageType.Cancel:
                return Cancel(message.Page, message.Blob);
            case MessageType.Miss:
                return Missed(message.Page, message.Blob);
            case MessageType.Have:
                return Have(message.Page, message.Blobs);
            case MessageType.Successor:
                return Succeed(message.Page, message.Successor!);
            case MessageType.Watch:
                return _node.Watch(this, true);
            case MessageType.Unwatch:
                return _node.Watch(this, false);
            default:
                throw new InvalidOperationException($"The message {message.Type} has no case.");
        }
    }

    private Membership? Enter(ContentHash page)
    {
        if (_node.IsBlocked(page))
        {
            Drop(page);
            RefuseBlocked(page);
            return null;
        }
        lock (_gate)
        {
            if (Find(page) is { } known)
                return known;
            if (_pages.Count >= _node.Options.MaxPages)
            {
                Refuse(ErrorCode.TooMany, $"One visitor has at most {_node.Options.MaxPages} pages.", page);
                return null;
            }
        }
        // The page's lock comes before the visitor's; only this visitor's own read loop adds pages to it.
        var membership = _node.Join(this, page);
        bool left;
        lock (_gate)
        {
            left = _left;
            if (!left)
                _pages.Add(membership);
        }
        if (left)
            membership.Page.Leave(membership);
        // It may be blocked in this very moment, when this visitor was not yet among those who are told.
        else if (_node.IsBlocked(page))
            Block(page);
        else
            return membership;
        return null;
    }

    private bool Release(ContentHash page)
    {
        var left = Drop(page);
        if (left is not null && left.Page.Status(VisitorState.None) is { } status)
            _outbox.Text(status);
        else
            _ = SendStatusOfUnknown(page);
        return true;
    }

    private async Task SendStatusOfUnknown(ContentHash page)
    {
        // To be answered within a second; it has let go of the page, so the numbers matter to it no more.
        var (holders, waiters) = await _node.Count(page, TimeSpan.Zero) ?? (0, 0);
        // Who wants or holds it again by now is told by the page, with numbers in which it is counted.
        lock (_gate)
            if (Find(page) is null)
                _outbox.Text(Wire.Status(page, holders, waiters, VisitorState.None));
    }

    private bool Get(ContentHash page, ContentHash blob)
    {
        lock (_gate)
        {
            if (Find(page) is not { } membership)
                return Refuse(ErrorCode.Unavailable, "You neither want nor hold this page.", page, blob);
            if (_gets?.Count >= _node.Options.MaxGets)
                return Refuse(ErrorCode.TooMany, $"One visitor has at most {_node.Options.MaxGets} open gets.", page, blob);
            (_gets ??= new List<OpenGet>(1)).Add(new OpenGet(membership, blob));
        }
        StartGets();
        return true;
    }

    // A get is a credit: none is begun while the visitor has a megabyte to read already.
    private void StartGets()
    {
        while (true)
        {
            OpenGet next;
            lock (_gate)
            {
                var index = _gets?.FindIndex(get => !get.Started) ?? -1;
                if (index < 0 || _outbox.Bytes > GetCredit)
                    return;
                next = _gets![index];
                _gets[index] = next with { Started = true };
            }
            next.Of.Page.Get(next.Of, next.Blob);
        }
    }

    private bool Cancel(ContentHash page, ContentHash blob)
    {
        Membership? membership;
        lock (_gate)
        {
            membership = Find(page);
            _gets?.RemoveAll(get => get.Of == membership && get.Blob == blob);
        }
        membership?.Page.CancelGet(membership, blob);
        return true;
    }

    private bool Missed(ContentHash page, ContentHash blob)
    {
        List<Ask> asks;
        lock (_gate)
            asks = _asks.TakeMissed(page, blob);
        foreach (var ask in asks)
            ask.Asker.Missed(ask);
        SendWaitingAsks();
        return true;
    }

    private bool Have(ContentHash page, IReadOnlyList<ContentHash> blobs)
    {
        Membership? membership;
        lock (_gate)
            membership = Find(page);
        if (membership is null)
            return Refuse(ErrorCode.Unavailable, "You neither want nor hold this page.", page);
        return membership.Page.Have(membership, blobs) is not { } refused
            || Refuse(ErrorCode.TooMany, "No more parts are remembered of you, or of all visitors here.", page, refused);
    }

    private bool Succeed(ContentHash page, Successor successor)
    {
        Membership? membership;
        lock (_gate)
            membership = Find(page);
        if (membership?.State != VisitorState.Holder)
            return Refuse(ErrorCode.Unavailable, "Only who holds a page can say what follows it.", page);
        // Each new one goes to everybody who is there.
        var perMinute = _node.Options.SuccessorsPerMinute;
        if (!_successors.TrySpend(1, perMinute / 60.0, perMinute, _node.Now, out var retryAfter))
            return Refuse(ErrorCode.RateLimited, $"One visitor says at most {perMinute} successors a minute.", page, retryAfter: retryAfter);
        membership.Page.Succeed(membership, successor);
        return true;
    }

    private bool Refuse(ErrorCode code, string sentence, ContentHash? page = null, ContentHash? blob = null, TimeSpan? retryAfter = null)
    {
        _node.Metrics.Error(code);
        _outbox.Text(Wire.Error(code, sentence, page, blob, retryAfter));
        return true;
    }

    private bool Fail(ErrorCode code, string sentence, ContentHash? blob = null)
    {
        Refuse(code, sentence, blob: blob);
        _outbox.Close(Wire.CloseCode(code), discard: false);
        Leave();
        return false;
    }

    private bool RefuseBlocked(ContentHash page) => Refuse(ErrorCode.Blocked, "This page is not served here.", page);

    private Membership? Find(ContentHash page)
    {
        foreach (var membership in _pages)
            if (membership.Page.Hash == page)
                return membership;
        return null;
    }

    private Membership? Drop(ContentHash page)
    {
        Membership? membership;
        lock (_gate)
        {
            membership = Find(page);
            if (membership is null)
                return null;
            _pages.Remove(membership);
            _gets?.RemoveAll(get => get.Of == membership);
        }
        membership.Page.Leave(membership);
        return membership;
    }

    private void Leave()
    {
        List<Membership> pages;
        lock (_gate)
        {
            if (_left)
                return;
            _left = true;
            pages = [.. _pages];
            _pages.Clear();
            _gets = null;
        }
        foreach (var membership in pages)
            membership.Page.Leave(membership);
        _node.Left(this);
    }

    private readonly record struct OpenGet(Membership Of, ContentHash Blob, bool Started = false);
}
