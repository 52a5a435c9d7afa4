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

    // Most pages have one node, and there may be millions of pages: a dictionary for each would be a tenth of what a page takes.
    private const int FewNodes = 8;

    private readonly List<Entry> _nodes = new(1);
    private Dictionary<Guid, Entry>? _byNode; // where they are no longer few
    // Who can be asked, so that choosing some costs the same however many nodes there are.
    private readonly List<Entry> _holding = new(1), _others = [];
    private int _inhabited;

    public long Sequence { get; private set; }
    public int Holders { get; private set; }
    public int Waiters { get; private set; }

    /// <summary>What has been said of newer versions. Gone with the last visitor, like everything else.</summary>
    public ImmutableArray<Successor> Successors { get; private set; } = [];

    /// <summary>A lower bound of the moment at which the next lease ends.</summary>
    public TimeSpan NextExpiry { get; private set; } = TimeSpan.MaxValue;

    /// <summary>True when no node has anybody here.</summary>
    public bool IsEmpty => _inhabited == 0;

    /// <summary>The nodes that have somebody here.</summary>
    public IEnumerable<Announcement> Nodes => _nodes.Where(entry => !entry.Said.IsEmpty()).Select(entry => entry.Said);

    /// <summary>Takes an announcement and renews its node's lease; true if it changed what others should know.</summary>
    public bool Announce(Announcement said, TimeSpan now)
    {
        // Calls of one node can overtake each other; the newest is the truth. A node that left stays here until
        // its lease is over, so that a late announcement of it does not bring it back.
        var entry = Find(said.Node);
        var old = entry?.Said;
        if (old is not null && said.Version < old.Version)
            return false;
        entry ??= Add(said);
        Believe(entry, said, now);
        Place(entry, said.Holders > 0 ? _holding : said is { Claims: > 0 } or { Parts: true } ? _others : null);
        var changed = Count(old, said);
        var known = Successor.Merge(Successors, said.Successors);
        if (known.AsSpan().SequenceEqual(Successors.AsSpan()))
            return changed;
        Successors = known;
        Sequence++;
        return true;
    }

    /// <summary>Renews its node's lease if the announcement says only what is known; else false, and nothing is done.</summary>
    public bool Renew(Announcement said, TimeSpan now)
    {
        if (Find(said.Node) is not { } entry || said.IsEmpty() || said.Version < entry.Said.Version || !said.SaysNoMoreThan(entry.Said)
            || (!said.Successors.IsDefaultOrEmpty && said.Successors.Any(successor => !Successors.Contains(successor))))
            return false;
        Believe(entry, said with { Observer = entry.Said.Observer }, now);
        return true;
    }

    /// <summary>A node that others cannot reach must announce sooner than its lease would have it.</summary>
    public void Doubt(Guid node, TimeSpan now)
    {
        if (Find(node) is not { } entry || entry.Expires <= now + doubtFor)
            return;
        entry.Expires = now + doubtFor;
        NextExpiry = entry.Expires < NextExpiry ? entry.Expires : NextExpiry;
    }

    /// <summary>What moves with the page to another silo.</summary>
    public PageState Save(Guid epoch) => new(epoch, Sequence, [.. _nodes.Select(entry => entry.Said)], Successors);

    /// <summary>Goes on as the page that was saved. Leases are in a silo's own time, so each node gets a whole new one.</summary>
    public void Restore(PageState state, TimeSpan now)
    {
        foreach (var said in state.Nodes)
            Announce(said, now);
        Successors = state.Successors;
        Sequence = state.Sequence;
    }

    /// <summary>Forgets the nodes whose lease has ended; true if that changed what others should know.</summary>
    public bool Sweep(TimeSpan now)
    {
        var changed = false;
        NextExpiry = TimeSpan.MaxValue;
        _nodes.RemoveAll(entry =>
        {
            if (entry.Expires > now)
            {
                NextExpiry = entry.Expires < NextExpiry ? entry.Expires : NextExpiry;
                return false;
            }
            _byNode?.Remove(entry.Said.Node);
            Place(entry, null);
            changed |= Count(entry.Said, null);
            return true;
        });
        return changed;
    }

    /// <summary>What <paramref name="node"/> announced last, or null.</summary>
    public Announcement? SaidBy(Guid node) => Find(node)?.Said;

    /// <summary>Some nodes for <paramref name="asker"/> to fetch from: those with holders first, from a random one on, then those with claims and parts.</summary>
    public ImmutableArray<Source> SourcesFor(Guid asker, Random random)
    {
        var sources = ImmutableArray.CreateBuilder<Source>(Math.Min(MaxSources, _holding.Count + _others.Count));
        foreach (var list in (ReadOnlySpan<List<Entry>>)[_holding, _others])
        {
            var start = random.Next(list.Count);
            for (var i = 0; i < list.Count && sources.Count < MaxSources; i++)
                if (list[(start + i) % list.Count].Said is var said && said.Node != asker)
                    sources.Add(new Source(said.Node, said.Observer));
        }
        return sources.DrainToImmutable();
    }

    private void Believe(Entry entry, Announcement said, TimeSpan now)
    {
        (entry.Said, entry.Expires) = (said, now + lease);
        // Of a page of one node, as most are, it is exact: such a page is never swept in vain.
        NextExpiry = _nodes.Count == 1 || entry.Expires < NextExpiry ? entry.Expires : NextExpiry;
    }

    private Entry? Find(Guid node)
    {
        if (_byNode is not null)
            return _byNode.GetValueOrDefault(node);
        foreach (var entry in _nodes)
            if (entry.Said.Node == node)
                return entry;
        return null;
    }

    private Entry Add(Announcement said)
    {
        var entry = new Entry(said);
        _nodes.Add(entry);
        if (_byNode is not null)
            _byNode.Add(said.Node, entry);
        else if (_nodes.Count > FewNodes)
            _byNode = _nodes.ToDictionary(each => each.Said.Node);
        return entry;
    }

    private static void Place(Entry entry, List<Entry>? list)
    {
        if (entry.List == list)
            return;
        if (entry.List is { } left)
        {
            var last = left[^1];
            left[last.Place = entry.Place] = last;
            left.RemoveAt(left.Count - 1);
        }
        (entry.List, entry.Place) = (list, list?.Count ?? 0);
        list?.Add(entry);
    }

    private bool Count(Announcement? old, Announcement? said)
    {
        var holders = (said?.Holders ?? 0) - (old?.Holders ?? 0);
        var waiters = (said?.Waiters ?? 0) - (old?.Waiters ?? 0);
        Holders += holders;
        Waiters += waiters;
        _inhabited += (said?.IsEmpty() == false ? 1 : 0) - (old?.IsEmpty() == false ? 1 : 0);
        var changed = holders != 0 || waiters != 0 || said?.Claims > 0 != old?.Claims > 0 || said?.Parts != old?.Parts;
        if (changed)
            Sequence++;
        return changed;
    }

    private sealed class Entry(Announcement said)
    {
        public Announcement Said { get; set; } = said;
        public TimeSpan Expires { get; set; }

        /// <summary>The list of those who can be asked that it is in, and where there.</summary>
        public List<Entry>? List { get; set; }
        public int Place { get; set; }
    }
}

/// <summary>A page on its way to another silo.</summary>
[GenerateSerializer, Immutable, Alias("ephemeral.page-state")]
internal sealed record PageState(Guid Epoch, long Sequence, ImmutableArray<Announcement> Nodes, ImmutableArray<Successor> Successors);

internal static class AnnouncementExtensions
{
    public static bool IsEmpty(this Announcement said) => said is { Holders: 0, Claims: 0, Waiters: 0 };

    public static bool SaysNoMoreThan(this Announcement said, Announcement old) =>
        (said.Holders, said.Claims, said.Waiters, said.Parts) == (old.Holders, old.Claims, old.Waiters, old.Parts);
}
