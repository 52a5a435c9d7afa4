using Xunit;

namespace Ephemeral.Tests;

/// <summary>How blobs go from those who hold to those who ask, whoever answers, lies, misses or leaves.</summary>
public sealed class WireBlobTests(WebApp web) : WireTest<WebApp>(web)
{
    private readonly TestBlob _page = TestBlob.Fresh();
    private readonly TestBlob _blob = TestBlob.Fresh();

    [Fact]
    public async Task A_get_is_answered_by_one_frame()
    {
        var holder = await Holder(_page);
        holder.Mute();
        var getter = await Waiter(_page, root: false);
        await getter.Get(_page, _blob);
        await holder.NextAsk(_page, _blob);
        await holder.SendBlob(_blob);
        await getter.NextBlob(_blob);
        await getter.Fence();
        Assert.Equal(1, getter.Came(_blob));
    }

    [Fact]
    public async Task A_holder_may_get_blobs_too()
    {
        await Holder(_page, _blob);
        var getter = await Holder(_page);
        await getter.Get(_page, _blob);
        await getter.NextBlob(_blob);
    }

    [Fact]
    public async Task A_get_of_a_page_that_the_visitor_neither_wants_nor_holds_is_unavailable()
    {
        var holder = await Holder(_page, _blob);
        var visitor = await Visitor();
        await visitor.Get(_page, _blob);
        await visitor.NextError("unavailable", _page, _blob);
        await holder.Fence();
        Assert.Equal(0, holder.Asked(_blob));
    }

    [Fact]
    public async Task A_get_before_there_is_a_holder_is_answered_when_one_comes()
    {
        var getter = await Waiter(_page, root: false);
        await getter.Get(_page, _blob);
        await getter.Fence();
        await Holder(_page, _blob);
        await getter.NextBlob(_blob);
        Assert.Empty(getter.Seen<ErrorCame>(e => e.Blob == _blob.Name));
    }

    [Fact]
    public async Task One_frame_answers_every_open_get_of_the_blob()
    {
        var other = TestBlob.Fresh();
        var holder = await Holder(_page);
        holder.Mute();
        var getter = await Waiter(_page, root: false);
        await getter.Want(other, root: false);
        await getter.Get(_page, _blob);
        await getter.Get(_page, _blob);
        await getter.Get(other, _blob);
        await holder.NextAsk(_page, _blob);
        await getter.Fence();
        await holder.SendBlob(_blob);
        await getter.NextBlob(_blob);
        await holder.Fence();
        await getter.Fence();
        Assert.Equal(1, getter.Came(_blob));
        Assert.Equal(1, holder.Asked(_blob));
    }

    [Fact]
    public async Task The_same_blob_can_be_got_again()
    {
        var holder = await Holder(_page, _blob);
        var getter = await Waiter(_page, root: false);
        for (var i = 1; i <= 3; i++)
        {
            await getter.Get(_page, _blob);
            await getter.NextBlob(_blob);
            Assert.Equal(i, holder.Uploads(_blob));
        }
    }

    [Fact]
    public async Task One_ask_serves_all_who_get_the_blob()
    {
        var holder = await Holder(_page);
        holder.Mute();
        var getters = new List<TestVisitor>();
        for (var i = 0; i < 5; i++)
        {
            getters.Add(await Waiter(_page, root: false));
            await getters[i].Get(_page, _blob);
            await getters[i].Fence();
        }

        await holder.NextAsk(_page, _blob);
        await holder.SendBlob(_blob);
        foreach (var getter in getters) await getter.NextBlob(_blob);
        await holder.Fence();
        Assert.Equal(1, holder.Asked(_blob));
    }

    [Fact]
    public async Task One_ask_serves_all_who_want_the_root()
    {
        var waiters = new List<TestVisitor>();
        for (var i = 0; i < 5; i++) waiters.Add(await Waiter(_page));
        var holder = await Holder(_page);
        foreach (var waiter in waiters) await waiter.NextBlob(_page);
        await holder.Fence();
        Assert.InRange(holder.Uploads(_page), 1, 2);
    }

    [Fact]
    public async Task A_cancelled_get_is_not_answered()
    {
        var holder = await Holder(_page);
        holder.Mute();
        var getter = await Waiter(_page, root: false);
        await getter.Get(_page, _blob);
        await holder.NextAsk(_page, _blob);
        await getter.Cancel(_page, _blob);
        await getter.Fence();
        await holder.SendBlob(_blob);
        await holder.Fence();
        await getter.Fence();
        Assert.Equal(0, getter.Came(_blob));
        Assert.Empty(getter.Seen<ErrorCame>(e => e.Blob == _blob.Name));
        Assert.Empty(holder.Seen<ErrorCame>(e => e.Code == "not-asked"));
    }

    [Fact]
    public async Task A_cancel_leaves_the_gets_of_others_alone()
    {
        var holder = await Holder(_page);
        holder.Mute();
        var cancels = await Waiter(_page, root: false);
        var stays = await Waiter(_page, root: false);
        await cancels.Get(_page, _blob);
        await holder.NextAsk(_page, _blob);
        await stays.Get(_page, _blob);
        await stays.Fence();
        await cancels.Cancel(_page, _blob);
        await cancels.Fence();
        await holder.SendBlob(_blob);
        await stays.NextBlob(_blob);
        await cancels.Fence();
        Assert.Equal(0, cancels.Came(_blob));
    }

