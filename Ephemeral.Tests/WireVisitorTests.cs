using Xunit;

namespace Ephemeral.Tests;

/// <summary>What want, hold and release make of a visitor, and what status says of it.</summary>
public sealed class WireVisitorTests(WebApp web) : WireTest<WebApp>(web)
{
    private readonly TestBlob _page = TestBlob.Fresh();

    [Fact]
    public async Task A_want_of_a_page_that_nobody_holds_makes_a_waiter()
    {
        var visitor = await Visitor();
        await visitor.Want(_page);
        Assert.Equal(new Status(_page.Name, 0, 1, "waiter"), await visitor.NextStatus(_page));
    }

    [Fact]
    public async Task Wanting_twice_counts_once()
    {
        var visitor = await Waiter(_page);
        await visitor.Want(_page);
        Assert.Equal(new Status(_page.Name, 0, 1, "waiter"), await visitor.NextStatus(_page));
        var other = await Waiter(_page);
        await other.Release(_page);
        Assert.Equal(new Status(_page.Name, 0, 1, "none"), await other.NextStatus(_page, "none"));
    }

    [Fact]
    public async Task A_release_ends_the_waiting()
    {
        var visitor = await Waiter(_page);
        await visitor.Release(_page);
        Assert.Equal(new Status(_page.Name, 0, 0, "none"), await visitor.NextStatus(_page, "none"));
    }

    [Fact]
    public async Task A_release_of_a_page_that_the_visitor_never_named_is_answered_as_well()
    {
        var visitor = await Visitor();
        await visitor.Release(_page);
        Assert.Equal(new Status(_page.Name, 0, 0, "none"), await visitor.NextStatus(_page));
    }

    [Fact]
    public async Task A_claim_is_not_counted_until_it_is_proven()
    {
        var claimant = await Visitor("claimant");
        await claimant.Hold(_page);
        Assert.Equal(new Status(_page.Name, 0, 0, "claimed"), await claimant.NextStatus(_page));
        await claimant.NextAsk(_page, _page);

        var watcher = await Waiter(_page, root: false);
        await watcher.Release(_page);
        await watcher.NextStatus(_page, 0, 0, "none");

        await claimant.SendBlob(_page);
        await claimant.NextStatus(_page, 1, 0, "holder");
    }

    [Fact]
    public async Task A_claim_that_is_missed_is_never_counted()
    {
        var claimant = await Visitor("claimant");
        claimant.Misses();
        await claimant.Hold(_page);
        await claimant.NextAsk(_page, _page);
        await claimant.Fence();

        var watcher = await Waiter(_page, root: false);
        await watcher.Release(_page);
        await watcher.NextStatus(_page, 0, 0, "none");
        Assert.Empty(claimant.Seen<Status>(s => s.You == "holder"));
    }

    [Fact]
    public async Task A_release_ends_a_claim()
    {
        var claimant = await Visitor("claimant");
        await claimant.Hold(_page);
        await claimant.NextStatus(_page, "claimed");
        await claimant.Release(_page);
        await claimant.NextStatus(_page, 0, 0, "none");
    }

    [Fact]
    public async Task Who_was_served_the_root_here_holds_without_a_proof()
    {
        await Holder(_page);
        var served = await Visitor();
        await served.Want(_page);
        await served.NextBlob(_page);
        await served.Hold(_page);
        var status = await served.NextStatus(_page, s => s.You != "waiter", "after hold");
        Assert.Equal(new Status(_page.Name, 2, 0, "holder"), status);
        await served.Fence();
        Assert.Equal(0, served.Asked(_page));
    }

    [Fact]
    public async Task A_proof_is_asked_for_again_after_a_release()
    {
        var holder = await Holder(_page);
        await holder.NextAsk(_page, _page);
        await holder.Release(_page);
        await holder.NextStatus(_page, 0, 0, "none");
        await holder.Hold(_page);
        await holder.NextStatus(_page, 1, 0, "holder");
    }

    [Fact]
    public async Task A_holders_want_makes_it_a_waiter_again()
    {
        var stays = await Holder(_page);
        var lost = await Holder(_page);
        await lost.NextStatus(_page, 2, 0, "holder");
        await lost.Want(_page);
        await lost.NextStatus(_page, 1, 1, "waiter");
        await lost.NextBlob(_page);
        await stays.NextStatus(_page, 1, 1, "holder");
    }

