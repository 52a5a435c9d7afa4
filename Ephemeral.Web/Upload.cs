using Ephemeral.Grains;

namespace Ephemeral.Web;

/// <summary>
/// One blob asked of this node's own holders, once for all who wait for it, here and on other nodes. One holder is asked; while
/// there is no sign of life for a second, twice as many more each second; who misses, lies or leaves is replaced at once.
/// Guarded by its page's lock.
/// </summary>
internal sealed class Upload : IAsker
{
    /// <summary>After so many misses the blob is taken for lost.</summary>
    public const int MaxMisses = 8;

    private const int MaxWave = 8;
    private const int LeastBytesASecond = 4096;
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(1);
    // What was asked with a tick's beginning is a second old at its end, give or take how exactly timers fire.
    private static readonly TimeSpan AlmostTick = Tick * 0.9;
    private static readonly TimeSpan SilentFor = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LastFor = TimeSpan.FromSeconds(60);

    private readonly NodePage _page;
    private readonly List<Ask> _asks = [];
    private readonly HashSet<Membership> _tried = [];
    private readonly List<TaskCompletionSource<Fetched>> _callers = [];
    private ITimer? _ticker;
    private int _wave = 1;
    private int _idleTicks;

    public Upload(NodePage page, ContentHash blob)
    {
        _page = page;
        Blob = blob;
    }

    public ContentHash Blob { get; }
    public int Misses { get; private set; }

    /// <summary>The flight for this node's own visitors, if it waits for this.</summary>
    public Flight? Flight { get; set; }

    /// <summary>Something has come in the last second, or somebody has only just been asked.</summary>
    public bool IsAlive { get; private set; } = true;

    /// <summary>Something has come in the last second.</summary>
    public bool IsComing { get; private set; }

    public void Start()
    {
        _ticker = _page.StartTicker(Tick, OnTick);
        // A crowd wants the root at once, and each of it holds the page in a moment; further blobs come one after another.
        AskMore(1, balance: Blob == _page.Hash);
    }

    /// <summary>For another node: the outcome.</summary>
    public Task<Fetched> Join()
    {
        var caller = new TaskCompletionSource<Fetched>(TaskCreationOptions.RunContinuationsAsynchronously);
        _callers.Add(caller);
        return caller.Task;
    }

    /// <summary>A caller of <see cref="Join"/> waits no longer.</summary>
    public void Part(Task<Fetched> caller) => _callers.RemoveAll(other => other.Task == caller);

    /// <summary>A holder has left the page.</summary>
    public void Left(Membership holder)
    {
        if (_asks.Find(ask => ask.Of == holder) is not { } ask)
            return;
        _asks.Remove(ask);
        holder.Visitor.GiveUp(ask);
        Replace();
    }

    /// <summary>The blob has come from one that was not asked for this.</summary>
    public void Came(Blob blob) => End(blob);

    void IAsker.Answered(Ask ask, Blob blob)
    {
        lock (_page.Gate)
            if (_asks.Remove(ask))
                End(blob);
    }

    void IAsker.Missed(Ask ask)
    {
        lock (_page.Gate)
        {
            if (!_asks.Remove(ask))
                return;
            ask.Of.LastUntil = _page.Now + LastFor;
            if (++Misses >= MaxMisses)
                End(null);
            else
                Replace();
        }
    }

    private void Replace()
    {
        // Who was wrong or has left is replaced at once, but not while a better one is sending.
        if (_asks.Count > 0)
            return;
        _ticker?.Change(Tick, Tick);
        if (Misses == MaxMisses - 1)
            AskOneWhoGoesLast();
        AskMore(_asks.Count == 0 ? 1 : 0, balance: false);
    }

    private void OnTick()
    {
        if (_page.UploadOf(Blob) != this)
            return;
        var now = _page.Now;
        IsComing = IsAlive = false;
        foreach (var ask in _asks.ToList())
        {
            var bytes = ask.Of.Visitor.AskedBytes - ask.BytesSeen;
            ask.BytesSeen += bytes;
            if (bytes > 0)
                ask.AliveAt = now;
            IsComing |= bytes > 0;
            IsAlive |= bytes >= LeastBytesASecond || now - ask.Since < AlmostTick;
            if (now - ask.AliveAt >= AlmostTick)
                ask.Of.LastUntil = now + LastFor;
            if (now - ask.AliveAt >= SilentFor)
            {
                _asks.Remove(ask);
                ask.Of.Visitor.GiveUp(ask);
            }
            else
            {
                ask.Of.Visitor.SendWaitingAsks();
            }
        }
        _idleTicks = Flight is null && _callers.Count == 0 ? _idleTicks + 1 : 0;
        if (_idleTicks > 2)
            End(null);
        else if (!IsAlive)
        {
            AskOneWhoGoesLast();
            AskMore(_wave, balance: false);
            _wave = Math.Min(_wave * 2, MaxWave);
        }
    }

    private void AskMore(int count, bool balance)
    {
        while (count-- > 0 && _page.Choose(Blob, _tried, balance) is { } holder)
        {
            Ask(holder);
            if (holder.State == VisitorState.Claimed)
                AskOneWhoGoesLast();
        }
        if (_asks.Count == 0)
            End(null);
    }

    // Anybody can claim a page, and make its holder miss by asking for what there is not: who goes last for that is not kept from
    // giving by however many claims.
    private void AskOneWhoGoesLast()
    {
        if (_page.ChooseLast(_tried) is { } holder)
            Ask(holder);
    }

    private void Ask(Membership holder)
    {
        if (_tried.Add(holder) && _tried.Count > 1)
            _page.CountRetry();
        holder.CountUpload(_page.Now);
        var ask = new Ask(holder, Blob, this, _page.Now);
        _asks.Add(ask);
        holder.Visitor.Ask(ask);
    }

    private void End(Blob? blob)
    {
        _ticker?.Dispose();
        _page.Remove(this);
        foreach (var ask in _asks)
            ask.Of.Visitor.GiveUp(ask);
        _asks.Clear();
        foreach (var caller in _callers)
        {
            blob?.Use();
            caller.TrySetResult(new Fetched(blob, Pending: false, Coming: false, Misses));
        }
        Flight?.UploadEnded(blob, Misses);
        Flight = null;
    }
}
