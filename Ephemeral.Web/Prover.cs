using Ephemeral.Grains;

namespace Ephemeral.Web;

/// <summary>
/// Asks visitors who claim a page for its root, to see that they have it. Paced by the bytes that come, so that small pages
/// are proven at once and a crowd that comes back with large ones does not upload them all in the same second.
/// </summary>
internal sealed class Prover(WebNode node) : IAsker, IDisposable
{
    private const int MaxOpen = 128;
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan SilentFor = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan AgainAfter = TimeSpan.FromSeconds(30);

    private readonly Lock _gate = new();
    private readonly Queue<Membership> _queue = [];
    private readonly Queue<(Membership Member, TimeSpan At)> _again = [];
    private readonly List<Ask> _open = [];
    private Rate _bytes;
    private ITimer? _ticker;

    /// <summary>Queues a claim.</summary>
    public void Add(Membership member)
    {
        lock (_gate)
            _queue.Enqueue(member);
        // The caller holds the page's lock, and asking takes others.
        ThreadPool.UnsafeQueueUserWorkItem(static prover => prover.Pump(), this, preferLocal: false);
    }

    void IAsker.Answered(Ask ask, Blob blob)
    {
        lock (_gate)
        {
            _open.Remove(ask);
            Pace(blob.Length, double.MaxValue);
        }
        ask.Of.Page.Came(blob);
        Pump();
    }

    void IAsker.Missed(Ask ask)
    {
        lock (_gate)
            Later(ask);
        Pump();
    }

    public void Dispose() => _ticker?.Dispose();

    private void Pump()
    {
        while (true)
        {
            Membership? member;
            Ask ask;
            lock (_gate)
            {
                var now = node.Now;
                while (_again.TryPeek(out var again) && again.At <= now)
                    _queue.Enqueue(_again.Dequeue().Member);
                if (_open.Count > 0 || _again.Count > 0 || _queue.Count > 0)
                    _ticker ??= node.Time.CreateTimer(_ => OnTick(), null, Tick, Tick);
                // Those that have been silent for a second do not keep the others waiting.
                if (_open.Count(open => now - open.AliveAt < Tick) >= MaxOpen || !Pace(0, node.Options.ProofBytesPerSecond) || !_queue.TryDequeue(out member))
                    return;
                if (member.State != VisitorState.Claimed || member.Proven)
                    continue;
                ask = new Ask(member, member.Page.Hash, this, now);
                _open.Add(ask);
            }
            if (!member.Visitor.AskForProof(ask))
                lock (_gate)
                    _open.Remove(ask);
        }
    }

    private bool Pace(int bytes, double burst) => _bytes.TrySpend(bytes, node.Options.ProofBytesPerSecond, burst, node.Now, out _);

    private void OnTick()
    {
        var silent = new List<Ask>();
        lock (_gate)
        {
            var now = node.Now;
            foreach (var ask in _open)
            {
                if (ask.Of.Visitor.AskedBytes > ask.BytesSeen)
                    (ask.BytesSeen, ask.AliveAt) = (ask.Of.Visitor.AskedBytes, now);
                if (now - ask.AliveAt >= SilentFor || ask.Of.State != VisitorState.Claimed)
                    silent.Add(ask);
            }
            silent.ForEach(Later);
            if (_open.Count == 0 && _queue.Count == 0 && _again.Count == 0)
            {
                _ticker?.Dispose();
                _ticker = null;
            }
        }
        foreach (var ask in silent)
            ask.Of.Visitor.GiveUp(ask);
        Pump();
    }

    // Not proven now, but it may only have been slow or asleep.
    private void Later(Ask ask)
    {
        _open.Remove(ask);
        if (ask.Of.State == VisitorState.Claimed)
            _again.Enqueue((ask.Of, node.Now + AgainAfter));
    }
}
