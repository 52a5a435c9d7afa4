using Xunit;

namespace Ephemeral.Tests;

/// <summary>A server with small limits, on fake time so that nothing moves on by itself.</summary>
public sealed class TightWebApp : ClockedWebApp
{
    public TightWebApp() : base("--Ephemeral:MaxBlob=65536", "--Ephemeral:MaxGets=4", "--Ephemeral:MaxAsks=2", "--Ephemeral:MaxPages=3", "--Ephemeral:VainGetsPerMinute=6") { }
}

/// <summary>The limits that welcome announces.</summary>
public sealed class WireLimitTests(TightWebApp web) : WireTest<TightWebApp>(web)
{
    private readonly TestBlob _page = TestBlob.Fresh();

    [Fact]
    public async Task Welcome_says_which_limits_hold_here()
    {
        var welcome = (await Visitor()).Welcome;
        Assert.Equal((1, 65536, 4, 2, 3), (welcome.Protocol, welcome.MaxBlob, welcome.MaxGets, welcome.MaxAsks, welcome.MaxPages));
        Assert.Equal(["pulse", "parts", "successors"], welcome.Features);
    }

    [Fact]
    public async Task No_more_asks_than_maxAsks_are_open_on_one_visitor()
    {
        var blobs = TestBlob.Several(4);
        var more = TestBlob.Several(2);
        var holder = await Holder(_page);
        holder.Mute();
        var getter = await Waiter(_page, root: false);
        var another = await Waiter(_page, root: false);
        await Web.Freeze();
        foreach (var blob in blobs) await getter.Get(_page, blob);
        foreach (var blob in more) await another.Get(_page, blob);
        var all = blobs.Concat(more).ToList();
        var open = new Queue<TestBlob>();
        open.Enqueue(await holder.NextAsk(_page, [.. all]));
        open.Enqueue(await holder.NextAsk(_page, [.. all]));
        for (var served = 0; served < all.Count; served++)
        {
            await getter.Fence();
            await another.Fence();
            await holder.Fence();
            Assert.Equal(Math.Min(all.Count, served + 2), all.Sum(holder.Asked));
            await holder.SendBlob(open.Dequeue());
            if (served + 2 < all.Count) open.Enqueue(await holder.NextAsk(_page, [.. all]));
        }

        foreach (var blob in blobs) await getter.NextBlob(blob);
        foreach (var blob in more) await another.NextBlob(blob);
    }

    [Fact]
    public async Task A_miss_makes_room_for_the_next_ask()
    {
        var blobs = TestBlob.Several(3);
        var holder = await Holder(_page);
        holder.Mute();
        var getter = await Waiter(_page, root: false);
        await Web.Freeze();
        foreach (var blob in blobs) await getter.Get(_page, blob);
        var missed = await holder.NextAsk(_page, blobs);
        await holder.NextAsk(_page, blobs);
        await holder.Miss(_page, missed);
        await holder.NextAsk(_page, blobs);
        await getter.NextError("unavailable", _page, missed);
    }

    [Fact]
    public async Task A_mute_holder_is_never_asked_more_than_that_for_it_cannot_know_that_nobody_waits_any_more()
    {
        var blobs = TestBlob.Several(4);
        var holder = await Holder(_page);
        holder.Mute();
        var getter = await Waiter(_page, root: false);
        await Web.Freeze();
        foreach (var blob in blobs) await getter.Get(_page, blob);
        var asked = new[] { await holder.NextAsk(_page, blobs), await holder.NextAsk(_page, blobs) };
        await Web.Pass(TimeSpan.FromSeconds(25), holder, getter);
        Assert.Equal(2, blobs.Sum(holder.Asked));
        foreach (var blob in blobs) await getter.NextError("unavailable", _page, blob);

        // Its answers come late, but they make room.
        await getter.Get(_page, blobs.Except(asked).First());
        await holder.SendBlob(asked[0]);
        await holder.NextAsk(_page, blobs.Except(asked).First());
    }

    [Fact]
    public async Task A_get_over_maxGets_is_refused_without_effect()
    {
        var blobs = TestBlob.Several(4);
        var tooMany = TestBlob.Fresh();
        var holder = await Holder(_page);
        holder.Mute();
        var getter = await Waiter(_page, root: false);
        await Web.Freeze();
        foreach (var blob in blobs) await getter.Get(_page, blob);
        await getter.Get(_page, tooMany);
        await getter.NextError("too-many", _page, tooMany);

        for (var i = 0; i < 4; i++) await holder.SendBlob(await holder.NextAsk(_page, blobs));
        foreach (var blob in blobs) await getter.NextBlob(blob);
        await getter.Fence();
        await holder.Fence();
        Assert.Equal(0, holder.Asked(tooMany));
        Assert.Equal(0, getter.Came(tooMany));

        await getter.Get(_page, tooMany);
        await holder.NextAsk(_page, tooMany);
        await holder.SendBlob(tooMany);
        await getter.NextBlob(tooMany);
    }

