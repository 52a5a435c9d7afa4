using Ephemeral.Grains;
using Ephemeral.Tests.Fixtures;
using Orleans.Runtime;
using Xunit;

namespace Ephemeral.Tests;

[Collection(nameof(EphemeralCluster))]
public class PageGrainTests(EphemeralCluster cluster)
{
    private readonly ContentHash _page = ContentHash.Of(Guid.NewGuid().ToByteArray());
    private readonly TestNode _a = new(cluster.Grains), _b = new(cluster.Grains);

    [Fact]
    public async Task Answers_an_announcement_with_the_health_of_the_page()
    {
        await _a.Announce(_page, holders: 2);
        var health = await _b.Announce(_page, waiters: 3);
        Assert.Equal((2, 3, 0, 3), (health.Holders, health.Waiters, health.YourHolders, health.YourWaiters));
        Assert.Equal(_a.Id, Assert.Single(health.Sources).Node);
    }

    [Fact]
    public async Task Announcements_to_many_pages_of_a_silo_reach_each_of_them_wherever_it_is()
    {
        var pages = Enumerable.Range(0, 50).Select(_ => ContentHash.Of(Guid.NewGuid().ToByteArray())).ToList();
        var silo = (await _a.Announce(pages[0], holders: 1)).Silo;
        var answers = await cluster.Grains.GetGrain<ISiloPagesGrain>(silo.ToParsableString())
            .Announce([.. pages.Select((page, i) => new PageAnnouncement(page, _a.Says(holders: i + 1)))]);
        Assert.Equal(Enumerable.Range(1, 50), answers.Select(health => health!.Holders));
        foreach (var (i, page) in pages.Index())
            Assert.Equal(i + 1, (await _b.Health(page)).Holders);
    }

    [Fact]
    public async Task The_first_holder_wakes_the_nodes_that_wait()
    {
        await _a.Announce(_page, waiters: 1);
        await _b.Announce(_page, holders: 1);
        var told = await _a.Told(_page, health => health.Holders == 1);
        Assert.Equal(_b.Id, Assert.Single(told.Sources).Node);
        Assert.Equal((0, 1), (told.YourHolders, told.YourWaiters));
    }

    [Fact]
    public async Task A_claim_is_a_source_and_is_not_counted()
    {
        await _a.Announce(_page, claims: 1);
        var health = await _b.Announce(_page, waiters: 1);
        Assert.Equal(0, health.Holders);
        Assert.Equal(_a.Id, Assert.Single(health.Sources).Node);
    }

    [Fact]
    public async Task Sequences_grow_within_an_epoch_and_answers_name_the_silo()
    {
        var first = await _a.Announce(_page, holders: 1);
        var second = await _a.Announce(_page, holders: 2);
        Assert.Equal(first.Epoch, second.Epoch);
        Assert.True(second.Sequence > first.Sequence);
        Assert.Contains(second.Silo, cluster.Cluster.Silos.Select(silo => silo.SiloAddress));
    }

    [Fact]
    public async Task Of_many_changes_in_a_moment_only_the_newest_is_told()
    {
        await _a.Announce(_page, holders: 1);
        for (var holders = 1; holders <= 50; holders++)
            await _b.Announce(_page, holders: holders);
        // The first change is told at once; the others are told together when the pace allows.
        await _a.Told(_page, health => health.Holders == 2);
        cluster.Time.Advance(TimeSpan.FromMilliseconds(300));
        await _a.Told(_page, health => health.Holders == 51);
        Assert.Empty(_a.Pending());
    }

    [Fact]
    public async Task Nothing_is_left_when_the_last_one_leaves()
    {
        var before = await _a.Announce(_page, holders: 1);
        Assert.Equal(1, await Activations(_page));
        await _a.Announce(_page);
        await NoActivationIsLeft(_page);
        var after = await _a.Announce(_page, holders: 1);
        Assert.NotEqual(before.Epoch, after.Epoch);
    }

    [Fact]
    public async Task Asking_after_an_unknown_page_leaves_nothing()
    {
        var health = await cluster.Grains.GetGrain<IPageGrain>(_page.ToString()).GetHealth(_a.Id);
        Assert.Equal((0, 0), (health.Holders, health.Waiters));
        cluster.Time.Advance(TimeSpan.FromSeconds(2));
        await NoActivationIsLeft(_page);
    }

