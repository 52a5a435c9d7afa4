using Ephemeral.Tests.Fixtures;
using Xunit;

namespace Ephemeral.Tests;

/// <summary>Everything that the protocol says in seconds, on a clock that the tests move.</summary>
public sealed class WireTimeTests(ClockedWebApp web) : WireTest<ClockedWebApp>(web)
{
    private readonly TestBlob _page = TestBlob.Fresh();
    private readonly TestBlob _blob = TestBlob.Fresh();

    private static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(seconds);

    [Fact]
    public async Task A_silent_holder_is_joined_by_another_after_one_second()
    {
        var a = await Holder(_page);
        var b = await Holder(_page);
        a.Mute();
        b.Mute();
        var getter = await Waiter(_page, root: false);
        await Web.Freeze();
        await getter.Get(_page, _blob);
        var (_, second, secondAsk) = await FirstAsked(_page, _blob, a, b);
        await Web.Pass(Seconds(0.9), a, b);
        Assert.False(secondAsk.IsCompleted);
        await Web.Pass(Seconds(0.2), a, b);
        await secondAsk;
        await second.SendBlob(_blob);
        await getter.NextBlob(_blob);
    }

    [Fact]
    public async Task The_first_good_answer_is_used_and_the_late_one_dropped_in_silence()
    {
        var a = await Holder(_page);
        var b = await Holder(_page);
        a.Mute();
        b.Mute();
        var getter = await Waiter(_page, root: false);
        await Web.Freeze();
        await getter.Get(_page, _blob);
        var (first, second, secondAsk) = await FirstAsked(_page, _blob, a, b);
        await Web.Pass(Seconds(1.1), a, b);
        await secondAsk;
        await first.SendBlob(_blob);
        await getter.NextBlob(_blob);
        await second.SendBlob(_blob);
        await second.Fence();
        await getter.Fence();
        Assert.Equal(1, getter.Came(_blob));
        Assert.Empty(second.Seen<ErrorCame>(e => e.Code == "not-asked"));
    }

    [Fact]
    public async Task A_root_whose_holder_is_mute_comes_from_another_within_a_second_or_so()
    {
        var mute = await Holder(_page);
        mute.Mute();
        await ServedOrProvenHolderOf(_page);
        var waiter = await Visitor("waiter");
        await Web.Freeze();
        await waiter.Want(_page);
        await Web.Pass(Seconds(2), mute, waiter);
        await waiter.NextBlob(_page);
    }

    [Fact]
    public async Task Twenty_mute_holders_cost_a_few_seconds()
    {
        var mutes = new List<TestVisitor>();
        for (var i = 0; i < 20; i++)
        {
            mutes.Add(await Holder(_page));
            mutes[i].Mute();
        }

        await Holder(_page, _blob);
        var getter = await Waiter(_page, root: false);
        await Web.Freeze();
        await getter.Get(_page, _blob);
        await Web.Pass(Seconds(8), getter, mutes[0]);
        await getter.NextBlob(_blob);
    }

    [Fact]
    public async Task Two_hundred_mute_claims_keep_nobody_from_a_true_one()
    {
        await Web.Freeze();
        var waiter = await Visitor("waiter");
        await waiter.Want(_page);
        await waiter.Fence();
        for (var i = 0; i < 200; i++)
        {
            var mute = await Visitor("mute");
            await mute.Hold(_page);
            await mute.Fence();
        }
        var honest = await Visitor("honest");
        honest.Gives(_page);
        await honest.Hold(_page);
        await Web.Pass(Seconds(3), honest, waiter);
        await waiter.NextBlob(_page);
        Assert.Equal(1, honest.Asked(_page));
    }

    [Theory]
    [InlineData("claim", "are mute", 0)]
    [InlineData("claim", "miss", 0)]
    [InlineData("hold", "are mute", 2)]
    [InlineData("hold", "miss", 0)]
    public async Task A_holder_that_goes_last_is_not_kept_from_giving_by_many_who(string claimOrHold, string areMuteOrMiss, int seconds)
    {
        var honest = await Holder(_page, _blob);
        // Anybody can make a holder miss, by asking for what there is not.
        var (waiter, nothing) = (await Waiter(_page, root: false), TestBlob.Fresh());
        await waiter.Get(_page, nothing);
        await waiter.NextError("unavailable", _page, nothing);
        for (var i = 0; i < 30; i++)
        {
            var other = claimOrHold == "hold" ? await Holder(_page) : await Visitor("claim");
            if (areMuteOrMiss == "are mute") other.Mute();
            if (claimOrHold == "claim") await other.Hold(_page);
            await other.Fence();
        }
        await Web.Freeze();
        await waiter.Get(_page, _blob);
        await waiter.Fence();
        if (seconds > 0) await Web.Pass(Seconds(seconds), honest, waiter);
        await waiter.NextBlob(_blob);
    }

