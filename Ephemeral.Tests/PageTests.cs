using Ephemeral.Grains;
using Xunit;

namespace Ephemeral.Tests;

public class PageTests
{
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(25);
    private static readonly TimeSpan DoubtFor = TimeSpan.FromSeconds(13);
    private static readonly Guid A = Guid.NewGuid(), B = Guid.NewGuid();

    private static readonly Announcement Said = new(A, null!, 1, 2, 3, Version: 6);
    private static readonly Successor Known = new(ContentHash.Of([1]), 1, "signed");

    private readonly Page _page = new(Lease, DoubtFor);
    private TimeSpan _now = TimeSpan.FromHours(1);
    private long _version;

    [Fact]
    public void Adds_up_what_the_nodes_announce()
    {
        Say(A, holders: 2, waiters: 1);
        Say(B, holders: 3, claims: 7, waiters: 4);
        Assert.Equal((5, 5), (_page.Holders, _page.Waiters));
    }

    [Fact]
    public void Knows_few_nodes_and_many_alike()
    {
        var nodes = Enumerable.Range(0, 20).Select(_ => Guid.NewGuid()).ToList();
        foreach (var (i, node) in nodes.Index())
        {
            Say(node, holders: 1, waiters: i);
            Assert.Equal((i + 1, i * (i + 1) / 2), (_page.Holders, _page.Waiters));
        }
        foreach (var (i, node) in nodes.Index())
        {
            Say(node, holders: 2);
            Assert.Equal(20 + i + 1, _page.Holders);
        }
        _now += TimeSpan.FromSeconds(20);
        Say(nodes[3], holders: 3);
        _now += TimeSpan.FromSeconds(20);
        Assert.True(_page.Sweep(_now));
        Assert.Equal((3, nodes[3]), (_page.Holders, Assert.Single(_page.Nodes).Node));
        Assert.Null(_page.SaidBy(nodes[4]));
        Say(nodes[4], holders: 1);
        Assert.Equal(4, _page.Holders);
    }

    [Fact]
    public void Replaces_what_a_node_said_before()
    {
        Say(A, holders: 2, waiters: 9);
        Say(A, holders: 1);
        Assert.Equal((1, 0), (_page.Holders, _page.Waiters));
    }

    [Fact]
    public void Ignores_an_announcement_that_a_newer_one_has_overtaken()
    {
        Assert.True(_page.Announce(new Announcement(A, null!, 5, 0, 0, Version: 10), _now));
        Assert.False(_page.Announce(new Announcement(A, null!, 1, 0, 0, Version: 9), _now));
        Assert.Equal(5, _page.Holders);
    }

    [Fact]
    public void A_late_announcement_does_not_bring_back_a_node_that_has_left()
    {
        _page.Announce(new Announcement(A, null!, 1, 0, 0, Version: 1), _now);
        _page.Announce(new Announcement(A, null!, 0, 0, 0, Version: 3), _now);
        Assert.False(_page.Announce(new Announcement(A, null!, 1, 0, 0, Version: 2), _now));
        Assert.True(_page.IsEmpty);
    }

    public static TheoryData<string, Announcement, bool> Renewals => new()
    {
        { "the same", Said, true },
        { "the same as one that has overtaken it", Said with { Version = 4 }, false },
        { "one more holder", Said with { Holders = 2 }, false },
        { "one more claim", Said with { Claims = 3 }, false },
        { "one waiter less", Said with { Waiters = 2 }, false },
        { "parts", Said with { Parts = true }, false },
        { "nobody", Said with { Holders = 0, Claims = 0, Waiters = 0 }, false },
        { "another node", Said with { Node = B }, false },
        { "a newer version that is known", Said with { Successors = [Known] }, true },
        { "a newer version that is not", Said with { Successors = [Known, Known with { Version = 2 }] }, false },
    };

    [Theory]
    [MemberData(nameof(Renewals))]
    public void Only_what_says_nothing_new_renews_a_lease(string what, Announcement said, bool renews)
    {
        _page.Announce(Said with { Version = 5, Successors = [Known] }, _now);
        var (sequence, end) = (_page.Sequence, _page.NextExpiry);
        _now += TimeSpan.FromSeconds(10);
        Assert.True(renews == _page.Renew(said, _now), what);
        Assert.Equal((sequence, 1, 3), (_page.Sequence, _page.Holders, _page.Waiters));
        Assert.Equal(renews ? end + TimeSpan.FromSeconds(10) : end, _page.NextExpiry);
    }

    [Fact]
    public void Who_has_left_is_not_brought_back_by_a_late_renewal()
    {
        _page.Announce(Said, _now);
        _page.Announce(Said with { Holders = 0, Claims = 0, Waiters = 0, Version = 10 }, _now);
        Assert.False(_page.Renew(Said with { Version = 9 }, _now));
        Assert.True(_page.IsEmpty);
    }

