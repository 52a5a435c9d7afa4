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
    private readonly PipeStream? _stream;
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
    private Rate _vainGets;
    private TimeSpan _heardAt;
    private TimeSpan _pingedAt;
    private bool _left;

    public Visitor(WebSocket socket, WebNode node, PipeStream? stream = null)
    {
        (_socket, _node, _stream) = (socket, node, stream);
        _asks = new Asks(node.Options.MaxAsks);
        _heardAt = _pingedAt = node.Now;
        _since = _heardAt.Ticks;
        _outbox = new Outbox(socket, node, isLean: stream is not null, () => Close(1013, discard: true), StartGets);
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

    /// <summary>Sends a ping when it is time for one; false when no byte has come for too long. Called now and then, by one at a time.</summary>
    public bool KeepAlive(TimeSpan now)
    {
        if (_stream is null)
            return true;
        if (_stream.HasRead())
            _heardAt = now;
        if (now - _pingedAt >= _node.Options.PingInterval && _stream.Ping())
            _pingedAt = now;
        return now - _heardAt < _node.Options.SilenceLimit;
    }

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
            if (EndGets(get => get.Blob == hash) == 0)
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
            EndGets(get => get.Of == membership);
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