    [Fact]
    public async Task Bytes_under_way_are_a_sign_of_life()
    {
        using var slow = await RawSocket.Connect(Web.SocketAddress);
        var (other, getter) = await SlowHolderAndAnother(slow);
        var blob = TestBlob.Fresh(50_000);
        await getter.Get(_page, blob);
        await slow.ReadAsk(blob);
        var pieces = blob.Frame().Chunk(8192).ToArray();
        for (var i = 0; i < pieces.Length; i++)
        {
            await slow.Send(i == 0 ? RawSocket.Binary : RawSocket.Continuation, pieces[i], final: i == pieces.Length - 1);
            await slow.PingPong();
            if (i < pieces.Length - 1) await Web.Pass(Seconds(0.8), other);
        }

        await getter.NextBlob(blob);
        await other.Fence();
        Assert.Equal(0, other.Asked(blob));
    }

    [Fact]
    public async Task A_frame_that_stops_half_way_is_silence()
    {
        using var slow = await RawSocket.Connect(Web.SocketAddress);
        var (other, getter) = await SlowHolderAndAnother(slow);
        await getter.Get(_page, _blob);
        await slow.ReadAsk(_blob);
        await slow.Send(RawSocket.Binary, _blob.Frame()[..40], final: false);
        await slow.PingPong();
        await Web.Pass(Seconds(0.9), other);
        Assert.Equal(0, other.Asked(_blob));
        await Web.Pass(Seconds(0.3), other);
        await other.NextAsk(_page, _blob);
        await other.SendBlob(_blob);
        await getter.NextBlob(_blob);
    }

    [Fact]
    public async Task A_get_of_which_nothing_has_come_for_20_seconds_is_unavailable()
    {
        var mute = await Holder(_page);
        mute.Mute();
        var getter = await Waiter(_page, root: false);
        await Web.Freeze();
        await getter.Get(_page, _blob);
        await mute.NextAsk(_page, _blob);
        await Web.Pass(Seconds(19.5), getter, mute);
        Assert.Empty(getter.Seen<ErrorCame>(e => e.Blob == _blob.Name));
        await Web.Pass(Seconds(2), getter, mute);
        await getter.NextError("unavailable", _page, _blob);
    }

    [Fact]
    public async Task A_get_of_a_page_without_holders_is_unavailable_after_20_seconds()
    {
        var getter = await Waiter(_page, root: false);
        await Web.Freeze();
        await getter.Get(_page, _blob);
        await Web.Pass(Seconds(19.5), getter);
        Assert.Empty(getter.Seen<ErrorCame>(e => e.Blob == _blob.Name));
        await Web.Pass(Seconds(2), getter);
        await getter.NextError("unavailable", _page, _blob);
    }

    [Fact]
    public async Task A_get_that_was_answered_is_not_called_unavailable_later()
    {
        var other = TestBlob.Fresh();
        await Holder(_page, _blob);
        var getter = await Waiter(_page, root: false);
        await getter.Want(other, root: false);
        await getter.NextStatus(other, "waiter");
        await Web.Freeze();
        await getter.Get(other, _blob);
        await getter.Get(_page, _blob);
        await getter.NextBlob(_blob);
        await Web.Pass(Seconds(25), getter);
        Assert.Empty(getter.Seen<ErrorCame>(e => e.Blob == _blob.Name));
    }

    [Fact]
    public async Task Who_asks_while_the_blob_is_on_its_way_to_another_gets_it_too_but_not_from_one_who_reads_nothing_for_a_second()
    {
        var holder = await Holder(_page, _blob);
        await Web.Freeze();
        using var stuck = new StuckSocket();
        var served = Web.Serve(stuck);
        stuck.Say(new { type = "want", page = _page.Name, root = false });
        stuck.Say(new { type = "get", page = _page.Name, blob = _blob.Name });
        await stuck.Stuck;

        var getter = await Waiter(_page, root: false);
        await getter.Get(_page, _blob);
        await getter.NextBlob(_blob);
        Assert.Equal(1, holder.Uploads(_blob));

        await Web.Pass(Seconds(1.1), getter);
        await getter.Get(_page, _blob);
        await getter.NextBlob(_blob);
        Assert.Equal(2, holder.Uploads(_blob));
        stuck.Abort();
        await served;
    }