    [Fact]
    public async Task Gets_of_what_nobody_has_are_refused_when_there_are_too_many_and_others_cost_nothing()
    {
        var blobs = TestBlob.Several(20);
        await Holder(_page, blobs);
        var getter = await Waiter(_page, root: false);
        var another = await Waiter(_page, root: false);
        await Web.Freeze();
        foreach (var blob in blobs)
        {
            await getter.Get(_page, blob);
            await getter.NextBlob(blob);
        }
        var nonsense = TestBlob.Several(8);
        foreach (var blob in nonsense[..6])
        {
            await getter.Get(_page, blob);
            await getter.NextError("unavailable", _page, blob);
        }
        await getter.Get(_page, nonsense[6]);
        var refusal = await getter.NextError("rate-limited", _page, nonsense[6]);
        Assert.InRange(refusal.RetryAfterMs!.Value, 1, 10_000);
        await another.Get(_page, nonsense[6]);
        await another.NextError("unavailable", _page, nonsense[6]);

        await Web.Pass(TimeSpan.FromSeconds(10), getter);
        await getter.Get(_page, blobs[0]);
        await getter.NextBlob(blobs[0]);
        await getter.Get(_page, nonsense[7]);
        await getter.NextError("unavailable", _page, nonsense[7]);
    }

    [Fact]
    public async Task A_root_is_asked_for_before_all_else_that_waits_for_a_place()
    {
        var blobs = TestBlob.Several(4);
        var holder = await Holder(_page);
        holder.Mute();
        var getter = await Waiter(_page, root: false);
        await Web.Freeze();
        foreach (var blob in blobs) await getter.Get(_page, blob);
        var first = await holder.NextAsk(_page, blobs);
        await holder.NextAsk(_page, blobs);
        var waiter = await Waiter(_page);
        await waiter.Fence();
        await holder.SendBlob(first);
        await holder.NextAsk(_page, _page);
        await holder.Fence();
        Assert.Equal(2, blobs.Sum(holder.Asked));
    }

    [Fact]
    public async Task A_cancelled_get_gives_its_credit_back()
    {
        var blobs = TestBlob.Several(5);
        await Holder(_page);
        var getter = await Visitor();
        var nobodys = TestBlob.Fresh();
        await getter.Want(nobodys, root: false);
        foreach (var blob in blobs[..4]) await getter.Get(nobodys, blob);
        await getter.Cancel(nobodys, blobs[0]);
        await getter.Get(nobodys, blobs[4]);
        await getter.Fence();
        Assert.Empty(getter.Seen<ErrorCame>(e => e.Page == nobodys.Name));
    }

    [Fact]
    public async Task A_release_ends_the_gets_of_its_page_and_gives_their_credit_back()
    {
        var blobs = TestBlob.Several(8);
        var (released, kept) = (TestBlob.Fresh(), TestBlob.Fresh());
        var getter = await Visitor();
        await getter.Want(released, root: false);
        await getter.Want(kept, root: false);
        foreach (var blob in blobs[..4]) await getter.Get(released, blob);
        await getter.Release(released);
        await getter.NextStatus(released, "none");
        var before = getter.Seen<Received>().Count;
        foreach (var blob in blobs[4..]) await getter.Get(kept, blob);
        await getter.Fence();
        Assert.Empty(getter.Seen<ErrorCame>(e => e.Page == kept.Name));
        Assert.DoesNotContain(getter.Seen<Received>().Skip(before), m => m is ErrorCame e && e.Page == released.Name);
    }

    [Theory]
    [InlineData("want")]
    [InlineData("hold")]
    public async Task A_page_over_maxPages_is_refused_without_effect(string type)
    {
        var pages = TestBlob.Several(3);
        var visitor = await Visitor();
        visitor.Gives(pages);
        await visitor.Want(pages[0]);
        await visitor.Want(pages[1], root: false);
        await visitor.Hold(pages[2]);
        foreach (var page in pages) await visitor.NextStatus(page);

        await visitor.SendJson(new { type, page = _page.Name });
        await visitor.NextError("too-many", _page);
        var witness = await Waiter(_page);
        await witness.NextStatus(_page, 0, 1, "waiter");
        await witness.Release(_page);
        await witness.NextStatus(_page, 0, 0, "none");

        // What it has already, it may say again; and a release makes room.
        await visitor.Hold(pages[1]);
        await visitor.NextStatus(pages[1], s => s.You is "claimed" or "holder", "claimed or holder");
        await visitor.Release(pages[0]);
        await visitor.NextStatus(pages[0], "none");
        await visitor.Want(_page);
        await visitor.NextStatus(_page, 0, 1, "waiter");
        Assert.Single(visitor.Seen<ErrorCame>());
    }

    [Fact]
    public async Task A_release_of_one_page_too_many_is_no_page_too_many()
    {
        var visitor = await Visitor();
        foreach (var page in TestBlob.Several(3)) await visitor.Want(page);
        await visitor.Release(_page);
        await visitor.NextStatus(_page, 0, 0, "none");
        Assert.Empty(visitor.Seen<ErrorCame>());
    }

    [Fact]
    public async Task A_blob_over_maxBlob_closes_with_1009()
    {
        var page = TestBlob.Fresh(65537);
        var holder = await Visitor("holder");
        await holder.Hold(page);
        await holder.NextAsk(page, page);
        await holder.SendBlob(page);
        await holder.NextError("too-large");
        Assert.Equal(1009, await holder.NextClose());
    }

    [Fact]
    public async Task A_blob_over_maxBlob_in_fragments_closes_before_its_end()
    {
        var page = TestBlob.Fresh(200_000);
        var holder = await Visitor("holder");
        await holder.Hold(page);
        await holder.NextAsk(page, page);
        await holder.SendUnfinished(page.Frame()[..100_000]);
        await holder.NextError("too-large");
        Assert.Equal(1009, await holder.NextClose());
    }

    [Fact]
    public async Task A_blob_of_exactly_maxBlob_passes()
    {
        var page = TestBlob.Fresh(65536);
        var waiter = await Waiter(page);
        await Holder(page);
        await waiter.NextBlob(page);
    }
}