    [Fact]
    public async Task A_cancelled_blob_can_be_got_again()
    {
        var holder = await Holder(_page);
        holder.Mute();
        var getter = await Waiter(_page, root: false);
        await getter.Get(_page, _blob);
        await getter.Cancel(_page, _blob);
        await getter.Fence();
        holder.Gives(_page, _blob);
        await getter.Get(_page, _blob);
        if (holder.Asked(_blob) > 0) await holder.SendBlob(_blob);
        await getter.NextBlob(_blob);
    }

    [Fact]
    public async Task A_cancel_of_nothing_has_no_effect()
    {
        var getter = await Waiter(_page, root: false);
        await getter.Cancel(_page, _blob);
        await getter.Cancel(TestBlob.Fresh(), _blob);
        await getter.Fence();
        Assert.Empty(getter.Seen<ErrorCame>(e => e.Blob == _blob.Name));
    }

    [Fact]
    public async Task A_miss_sends_the_get_to_another_holder()
    {
        var a = await Holder(_page);
        var b = await Holder(_page);
        a.Mute();
        b.Mute();
        var getter = await Waiter(_page, root: false);
        await getter.Get(_page, _blob);
        var (first, second, secondAsk) = await FirstAsked(_page, _blob, a, b);
        await first.Miss(_page, _blob);
        await secondAsk;
        await second.SendBlob(_blob);
        await getter.NextBlob(_blob);
    }

    [Fact]
    public async Task A_get_that_every_holder_misses_is_unavailable_at_once()
    {
        var a = await Holder(_page);
        var b = await Holder(_page);
        var getter = await Waiter(_page, root: false);
        await getter.Get(_page, _blob);
        await getter.NextError("unavailable", _page, _blob);
        Assert.Equal(1, a.Asked(_blob));
        Assert.Equal(1, b.Asked(_blob));
        Assert.Equal(0, getter.Came(_blob));
    }

    [Fact]
    public async Task At_most_eight_holders_are_asked_for_a_blob_that_all_miss()
    {
        var holders = new List<TestVisitor>();
        for (var i = 0; i < 10; i++) holders.Add(await Holder(_page));
        var getter = await Waiter(_page, root: false);
        await getter.Get(_page, _blob);
        await getter.NextError("unavailable", _page, _blob);
        foreach (var holder in holders) await holder.Fence();
        Assert.InRange(holders.Sum(h => h.Asked(_blob)), 1, 8);
    }

    [Fact]
    public async Task An_unavailable_blob_can_be_got_when_someone_has_it()
    {
        var holder = await Holder(_page);
        var getter = await Waiter(_page, root: false);
        await getter.Get(_page, _blob);
        await getter.NextError("unavailable", _page, _blob);
        holder.Gives(_page, _blob);
        await getter.Get(_page, _blob);
        await getter.NextBlob(_blob);
    }

    [Fact]
    public async Task A_miss_that_nobody_asked_for_harms_nobody()
    {
        var holder = await Holder(_page, _blob);
        await holder.Miss(_page, _blob);
        await holder.Miss(TestBlob.Fresh(), _blob);
        var getter = await Waiter(_page, root: false);
        await getter.Get(_page, _blob);
        await getter.NextBlob(_blob);
    }

    [Fact]
    public async Task A_liar_is_closed_and_another_holder_serves()
    {
        var a = await Holder(_page);
        var b = await Holder(_page);
        a.Mute();
        b.Mute();
        var getter = await Waiter(_page, root: false);
        await getter.Get(_page, _blob);
        var (liar, honest, honestAsk) = await FirstAsked(_page, _blob, a, b);
        await liar.SendLie(_blob);
        await liar.NextError("bad-content", blob: _blob);
        Assert.Equal(4001, await liar.NextClose());
        await honestAsk;
        await honest.SendBlob(_blob);
        await getter.NextBlob(_blob);
        await getter.NextStatus(_page, 1, 1, "waiter");
    }

    [Fact]
    public async Task A_claim_proven_with_a_lie_is_closed_and_the_waiters_wait_on()
    {
        var waiter = await Waiter(_page);
        var liar = await Visitor("liar");
        liar.Lies();
        await liar.Hold(_page);
        Assert.Equal(4001, await liar.NextClose());
        await waiter.Fence();
        Assert.Equal(0, waiter.Came(_page));
        await Holder(_page);
        await waiter.NextBlob(_page);
    }

    [Fact]
    public async Task A_truncated_blob_is_a_lie()
    {
        var holder = await Visitor("liar");
        await holder.Hold(_page);
        await holder.NextAsk(_page, _page);
        await holder.SendBinary(TestBlob.FrameOf(_page.Name, _page.Bytes[..^1]));
        await holder.NextError("bad-content", blob: _page);
        Assert.Equal(4001, await holder.NextClose());
    }