    [Fact]
    public void Saying_the_same_again_changes_nothing_but_the_lease()
    {
        Say(A, holders: 1);
        var sequence = _page.Sequence;
        _now += Lease - TimeSpan.FromSeconds(1);
        Assert.False(Say(A, holders: 1));
        Assert.Equal(sequence, _page.Sequence);
        _now += TimeSpan.FromSeconds(2);
        Assert.False(_page.Sweep(_now));
        Assert.Equal(1, _page.Holders);
    }

    [Fact]
    public void A_node_whose_lease_has_ended_is_not_counted()
    {
        Say(A, holders: 1);
        _now += TimeSpan.FromSeconds(1);
        Say(B, holders: 1, waiters: 2);
        _now += Lease - TimeSpan.FromSeconds(1);
        Assert.True(_page.NextExpiry <= _now);
        Assert.True(_page.Sweep(_now));
        Assert.Equal((1, 2), (_page.Holders, _page.Waiters));
        _now += TimeSpan.FromSeconds(1);
        Assert.True(_page.Sweep(_now));
        Assert.True(_page.IsEmpty);
        Assert.Equal(TimeSpan.MaxValue, _page.NextExpiry);
    }

    [Fact]
    public void A_node_in_doubt_is_dropped_sooner_unless_it_announces()
    {
        Say(A, holders: 1);
        Say(B, holders: 1);
        _page.Doubt(A, _now);
        _page.Doubt(B, _now);
        _page.Doubt(Guid.NewGuid(), _now);
        Say(B, holders: 1);
        _now += DoubtFor;
        Assert.True(_page.NextExpiry <= _now);
        Assert.True(_page.Sweep(_now));
        Assert.Equal(B, Assert.Single(_page.Nodes).Node);
    }

    [Fact]
    public void Doubt_never_lengthens_a_lease()
    {
        Say(A, holders: 1);
        _now += Lease - TimeSpan.FromSeconds(1);
        _page.Doubt(A, _now);
        _now += TimeSpan.FromSeconds(1);
        Assert.True(_page.Sweep(_now));
    }

    [Fact]
    public void A_page_that_moves_takes_everything_along_with_whole_leases()
    {
        Say(A, holders: 2, waiters: 1);
        Say(B, claims: 1);
        _now += Lease - TimeSpan.FromSeconds(1);
        var epoch = Guid.NewGuid();
        var state = _page.Save(epoch);

        var moved = new Page(Lease, DoubtFor);
        moved.Restore(state, _now);
        Assert.Equal((epoch, _page.Sequence, 2, 1), (state.Epoch, moved.Sequence, moved.Holders, moved.Waiters));
        Assert.False(moved.Sweep(_now + Lease - TimeSpan.FromSeconds(1)));
        Assert.False(moved.Announce(new Announcement(A, null!, 9, 0, 0, Version: 0), _now));
        Assert.True(moved.Announce(new Announcement(A, null!, 9, 0, 0, Version: 99), _now));
        Assert.True(moved.Sequence > state.Sequence);
    }

    [Fact]
    public void What_follows_is_kept_once_and_at_most_eight_of_it_and_goes_along()
    {
        var all = Enumerable.Range(1, Successor.Most + 2).Select(i => new Successor(ContentHash.Of([(byte)i]), i, "signed")).ToArray();
        Assert.True(Says(all[0]));
        Assert.False(Says(all[0]));
        var sequence = _page.Sequence;
        Assert.True(Says(all[..Successor.Most]));
        Assert.True(_page.Sequence > sequence);
        Assert.Equal(all[..Successor.Most], _page.Successors);
        Assert.True(Says([all[^1], all[^2]]));
        Assert.Equal([.. all[2..Successor.Most], all[^1], all[^2]], _page.Successors.ToArray());
        Assert.False(_page.Announce(new Announcement(A, null!, 1, 0, 0, ++_version), _now), "who knows nothing takes nothing away");

        var moved = new Page(Lease, DoubtFor);
        moved.Restore(_page.Save(Guid.NewGuid()), _now);
        Assert.Equal(_page.Successors.ToArray(), moved.Successors.ToArray());

        bool Says(params Successor[] successors) => _page.Announce(new Announcement(A, null!, 1, 0, 0, ++_version, Successors: [.. successors]), _now);
    }

    [Fact]
    public void Is_empty_only_when_nobody_holds_claims_or_wants()
    {
        Assert.True(_page.IsEmpty);
        Say(A, claims: 1);
        Assert.False(_page.IsEmpty);
        Say(A, waiters: 1);
        Assert.False(_page.IsEmpty);
        Say(A);
        Assert.True(_page.IsEmpty);
        Assert.Empty(_page.Nodes);
    }

