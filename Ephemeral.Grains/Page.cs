using System.Collections.Immutable;

namespace Ephemeral.Grains;

/// <summary>
/// The decisions of one page: which web nodes hold it and want it, for how long to believe them, whom to send to whom.
/// No Orleans, no clock: the time is passed in, as time since any fixed moment.
/// </summary>
internal sealed class Page(TimeSpan lease, TimeSpan doubtFor)
{
    /// <summary>How many nodes a waiting node is sent to at once: enough to survive the loss of some.</summary>
    public const int MaxSources = 4;

    private readonly Dictionary<Guid, Entry> _nodes = [];

    public long Sequence { get; private set; }
    public int Holders { get; private set; }
    public int Waiters { get; private set; }

    /// <summary>A lower bound of the moment at which the next lease ends.</summary>
    public TimeSpan NextExpiry { get; private set; } = TimeSpan.MaxValue;

    /// <summary>True when no node has anybody here.</summary>
    public bool IsEmpty => _nodes.Values.All(entry => entry.Said.IsEmpty());

    /// <summary>The nodes that have somebody here.</summary>
    public IEnumerable<Announcement> Nodes => _nodes.Values.Where(entry => !entry.Said.IsEmpty()).Select(entry => entry.Said);

    /// <summary>Takes an announcement and renews its node's lease; true if it changed what others should know.</summary>
    public bool Announce(Announcement said, TimeSpan now)
    {
        // Calls of one node can overtake each other; the newest is the truth. A node that left stays here until
        // its lease is over, so that a late announcement of it does not bring it back.
        _nodes.TryGetValue(said.Node, out var old);
        if (old is not null && said.Version < old.Said.Version)
            return false;
        _nodes[said.Node] = new Entry(said, now + lease);
        NextExpiry = TimeSpan.FromTicks(Math.Min(NextExpiry.Ticks, (now + lease).Ticks));
        return Count(old?.Said, said);
    }

    /// <summary>A node that others cannot reach must announce sooner than its lease would have it.</summary>
    public void Doubt(Guid node, TimeSpan now)
    {
        if (!_nodes.TryGetValue(node, out var entry) || entry.Expires <= now + doubtFor)
            return;
        _nodes[node] = entry with { Expires = now + doubtFor };
        NextExpiry = TimeSpan.FromTicks(Math.Min(NextExpiry.Ticks, (now + doubtFor).Ticks));
    }

    /// <summary>What moves with the page to another silo.</summary>
    public PageState Save(Guid epoch) => new(epoch, Sequence, [.. _nodes.Values.Select(entry => entry.Said)]);

    /// <summary>Goes on as the page that was saved. Leases are in a silo's own time, so each node gets a whole new one.</summary>
    public void Restore(PageState state, TimeSpan now)
    {
        foreach (var said in state.Nodes)
            Announce(said, now);
        Sequence = state.Sequence;
    }

    /// <summary>Forgets the nodes whose lease has ended; true if that changed what others should know.</summary>
    public bool Sweep(TimeSpan now)
    {
        var changed = false;
        foreach (var (node, entry) in _nodes.Where(pair => pair.Value.Expires <= now).ToList())
        {
            _nodes.Remove(node);
            changed |= Count(entry.Said, null);
        }
        NextExpiry = _nodes.Count == 0 ? TimeSpan.MaxValue : _nodes.Values.Min(entry => entry.Expires);
        return changed;
    }

    /// <summary>What <paramref name="node"/> announced last, or null.</summary>
    public Announcement? SaidBy(Guid node) => _nodes.GetValueOrDefault(node)?.Said;

    /// <summary>Some nodes for <paramref name="asker"/> to fetch from: those with holders first, at random, then those with claims and parts.</summary>
    public ImmutableArray<Source> SourcesFor(Guid asker, Random random)
    {
        var holding = new List<Source>(MaxSources);
        var others = new List<Source>();
        var seen = 0;
        foreach (var (node, entry) in _nodes)
        {
            if (node == asker || entry.Said is { Holders: 0, Claims: 0, Parts: false })
                continue;
            if (entry.Said.Holders == 0)
            {
                if (others.Count < MaxSources)
                    others.Add(new Source(node, entry.Said.Observer));
            }
            else if (holding.Count < MaxSources)
            {
                holding.Insert(random.Next(holding.Count + 1), new Source(node, entry.Said.Observer));
                seen++;
            }
            else if (random.Next(++seen) is var place && place < MaxSources)
            {
                holding[place] = new Source(node, entry.Said.Observer);
            }
        }
        return [.. holding.Concat(others).Take(MaxSources)];
    }

    private bool Count(Announcement? old, Announcement? said)
    {
        var holders = (said?.Holders ?? 0) - (old?.Holders ?? 0);
        var waiters = (said?.Waiters ?? 0) - (old?.Waiters ?? 0);
        Holders += holders;
        Waiters += waiters;
        var changed = holders != 0 || waiters != 0 || said?.Claims > 0 != old?.Claims > 0 || said?.Parts != old?.Parts;
        if (changed)
            Sequence++;
        return changed;
    }

    private sealed record Entry(Announcement Said, TimeSpan Expires);
}

/// <summary>A page on its way to another silo.</summary>
[GenerateSerializer, Immutable, Alias("ephemeral.page-state")]
internal sealed record PageState(Guid Epoch, long Sequence, ImmutableArray<Announcement> Nodes);

internal static class AnnouncementExtensions
{
    public static bool IsEmpty(this Announcement said) => said is { Holders: 0, Claims: 0, Waiters: 0 };
}
