using Ephemeral.Grains;

namespace Ephemeral.Web;

/// <summary>
/// One blob on its way to this node's visitors, once for all who wait for it: from this node's holders if it has any, else from
/// another node that does; from a second one when the first shows no sign of life for a second. It lasts until the blob has left
/// for all of them, so that who asks a moment later than the others has it, too, and for a moment beyond, in which they may say that
/// they can give it now. Guarded by its page's lock.
/// </summary>
internal sealed class Flight(NodePage page, ContentHash blob)
{
    private const int MaxWave = 8;
    private const int MaxCalls = 8;
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(1);
    // A timer may tick a moment early.
    private static readonly TimeSpan AlmostTick = Tick * 0.9;
    private static readonly TimeSpan CallLostAfter = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan SayItSoon = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan GetTimeout = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(15);

    private readonly Dictionary<Visitor, TimeSpan> _getters = [];
    private readonly List<TaskCompletionSource<Blob>> _readers = [];
    private readonly HashSet<Guid> _tried = [];
    private Upload? _upload;
    private Blob? _landed;
    private ITimer? _ticker;
    private TimeSpan _lastSign;
    private TimeSpan _aliveAt;
    private TimeSpan _startedAt;
    private TimeSpan _retryAt = TimeSpan.MaxValue;
    private TimeSpan _wait = TimeSpan.FromSeconds(1);
    private int _wave = 1;
    private int _calls;
    private int _misses;
    private bool _localFailed;
    private bool _deferred;

    public ContentHash Blob => blob;

    private bool IsRoot => blob == page.Hash;
    private bool IsParked => _upload is null && _calls == 0 && !_deferred;
    private bool IsOver => _landed is not null || page.FlightOf(blob) != this;

    public void Start()
    {
        _aliveAt = _lastSign = _startedAt = page.Now;
        // In a crowd, those who have just been served say within a moment that they hold the page: better one of them than
        // the same first holder again.
        _deferred = IsRoot && page.HoldersComeSoon();
        _ticker = page.StartTicker(_deferred ? SayItSoon : Tick, OnTick, Tick);
        if (!_deferred)
            Advance(1);
    }

    public bool AddGetter(Visitor visitor) => _getters.TryAdd(visitor, page.Now);

    public void RemoveGetter(Visitor visitor)
    {
        _getters.Remove(visitor);
        EndIfUnwanted();
    }

    /// <summary>For a reader over HTTP, who is nobody's waiter.</summary>
    public Task<Blob> AddReader()
    {
        var reader = new TaskCompletionSource<Blob>(TaskCreationOptions.RunContinuationsAsynchronously);
        _readers.Add(reader);
        return reader.Task;
    }

    public void RemoveReader(Task<Blob> reader)
    {
        _readers.RemoveAll(other => other.Task == reader);
        EndIfUnwanted();
    }

    /// <summary>Somebody new may have it: a visitor here, or another node.</summary>
    public void Hint()
    {
        _localFailed = false;
        if (_deferred && !(IsRoot && page.HoldersComeSoon()))
            Begin();
        else
            Joined();
    }

    /// <summary>One more waits for it.</summary>
    public void Joined()
    {
        if (_landed is not null)
            GiveAgain(_landed);
        else if (IsParked)
            Retry();
    }

    /// <summary>The upload that this waited for is over.</summary>
    public void UploadEnded(Blob? found, int misses)
    {
        _upload = null;
        if (found is not null)
        {
            Land(found);
            return;
        }
        _localFailed = true;
        _misses += misses;
        Advance(1);
    }

    /// <summary>Ends when nobody waits for it here any more.</summary>
    public void EndIfUnwanted()
    {
        if (!IsWanted && _landed is null)
            End();
    }

    private bool IsWanted => _getters.Count > 0 || _readers.Count > 0 || (IsRoot && page.RootWanted);

    // Whoever was waited for has come, or will not.
    private void Begin()
    {
        _deferred = false;
        _aliveAt = _lastSign = page.Now;
        if (IsWanted)
            Retry();
        else
            End();
    }

    private void Advance(int more)
    {
        if (IsOver || _deferred)
            return;
        _retryAt = TimeSpan.MaxValue;
        if (_upload is null && !_localFailed && page.CanGive(blob))
        {
            page.Join(this, out _upload);
            return;
        }
        foreach (var source in page.Sources)
        {
            if (more == 0 || _calls >= MaxCalls)
                break;
            if (!_tried.Add(source.Node))
                continue;
            if (_tried.Count > 1 || _upload is not null)
                page.CountRetry();
            _ = FetchFrom(source);
            more--;
        }
        if (IsParked)
            Park();
    }