    [Theory]
    [InlineData(1, 0, 0)]
    [InlineData(0, 1, 0)]
    [InlineData(0, 0, 1)]
    public void Each_kind_of_change_moves_the_sequence(int holders, int claims, int waiters)
    {
        var before = _page.Sequence;
        Assert.True(Say(A, holders, claims, waiters));
        Assert.True(_page.Sequence > before);
        Assert.True(Say(A));
        Assert.True(_page.Sequence > before + 1);
    }

    [Fact]
    public void Sends_a_waiting_node_to_others_with_holders_before_those_with_claims()
    {
        var holding = Enumerable.Range(0, 3).Select(_ => Guid.NewGuid()).ToHashSet();
        var claiming = Enumerable.Range(0, 3).Select(_ => Guid.NewGuid()).ToHashSet();
        foreach (var node in claiming)
            Say(node, claims: 1);
        foreach (var node in holding)
            Say(node, holders: 1);
        Say(A, holders: 1, waiters: 1);
        Say(B, waiters: 1);
        for (var seed = 0; seed < 50; seed++)
        {
            var sources = _page.SourcesFor(A, new Random(seed)).Select(source => source.Node).ToList();
            Assert.Equal(Page.MaxSources, sources.Count);
            Assert.Equal(holding, sources.Take(3).ToHashSet());
            Assert.Contains(sources[3], claiming);
        }
    }

    [Fact]
    public void Nobody_is_sent_to_a_node_whose_lease_has_ended()
    {
        Say(A, holders: 1);
        _now += TimeSpan.FromSeconds(1);
        Say(B, holders: 1);
        _page.Sweep(_now + Lease - TimeSpan.FromSeconds(1));
        Assert.Equal(B, Assert.Single(_page.SourcesFor(Guid.NewGuid(), new Random(1))).Node);
    }

    [Fact]
    public void A_page_of_one_node_is_not_swept_before_its_lease_ends()
    {
        Say(A, holders: 1);
        for (var i = 0; i < 10; i++)
        {
            _now += TimeSpan.FromSeconds(10);
            Say(A, holders: 1);
            Assert.Equal(_now + Lease, _page.NextExpiry);
        }
    }

    [Fact]
    public void Spreads_the_askers_over_all_nodes_that_hold()
    {
        var nodes = Enumerable.Range(0, 40).Select(_ => Guid.NewGuid()).ToList();
        nodes.ForEach(node => Say(node, holders: 1));
        var first = Enumerable.Range(0, 4000).Select(seed => _page.SourcesFor(A, new Random(seed))[0].Node)
            .GroupBy(node => node).ToDictionary(group => group.Key, group => group.Count());
        Assert.Equal(40, first.Count);
        Assert.InRange(first.Values.Max(), 100, 200);
    }

    [Fact]
    public void Numbers_stay_right_through_any_order_of_many_announcements()
    {
        var random = new Random(1);
        var nodes = Enumerable.Range(0, 20).Select(i => i == 0 ? A : Guid.NewGuid()).ToArray();
        var newest = new Dictionary<Guid, Announcement>();
        var all = Enumerable.Range(1, 5000)
            .Select(version => new Announcement(nodes[random.Next(20)], null!, random.Next(5), random.Next(2), random.Next(5), version))
            .OrderBy(_ => random.Next()).ToList();
        foreach (var said in all)
        {
            _page.Announce(said, _now);
            if (!newest.TryGetValue(said.Node, out var known) || said.Version > known.Version)
                newest[said.Node] = said;
            Assert.Equal((newest.Values.Sum(n => n.Holders), newest.Values.Sum(n => n.Waiters)), (_page.Holders, _page.Waiters));
            Assert.Equal(newest.Values.All(n => n.IsEmpty()), _page.IsEmpty);
            var canGive = newest.Values.Where(n => n.Node != A && (n.Holders > 0 || n.Claims > 0)).ToDictionary(n => n.Node);
            var sources = _page.SourcesFor(A, random);
            Assert.Equal(Math.Min(Page.MaxSources, canGive.Count), sources.DistinctBy(source => source.Node).Count());
            Assert.All(sources.Take(canGive.Values.Count(n => n.Holders > 0)), source => Assert.True(canGive[source.Node].Holders > 0));
            Assert.All(sources, source => Assert.Contains(source.Node, canGive));
        }
    }

    private bool Say(Guid node, int holders = 0, int claims = 0, int waiters = 0) =>
        _page.Announce(new Announcement(node, null!, holders, claims, waiters, ++_version), _now);
}