    [Fact]
    public async Task A_holder_that_vanishes_in_the_middle_of_a_frame_is_replaced()
    {
        var blob = TestBlob.Fresh(200_000);
        var a = await Holder(_page);
        var b = await Holder(_page);
        a.Mute();
        b.Mute();
        var getter = await Waiter(_page, root: false);
        await getter.Get(_page, blob);
        var (first, second, secondAsk) = await FirstAsked(_page, blob, a, b);
        await first.SendUnfinished(blob.Frame()[..100_000]);
        first.Vanish();
        await secondAsk;
        await second.SendBlob(blob);
        await getter.NextBlob(blob);
    }

    [Fact]
    public async Task A_want_survives_its_only_holder()
    {
        var gone = await Holder(_page);
        await gone.NextAsk(_page, _page);
        gone.Mute();
        var waiter = await Waiter(_page);
        await gone.NextAsk(_page, _page);
        gone.Vanish();
        await waiter.NextStatus(_page, 0, 1, "waiter");
        await Holder(_page);
        await waiter.NextBlob(_page);
    }

    [Fact]
    public async Task A_get_survives_its_only_holder()
    {
        var gone = await Holder(_page);
        gone.Mute();
        var getter = await Waiter(_page, root: false);
        await getter.Get(_page, _blob);
        await gone.NextAsk(_page, _blob);
        gone.Vanish();
        await Holder(_page, _blob);
        await getter.NextBlob(_blob);
    }

    [Fact]
    public async Task A_holder_that_releases_while_asked_is_replaced_and_its_late_answer_is_dropped_in_silence()
    {
        var a = await Holder(_page);
        var b = await Holder(_page);
        a.Mute();
        b.Mute();
        var getter = await Waiter(_page, root: false);
        await getter.Get(_page, _blob);
        var (first, second, secondAsk) = await FirstAsked(_page, _blob, a, b);
        await first.Release(_page);
        await first.NextStatus(_page, "none");
        await secondAsk;
        await second.SendBlob(_blob);
        await getter.NextBlob(_blob);
        await first.SendBlob(_blob);
        await first.Fence();
        await getter.Fence();
        Assert.Empty(first.Seen<ErrorCame>(e => e.Code == "not-asked"));
        Assert.Equal(1, getter.Came(_blob));
    }

    [Fact]
    public async Task A_crowd_costs_the_holder_two_uploads_beside_its_proof()
    {
        var page = TestBlob.Fresh(16 * 1024);
        var holder = await Holder(page);
        Assert.Equal(1, holder.Uploads(page));
        var crowd = new List<TestVisitor>();
        foreach (var batch in Enumerable.Range(0, 300).Chunk(20)) crowd.AddRange(await Task.WhenAll(batch.Select(i => Visitor($"visitor {i}"))));
        // As browsers do: who has it holds it, and gives it to those who come a moment later.
        await Task.WhenAll(crowd.Select(async visitor =>
        {
            visitor.Gives(page);
            await visitor.Want(page);
            await visitor.NextBlob(page);
            await visitor.Hold(page);
        }));
        await holder.NextStatus(page, 301, 0, "holder");
        Assert.InRange(holder.Uploads(page) - 1, 1, 2);
        await Task.WhenAll(crowd.Skip(50).Select(visitor => visitor.Leave()));
        await holder.NextStatus(page, 51, 0, "holder");
    }

    [Fact]
    public async Task An_empty_page_is_a_page()
    {
        var waiter = await Waiter(TestBlob.Empty);
        await Holder(TestBlob.Empty);
        await waiter.NextBlob(TestBlob.Empty);
    }

    [Fact]
    public async Task A_blob_of_exactly_the_limit_passes()
    {
        var page = TestBlob.Fresh(1024 * 1024);
        var holder = await Holder(page);
        Assert.Equal(page.Bytes.Length, holder.Welcome.MaxBlob);
        var waiter = await Waiter(page);
        await waiter.NextBlob(page);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(17)]
    [InlineData(33)]
    [InlineData(34)]
    public async Task A_blob_may_come_in_fragments(int cut)
    {
        var page = TestBlob.Fresh(5000);
        var holder = await Visitor("holder");
        await holder.Hold(page);
        await holder.NextAsk(page, page);
        var frame = page.Frame();
        await holder.SendBinary(frame[..cut], [], frame[cut..(cut + 1)], frame[(cut + 1)..4000], frame[4000..], []);
        await holder.NextStatus(page, "holder");
    }

    [Fact]
    public async Task Several_blobs_are_asked_for_side_by_side_and_may_be_answered_in_any_order()
    {
        var blobs = TestBlob.Several(4);
        var holder = await Holder(_page);
        holder.Mute();
        var getter = await Waiter(_page, root: false);
        foreach (var blob in blobs) await getter.Get(_page, blob);
        foreach (var blob in blobs) await holder.NextAsk(_page, blob);
        foreach (var blob in blobs.Reverse())
        {
            await holder.SendBlob(blob);
            await getter.NextBlob(blob);
        }
    }
}