    [Fact]
    public async Task The_want_of_the_only_holder_leaves_none()
    {
        var holder = await Holder(_page);
        await holder.Want(_page);
        await holder.NextStatus(_page, 0, 1, "waiter");
        await holder.Fence();
        Assert.Equal(0, holder.Came(_page));
    }

    [Fact]
    public async Task A_hold_ends_an_open_want()
    {
        var visitor = await Waiter(_page);
        visitor.Gives(_page);
        await visitor.Hold(_page);
        await visitor.NextStatus(_page, 1, 0, "holder");
        await visitor.Fence();
        Assert.Equal(0, visitor.Came(_page));
    }

    [Fact]
    public async Task A_want_is_answered_by_a_holder_that_comes_later()
    {
        var waiter = await Waiter(_page);
        await Holder(_page);
        await waiter.NextBlob(_page);
        await waiter.NextStatus(_page, 1, 1, "waiter");
    }

    [Fact]
    public async Task A_want_is_answered_by_a_holder_that_is_there()
    {
        await Holder(_page);
        var waiter = await Visitor();
        await waiter.Want(_page);
        await waiter.NextStatus(_page, 1, 1, "waiter");
        await waiter.NextBlob(_page);
    }

    [Fact]
    public async Task A_claim_serves_those_who_wait_and_is_proven_by_it()
    {
        var waiter = await Waiter(_page);
        var claimant = await Visitor("claimant");
        await claimant.Hold(_page);
        await claimant.NextAsk(_page, _page);
        await claimant.SendBlob(_page);
        await waiter.NextBlob(_page);
        await claimant.NextStatus(_page, 1, 1, "holder");
        Assert.Equal(1, claimant.Asked(_page));
    }

    [Fact]
    public async Task The_root_is_sent_once_for_a_spell_of_waiting()
    {
        var holder = await Holder(_page);
        var waiter = await Waiter(_page);
        await waiter.NextBlob(_page);
        await waiter.Want(_page);
        await waiter.NextStatus(_page, "waiter");
        await waiter.Fence();
        await holder.Fence();
        await waiter.Fence();
        Assert.Equal(1, waiter.Came(_page));
    }

    [Fact]
    public async Task A_new_spell_of_waiting_gets_the_root_again()
    {
        await Holder(_page);
        var waiter = await Waiter(_page);
        await waiter.NextBlob(_page);
        await waiter.Release(_page);
        await waiter.NextStatus(_page, "none");
        await waiter.Want(_page);
        await waiter.NextBlob(_page);

        await waiter.Hold(_page);
        await waiter.NextStatus(_page, "holder");
        await waiter.Want(_page);
        await waiter.NextBlob(_page);
    }

    [Fact]
    public async Task Who_has_the_root_already_is_a_waiter_but_is_not_sent_it()
    {
        var waiter = await Waiter(_page, root: false);
        var further = TestBlob.Fresh();
        var holder = await Holder(_page, further);
        await waiter.NextStatus(_page, 1, 1, "waiter");
        await waiter.Get(_page, further);
        await waiter.NextBlob(further);
        await holder.Fence();
        await waiter.Fence();
        Assert.Equal(0, waiter.Came(_page));
        Assert.Equal(1, holder.Uploads(_page));
    }

    [Fact]
    public async Task An_explicit_want_of_the_root_is_a_plain_want()
    {
        await Holder(_page);
        var waiter = await Waiter(_page, root: true);
        await waiter.NextBlob(_page);
    }

    [Fact]
    public async Task Everybody_is_told_the_numbers_as_visitors_come_and_go()
    {
        var first = await Holder(_page);
        var second = await Holder(_page);
        var stays = await Waiter(_page, root: false);
        var releases = await Waiter(_page, root: false);
        var leaves = await Waiter(_page, root: false);
        var vanishes = await Waiter(_page, root: false);
        foreach (var holder in new[] { first, second }) await holder.NextStatus(_page, 2, 4, "holder");
        foreach (var waiter in new[] { stays, releases, leaves, vanishes }) await waiter.NextStatus(_page, 2, 4, "waiter");

        await releases.Release(_page);
        await stays.NextStatus(_page, 2, 3, "waiter");
        await leaves.Leave();
        await stays.NextStatus(_page, 2, 2, "waiter");
        vanishes.Vanish();
        await stays.NextStatus(_page, 2, 1, "waiter");
        second.Vanish();
        await stays.NextStatus(_page, 1, 1, "waiter");
        await first.NextStatus(_page, 1, 1, "holder");
        await first.Leave();
        await stays.NextStatus(_page, 0, 1, "waiter");
    }