    [Fact]
    public async Task A_late_answer_is_dropped_in_silence_for_a_minute_and_not_longer()
    {
        var (early, late) = (TestBlob.Fresh(), TestBlob.Fresh());
        var mute = await Holder(_page);
        mute.Mute();
        var getter = await Waiter(_page, root: false);
        await Web.Freeze();
        await getter.Get(_page, early);
        await getter.Get(_page, late);
        await mute.NextAsk(_page, early);
        await mute.NextAsk(_page, late);
        await getter.Cancel(_page, early);
        await getter.Cancel(_page, late);
        await getter.Fence();

        await Web.Pass(Seconds(50), mute);
        await mute.SendBlob(early);
        await mute.Fence();
        Assert.Empty(mute.Seen<ErrorCame>(e => e.Code == "not-asked"));
        // The server stops waiting ten seconds after the ask at the latest; 60 s after that the blob isn't asked any more.
        await Web.Pass(Seconds(25), mute);
        await mute.SendBlob(late);
        await mute.NextError("not-asked");
        await getter.Fence();
        Assert.Equal(0, getter.Came(early) + getter.Came(late));
    }

    [Fact]
    public async Task A_blob_stays_asked_for_a_minute_after_a_release()
    {
        var (early, late) = (TestBlob.Fresh(), TestBlob.Fresh());
        var mute = await Holder(_page);
        mute.Mute();
        var getter = await Waiter(_page, root: false);
        await Web.Freeze();
        await getter.Get(_page, early);
        await getter.Get(_page, late);
        await mute.NextAsk(_page, early);
        await mute.NextAsk(_page, late);
        await mute.Release(_page);
        await Web.Pass(Seconds(55), mute);
        await mute.SendBlob(early);
        await mute.Fence();
        Assert.Empty(mute.Seen<ErrorCame>(e => e.Code == "not-asked"));
        await Web.Pass(Seconds(10), mute);
        await mute.SendBlob(late);
        await mute.NextError("not-asked");
    }

    [Fact]
    public async Task Who_missed_goes_last_for_a_minute()
    {
        var a = await Holder(_page);
        var b = await Holder(_page);
        a.Mute();
        b.Mute();
        var getter = await Waiter(_page, root: false);
        await Web.Freeze();
        await getter.Get(_page, _blob);
        var (missed, answered, answeredAsk) = await FirstAsked(_page, _blob, a, b);
        await missed.Miss(_page, _blob);
        await answeredAsk;
        await answered.SendBlob(_blob);
        await getter.NextBlob(_blob);
        await AllGoTo(answered, missed, getter);
    }

    [Fact]
    public async Task Who_was_silent_goes_last_for_a_minute()
    {
        var a = await Holder(_page);
        var b = await Holder(_page);
        a.Mute();
        b.Mute();
        var getter = await Waiter(_page, root: false);
        await Web.Freeze();
        await getter.Get(_page, _blob);
        var (silent, answered, answeredAsk) = await FirstAsked(_page, _blob, a, b);
        await Web.Pass(Seconds(1.1), a, b);
        await answeredAsk;
        await answered.SendBlob(_blob);
        await getter.NextBlob(_blob);
        await AllGoTo(answered, silent, getter);
    }

    [Fact]
    public async Task Who_answered_well_comes_before_who_was_served_here()
    {
        var answered = await Holder(_page);
        var served = await ServedHolder(_page);
        answered.Mute();
        var getter = await Waiter(_page, root: false);
        await Web.Freeze();
        await AllGoTo(answered, served, getter);
    }

    [Fact]
    public async Task Who_was_served_here_comes_before_who_only_claims()
    {
        var first = await Holder(_page);
        var served = await ServedHolder(_page);
        await first.Release(_page);
        await first.NextStatus(_page, "none");
        served.Mute();
        var getter = await Waiter(_page, root: false);
        var claims = await Visitor("claimant");
        await Web.Freeze();
        await claims.Hold(_page);
        await claims.NextStatus(_page, "claimed");
        await AllGoTo(served, claims, getter);
    }

    [Fact]
    public async Task A_claim_may_be_asked_when_there_is_nobody_better()
    {
        var claims = await Visitor("claimant");
        await claims.Hold(_page);
        await claims.NextAsk(_page, _page);
        var getter = await Waiter(_page, root: false);
        await getter.Get(_page, _blob);
        await claims.NextAsk(_page, _blob);
        await claims.SendBlob(_blob);
        await getter.NextBlob(_blob);
        await getter.Release(_page);
        await getter.NextStatus(_page, 0, 0, "none");
    }