    private void Park()
    {
        if (_misses > 0)
            FailGetters(_ => true);
        // With nobody to ask, a root needs no flight: the page begins one when it hears of somebody.
        if (!IsWanted || (_getters.Count == 0 && _readers.Count == 0 && !page.CanGive(blob) && page.Sources.IsEmpty))
        {
            End();
            return;
        }
        // Ended at once by Hint; every retry begins with all who are known by then.
        _retryAt = page.Now + _wait;
        _wait = _wait * 2 < LongestWait ? _wait * 2 : LongestWait;
        page.AnnounceSoon();
    }

    /// <summary>Calls to other nodes may have been lost on their way; they are made again.</summary>
    public void CallsLost()
    {
        if (_calls > 0 && !IsOver)
            Retry();
    }

    // Begins anew with all who are known by now; calls that are under way may still bring it.
    private void Retry()
    {
        _tried.Clear();
        _localFailed = false;
        _misses = 0;
        _wave = 1;
        Advance(1);
    }

    private async Task FetchFrom(Source source)
    {
        _calls++;
        await Task.Yield();
        var fetched = Fetched.Nothing;
        try
        {
            do
            {
                fetched = await page.Fetch(source, blob);
                lock (page.Gate)
                    if (fetched.Coming)
                        _aliveAt = _lastSign = page.Now;
            }
            while (fetched.Pending && !IsOver);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // The node or the way to it is gone; another one is tried, and the health will say so soon.
            page.Doubt(source, e);
        }
        lock (page.Gate)
            CallEnded(fetched);
        fetched.Blob?.Done();
    }

    private void CallEnded(Fetched fetched)
    {
        _calls--;
        if (IsOver)
            return;
        if (fetched.Blob is { } found)
        {
            Land(found);
            return;
        }
        _misses += fetched.Misses;
        Advance(1);
    }

    private void OnTick()
    {
        // Whoever reads so slowly that it still waits to be sent there is no reason to keep it for others.
        if (_landed is not null)
            End();
        if (IsOver)
            return;
        var now = page.Now;
        if (_deferred)
        {
            Begin();
            return;
        }
        if (_upload?.IsAlive == true)
            _aliveAt = now;
        // Asking somebody else is no sign that the blob comes.
        if (_upload?.IsComing == true)
            _lastSign = now;
        FailGetters(since => now - (since > _lastSign ? since : _lastSign) >= GetTimeout);
        EndIfUnwanted();
        if (now >= _retryAt)
        {
            Retry();
        }
        else if (!IsParked && now - _aliveAt >= AlmostTick)
        {
            // A call may have been lost on its way: the same nodes again, who still ask for it only once.
            if (now - _aliveAt >= CallLostAfter && page.Sources.All(source => _tried.Contains(source.Node)))
                _tried.Clear();
            Advance(_wave);
            _wave = Math.Min(_wave * 2, MaxWave);
        }
    }

    private void FailGetters(Func<TimeSpan, bool> which)
    {
        foreach (var (visitor, since) in _getters.Where(getter => which(getter.Value)).ToList())
        {
            _getters.Remove(visitor);
            visitor.FailGet(page.Hash, blob);
        }
    }

    private void Land(Blob found)
    {
        // A root is in the hands of many in a moment, who then hold the page.
        if (IsRoot)
            End();
        else
            Detach();
        found.Use();
        Give(found);
        if (!IsRoot)
        {
            _landed = found;
            found.WhenDone(() =>
            {
                lock (page.Gate)
                    if (_landed == found)
                        Left();
            });
        }
        found.Done();
    }

    private void Give(Blob found)
    {
        if (IsRoot)
            page.DeliverRoot(found, _startedAt);
        foreach (var visitor in _getters.Keys)
            visitor.AnswerGets(blob, found);
        _getters.Clear();
        foreach (var reader in _readers)
        {
            found.Use();
            reader.TrySetResult(found);
        }
        _readers.Clear();
    }

    private void GiveAgain(Blob landed)
    {
        if (landed.TryUse())
        {
            Give(landed);
            landed.Done();
            return;
        }
        Left();
    }

    // For the last of them as well. Those who say what they have say so in a moment: better one of them than the holder again.
    private void Left()
    {
        _landed = null;
        _deferred = page.HasGivers;
        if (_deferred)
            _ticker!.Change(SayItSoon, Tick);
        else
            Begin();
    }

    private void Detach()
    {
        if (_upload is not null)
            _upload.Flight = null;
        _upload = null;
    }

    private void End()
    {
        _landed = null;
        _ticker?.Dispose();
        Detach();
        page.Remove(this);
    }
}