    [Fact]
    public async Task Every_answer_counts_the_visitor_that_it_goes_to()
    {
        // The checks are in TestVisitor: a status that doesn't count its receiver as "you" says fails the test, however quick the changes.
        var visitor = await Visitor();
        visitor.Gives(_page);
        for (var i = 0; i < 10; i++)
        {
            await visitor.Want(_page);
            await visitor.Hold(_page);
            await visitor.Release(_page);
            await visitor.Hold(_page);
        }

        await visitor.NextStatus(_page, 1, 0, "holder");
    }

    [Fact]
    public async Task Pages_of_one_visitor_know_nothing_of_each_other()
    {
        var other = TestBlob.Fresh();
        var visitor = await Holder(_page);
        await visitor.Want(other);
        await visitor.NextStatus(other, 0, 1, "waiter");
        await visitor.Release(_page);
        await visitor.NextStatus(_page, 0, 0, "none");
        await Holder(other);
        await visitor.NextBlob(other);
        await visitor.NextStatus(other, 1, 1, "waiter");
    }

    [Fact]
    public async Task Nothing_more_comes_for_a_page_that_was_released()
    {
        var released = await Waiter(_page);
        await released.Release(_page);
        await released.NextStatus(_page, "none");
        var told = released.Seen<Status>().Count;

        var witness = await Waiter(_page);
        await Holder(_page);
        await witness.NextBlob(_page);
        await witness.NextStatus(_page, 1, 1, "waiter");
        await released.Fence();
        Assert.Equal(told, released.Seen<Status>().Count);
        Assert.Equal(0, released.Came(_page));
        Assert.Empty(released.Seen<Ask>());
    }

    [Fact]
    public async Task A_released_holder_is_not_asked_any_more()
    {
        var released = await Holder(_page);
        await released.Release(_page);
        await released.NextStatus(_page, "none");
        var asked = released.Asked(_page);

        var waiter = await Visitor();
        await waiter.Want(_page);
        await waiter.NextStatus(_page, 0, 1, "waiter");
        await Holder(_page);
        await waiter.NextBlob(_page);
        await released.Fence();
        Assert.Equal(asked, released.Asked(_page));
    }

    [Fact]
    public async Task The_relay_keeps_nothing_of_a_page_whose_last_holder_has_left()
    {
        var holder = await Holder(_page);
        var reader = await Waiter(_page);
        await reader.NextBlob(_page);
        await reader.Leave();
        await holder.Leave();

        var late = await Visitor();
        await late.Want(_page);
        await late.NextStatus(_page, 0, 1, "waiter");
        await late.Fence();
        Assert.Equal(0, late.Came(_page));
    }

    [Fact]
    public async Task Unknown_fields_are_ignored()
    {
        var visitor = await Visitor();
        await visitor.SendText($$"""{"future":{"type":"release","page":[1,2,{"x":null}]},"type":"want","page":"{{_page.Name}}","root":true,"also":"ignored"}""");
        await visitor.NextStatus(_page, 0, 1, "waiter");
    }

    [Fact]
    public async Task The_order_of_fields_and_the_white_space_do_not_matter()
    {
        var visitor = await Visitor();
        await visitor.SendText($$"""  { "page" : "{{_page.Name}}" , "type" : "want" } """);
        await visitor.NextStatus(_page, 0, 1, "waiter");
    }

    [Fact]
    public async Task A_text_message_in_fragments_is_one_message()
    {
        var visitor = await Visitor();
        var text = System.Text.Encoding.UTF8.GetBytes($$"""{"type":"want","page":"{{_page.Name}}","note":"héllo"}""");
        await visitor.SendFragments(System.Net.WebSockets.WebSocketMessageType.Text, [.. text.Select(b => new[] { b })]);
        await visitor.NextStatus(_page, 0, 1, "waiter");
    }
}