    [Fact]
    public async Task A_burst_of_changes_is_told_in_few_statuses_and_ends_with_the_newest()
    {
        var watcher = await Holder(_page);
        await Web.Freeze();
        var before = watcher.Seen<Status>().Count;
        var crowd = new List<TestVisitor>();
        for (var i = 0; i < 30; i++)
        {
            crowd.Add(await Visitor());
            await crowd[i].Want(_page, root: false);
            await crowd[i].Fence();
        }

        await watcher.Fence();
        // No time has passed, so no more than a second's worth may have come.
        Assert.InRange(watcher.Seen<Status>().Count - before, 0, 4);
        Web.Flow();
        await watcher.NextStatus(_page, 1, 30, "holder");
    }

    [Fact]
    public async Task Want_hold_and_release_are_answered_within_a_second()
    {
        var visitor = await Visitor();
        await Web.Freeze();
        await visitor.Want(_page);
        await Web.Pass(Seconds(1), visitor);
        await visitor.NextStatus(_page, "waiter");
        await visitor.Hold(_page);
        await Web.Pass(Seconds(1), visitor);
        await visitor.NextStatus(_page, "claimed");
        await visitor.Release(_page);
        await Web.Pass(Seconds(1), visitor);
        await visitor.NextStatus(_page, "none");
    }

    [Fact]
    public async Task A_change_of_the_numbers_is_told_within_two_seconds()
    {
        var watcher = await Holder(_page);
        var comes = await Visitor();
        await Web.Freeze();
        await comes.Want(_page, root: false);
        await Web.Pass(Seconds(2), watcher, comes);
        await watcher.NextStatus(_page, 1, 1, "holder");
    }

    [Fact]
    public async Task The_seventeenth_frame_that_was_not_asked_for_within_a_minute_closes()
    {
        var visitor = await Visitor();
        await Web.Freeze();
        for (var i = 0; i < 16; i++) await SendUnasked(visitor);
        await Web.Pass(Seconds(61), visitor);
        for (var i = 0; i < 16; i++) await SendUnasked(visitor);
        await visitor.Fence();
        await visitor.SendBlob(TestBlob.Fresh());
        Assert.Equal(1008, await visitor.NextClose());
    }

    [Fact]
    public async Task More_than_4_MiB_that_were_not_asked_for_within_a_minute_close()
    {
        var visitor = await Visitor();
        await Web.Freeze();
        for (var i = 0; i < 3; i++) await SendUnasked(visitor, 1024 * 1024);
        await Web.Pass(Seconds(61), visitor);
        for (var i = 0; i < 3; i++) await SendUnasked(visitor, 1024 * 1024);
        await visitor.SendBlob(TestBlob.Fresh(1024 * 1024));
        await visitor.SendBlob(TestBlob.Fresh(1024 * 1024));
        Assert.Equal(1008, await visitor.NextClose());
    }

    private static async Task SendUnasked(TestVisitor visitor, int size = 10)
    {
        var blob = TestBlob.Fresh(size);
        await visitor.SendBlob(blob);
        await visitor.NextError("not-asked");
    }

    private async Task AllGoTo(TestVisitor first, TestVisitor last, TestVisitor getter)
    {
        foreach (var blob in TestBlob.Several(6))
        {
            // Who has just given a lot may be spared for a moment, so each one is asked when that is over.
            await Web.Pass(Seconds(5), getter);
            await getter.Get(_page, blob);
            await first.NextAsk(_page, blob);
            await last.Fence();
            Assert.Equal(0, last.Asked(blob));
            await first.SendBlob(blob);
            await getter.NextBlob(blob);
        }
    }

    private async Task ServedOrProvenHolderOf(TestBlob page)
    {
        var holder = await Visitor("honest holder");
        holder.Gives(page);
        await holder.Hold(page);
        await holder.NextStatus(page, "holder");
    }

    /// <summary>A raw holder that has answered well, and one that was served here and so comes after it; both are left to the test, and time stands still.</summary>
    private async Task<(TestVisitor Other, TestVisitor Getter)> SlowHolderAndAnother(RawSocket slow)
    {
        await slow.SendJson(new { type = "hold", page = _page.Name });
        await slow.ReadAsk(_page);
        await slow.Send(RawSocket.Binary, _page.Frame());
        await slow.ReadUntil(RawSocket.Text, text => text.Contains("\"you\":\"holder\"", StringComparison.Ordinal));

        var other = await Visitor("other holder");
        await other.Want(_page);
        await slow.ReadAsk(_page);
        await slow.Send(RawSocket.Binary, _page.Frame());
        await other.NextBlob(_page);
        await other.Hold(_page);
        await other.NextStatus(_page, "holder");
        var getter = await Waiter(_page, root: false);
        await Web.Freeze();
        return (other, getter);
    }
}
