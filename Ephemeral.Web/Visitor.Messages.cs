using Ephemeral.Grains;

namespace Ephemeral.Web;

/// <summary>The part of a visitor that does what it says.</summary>
internal sealed partial class Visitor
{
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
        // It may be blocked already, or in this very moment, when this visitor was not yet among those who are told.
        else if (_node.IsBlocked(page))
            Block(page);
        else
        {
            SetOff(membership.Page.Reached());
            return membership;
        }
        return null;
    }

    private bool Release(ContentHash page)
    {
        var left = Drop(page);
        if (left is not null && left.Page.Status(VisitorState.None) is { } status)
            _outbox.Text(status);
        else
            SetOff(SendStatusOfUnknown(page));
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
            // Each is asked of those who hold the page, whether there is such a blob or not.
            if (!SpendGets(1, out var retryAfter))
                return Refuse(ErrorCode.RateLimited, "Too much that you asked for nobody has.", page, blob, retryAfter);
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

    private bool SpendGets(int count, out TimeSpan retryAfter) => _vainGets.TrySpend(
        count, _node.Options.VainGetsPerMinute / 60.0, Math.Max(_node.Options.VainGetsPerMinute, _node.Options.MaxGets), _node.Now, out retryAfter);

    // With the lock held. Those that do not end in vain have cost nothing.
    private int EndGets(Predicate<OpenGet> which)
    {
        var ended = _gets?.RemoveAll(which) ?? 0;
        if (ended > 0)
            SpendGets(-ended, out _);
        return ended;
    }

    private bool Cancel(ContentHash page, ContentHash blob)
    {
        Membership? membership;
        lock (_gate)
        {
            membership = Find(page);
            EndGets(get => get.Of == membership && get.Blob == blob);
        }
        membership?.Page.CancelGet(membership, blob);
        return true;
    }

    private bool Missed(ContentHash page, ContentHash blob)
    {
        List<Ask>? asks;
        lock (_gate)
            asks = _asks.TakeMissed(page, blob);
        if (asks is null)
            return true;
        // What it is asked for others may decide: so an answer costs it nothing.
        _messages.TrySpend(-1, _node.Options.MessagesPerSecond, _node.Options.MessageBurst, _node.Now, out _);
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
}