    [Fact]
    public async Task A_storm_of_questions_does_not_keep_a_page_from_being_announced()
    {
        var grain = cluster.Grains.GetGrain<IPageGrain>(_page.ToString());
        for (var round = 0; round < 20; round++)
        {
            var questions = Enumerable.Range(0, 100).Select(_ => grain.GetHealth(_b.Id)).ToList();
            await _a.Announce(_page, holders: 1);
            await Task.WhenAll(questions);
            await _a.Announce(_page);
        }
    }

    [Fact]
    public async Task A_node_that_falls_silent_is_dropped_when_its_lease_ends()
    {
        await _a.Announce(_page, holders: 1);
        await _b.Announce(_page, holders: 1, waiters: 1);
        // Fake time moves in steps: a silo's sweeper arms itself anew after each tick.
        for (var seconds = 0; seconds < 20; seconds += 2)
            cluster.Time.Advance(TimeSpan.FromSeconds(2));
        await _a.Announce(_page, holders: 1);
        await EventuallyByAdvancing(async () => (await _a.Announce(_page, holders: 1)).Holders == 1);
        await EventuallyByAdvancing(async () => await Activations(_page) == 0);
    }

    [Fact]
    public async Task A_node_that_another_one_could_not_reach_is_dropped_before_its_lease_ends()
    {
        await _a.Announce(_page, holders: 1);
        await _b.Announce(_page, holders: 1);
        // By then it is known when the lease ends, and that is too late.
        cluster.Time.Advance(TimeSpan.FromSeconds(2));
        var doubted = cluster.Time.GetTimestamp();
        await cluster.Grains.GetGrain<IPageGrain>(_page.ToString()).Doubt(_a.Id);
        await EventuallyByAdvancing(async () => (await _b.Announce(_page, holders: 1)).Holders == 1);
        Assert.True(cluster.Time.GetElapsedTime(doubted) < TimeSpan.FromSeconds(21));
    }

    [Fact]
    public async Task Leaving_and_joining_in_one_moment_never_loses_the_one_who_joined()
    {
        for (var i = 0; i < 200; i++)
        {
            var page = ContentHash.Of(Guid.NewGuid().ToByteArray());
            await _a.Announce(page, holders: 1);
            await Task.WhenAll(_a.Announce(page), _b.Announce(page, holders: 1));
            var health = await cluster.Grains.GetGrain<IPageGrain>(page.ToString()).GetHealth(_b.Id);
            Assert.Equal((1, 1), (health.Holders, health.YourHolders));
        }
    }

    [Fact]
    public async Task Pages_live_on_both_silos_and_every_one_is_found()
    {
        var pages = Enumerable.Range(0, 50).Select(_ => ContentHash.Of(Guid.NewGuid().ToByteArray())).ToList();
        var silos = new HashSet<SiloAddress>();
        foreach (var page in pages)
            silos.Add((await _a.Announce(page, holders: 1)).Silo);
        Assert.Equal(2, silos.Count);
        foreach (var page in pages)
            Assert.Equal(1, (await _b.Announce(page, waiters: 1)).Holders);
    }

    [Fact]
    public async Task A_key_that_is_no_hash_is_refused() =>
        await Assert.ThrowsAnyAsync<Exception>(() => cluster.Grains.GetGrain<IPageGrain>("not-a-hash").GetHealth(_a.Id));

    private async Task<int> Activations(ContentHash page)
    {
        var management = cluster.Grains.GetGrain<IManagementGrain>(0);
        var live = await management.GetDetailedGrainStatistics();
        return live.Count(grain => grain.GrainId.Key.ToString() == page.ToString());
    }

    private async Task NoActivationIsLeft(ContentHash page)
    {
        // The activation goes in the turn that empties it; its removal follows in the background.
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(15));
        while (await Activations(page) > 0)
            limit.Token.ThrowIfCancellationRequested();
    }

    private async Task EventuallyByAdvancing(Func<Task<bool>> so)
    {
        for (var i = 0; i < 60; i++)
        {
            if (await so())
                return;
            cluster.Time.Advance(TimeSpan.FromSeconds(2));
        }
        Assert.Fail("It did not come to be within two minutes of the pages' time.");
    }
}
