using Xunit;

namespace Ephemeral.Tests;

/// <summary>A server that remembers few parts.</summary>
public sealed class FewPartsWebApp : ClockedWebApp
{
    public FewPartsWebApp() : base("--Ephemeral:MaxParts=48") { }
}

/// <summary>Feature <c>parts</c>: who is still fetching a page gives what is there already.</summary>
public sealed class WirePartsTests(FewPartsWebApp web) : WireTest<FewPartsWebApp>(web)
{
    private readonly TestBlob _page = TestBlob.Fresh();
    private readonly TestBlob _blob = TestBlob.Fresh();
    private readonly TestBlob _other = TestBlob.Fresh();

    [Fact]
    public async Task A_part_comes_from_a_waiter_when_no_holder_is_left()
    {
        var holder = await Holder(_page, _blob, _other);
        var first = await WaiterWith(_page, _blob);
        await holder.Leave();
        var second = await Waiter(_page);
        await second.NextBlob(_page);
        await second.Get(_page, _blob);
        await second.NextBlob(_blob);
        Assert.Equal((1, 1), (first.Uploads(_page), first.Uploads(_blob)));
        await first.Fence();
        Assert.Empty(first.Seen<Status>(status => status.Holders > 1 || status.You == "holder"));
    }

    [Fact]
    public async Task Only_the_parts_that_it_has_are_asked_of_a_waiter()
    {
        var first = await WaiterWith(_page, _blob);
        var second = await Waiter(_page, root: false);
        await second.Get(_page, _other);
        await second.Fence();
        await first.Fence();
        Assert.Equal(0, first.Asked(_other));
        await Holder(_page, _other);
        await second.NextBlob(_other);
    }

    [Fact]
    public async Task A_get_that_found_nobody_is_answered_as_soon_as_a_waiter_has_the_part()
    {
        var first = await Waiter(_page, root: false);
        first.Gives(_blob);
        var second = await Waiter(_page, root: false);
        await second.Get(_page, _blob);
        await second.Fence();
        await first.Have(_page, _blob);
        await second.NextBlob(_blob);
    }

    [Fact]
    public async Task A_waiter_that_has_answered_well_is_asked_before_the_holder()
    {
        var blobs = TestBlob.Several(6);
        var first = await WaiterWith(_page, blobs);
        var second = await Waiter(_page, root: false);
        await second.Get(_page, blobs[0]);
        await second.NextBlob(blobs[0]);
        var holder = await Holder(_page, blobs);
        foreach (var blob in blobs[1..])
        {
            await second.Get(_page, blob);
            await second.NextBlob(blob);
        }

        Assert.Equal(blobs.Length, blobs.Sum(first.Uploads));
        Assert.Equal(0, blobs.Sum(holder.Uploads));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Who_asks_for_what_another_has_just_got_waits_for_a_moment_until_that_one_says_so(bool says)
    {
        var holder = await Holder(_page, _blob, _other);
        var first = await WaiterWith(_page, _other);
        first.Gives(_blob);
        var second = await Waiter(_page, root: false);
        await Web.Freeze();
        await first.Get(_page, _blob);
        await first.NextBlob(_blob);
        await first.Fence();
        await second.Get(_page, _blob);
        await second.Fence();
        await holder.Fence();
        Assert.Equal((1, 0), (holder.Asked(_blob), first.Asked(_blob)));

        if (says)
            await first.Have(_page, _blob);
        else
            Web.Flow();
        await second.NextBlob(_blob);
        Assert.Equal(says ? (1, 1) : (2, 0), (holder.Uploads(_blob), first.Uploads(_blob)));
    }

    [Fact]
    public async Task Waiters_that_have_never_answered_are_tried_one_at_a_time_and_the_holder_gives_the_rest()
    {
        var blobs = TestBlob.Several(6);
        var holder = await Holder(_page, blobs);
        var mute = new List<TestVisitor>();
        for (var i = 0; i < 3; i++)
        {
            mute.Add(await WaiterWith(_page, blobs));
            mute[i].Mute();
        }
        var getter = await Waiter(_page, root: false);
        await Web.Freeze();
        foreach (var blob in blobs)
            await getter.Get(_page, blob);
        foreach (var blob in blobs[1..])
            await getter.NextBlob(blob);
        Assert.Equal(0, holder.Uploads(blobs[0]));
        foreach (var each in mute)
            await each.Fence();
        Assert.Equal(1, mute.Sum(each => blobs.Sum(each.Asked)));

        Web.Flow();
        await getter.NextBlob(blobs[0]);
    }

    [Fact]
    public async Task A_waiter_that_does_not_have_what_it_said_or_sends_something_else_costs_nobody_the_blob()
    {
        var misses = await WaiterWith(_page, _blob);
        misses.Misses();
        var lies = await WaiterWith(_page, _blob);
        lies.Lies();
        var getter = await Waiter(_page, root: false);
        await getter.Get(_page, _blob);
        await getter.NextError("unavailable", _page, _blob);
        await Holder(_page, _blob);
        await getter.Get(_page, _blob);
        await getter.NextBlob(_blob);
        Assert.Single(getter.Seen<BlobCame>());
    }

    [Theory]
    [InlineData("release")]
    [InlineData("hold")]
    [InlineData("gone")]
    public async Task Parts_are_forgotten_with(string end)
    {
        var first = await WaiterWith(_page, _blob);
        if (end == "gone") await first.Leave();
        if (end == "release") await first.Release(_page);
        if (end == "hold")
        {
            await first.Hold(_page);
            await first.NextStatus(_page, "holder");
            await first.Want(_page, root: false);
            await first.NextStatus(_page, "waiter");
        }

        var second = await Waiter(_page, root: false);
        await second.Get(_page, _blob);
        await second.Fence();
        if (end != "gone") await first.Fence();
        Assert.Equal(0, first.Asked(_blob));
    }

    [Fact]
    public async Task No_more_than_MaxParts_are_remembered_of_one_visitor_and_the_first_over_it_is_named()
    {
        var blobs = TestBlob.Several(49);
        var waiter = await Waiter(_page, root: false);
        await waiter.Have(_page, blobs[..40]);
        await waiter.Have(_page, blobs[20..]);
        await waiter.NextError("too-many", _page, blobs[48]);
        waiter.Gives(blobs);
        var getter = await Waiter(_page, root: false);
        await getter.Get(_page, blobs[47]);
        await getter.NextBlob(blobs[47]);
    }

    [Fact]
    public async Task No_more_than_MaxPartsInAll_are_remembered_of_all_visitors()
    {
        await using var small = await WebApp.Start("--Ephemeral:MaxPartsInAll=50");
        await using var first = await small.Visitor("first");
        await using var second = await small.Visitor("second");
        var blobs = TestBlob.Several(40);
        await first.Want(_page, root: false);
        await first.Have(_page, blobs);
        await first.Fence();
        await second.Want(_page, root: false);
        await second.Have(_page, blobs);
        await second.NextError("too-many", _page, blobs[10]);

        // Where one has let go there is room for others.
        await first.Release(_page);
        await first.NextStatus(_page, "none");
        await second.Have(_page, blobs);
        await second.Fence();
        Assert.Single(second.Seen<ErrorCame>(error => error.Page == _page.Name));
    }

    [Fact]
    public async Task Have_of_a_page_that_the_visitor_has_nothing_to_do_with_is_unavailable_and_of_a_holder_no_news()
    {
        var visitor = await Visitor();
        await visitor.Have(_page, _blob);
        await visitor.NextError("unavailable", _page);
        var holder = await Holder(_page);
        await holder.Have(_page, TestBlob.Several(48));
        await holder.Have(_page, TestBlob.Several(48));
        await holder.Fence();
        Assert.Empty(holder.Seen<ErrorCame>(error => error.Page == _page.Name));
    }

    [Theory]
    [InlineData("""{"type":"have","page":"P"}""")]
    [InlineData("""{"type":"have","page":"P","blobs":"B"}""")]
    [InlineData("""{"type":"have","page":"P","blobs":["B","x"]}""")]
    [InlineData("""{"type":"have","page":"P","blobs":[["B"]]}""")]
    [InlineData("""{"type":"have","blobs":["B"]}""")]
    [InlineData(null)]
    public async Task A_have_that_is_not_as_it_should_be_is_a_bad_message(string? text)
    {
        text ??= $$"""{"type":"have","page":"P","blobs":[{{string.Join(',', Enumerable.Repeat("\"B\"", 49))}}]}""";
        var waiter = await Waiter(_page, root: false);
        await waiter.SendText(text.Replace("\"P\"", $"\"{_page.Name}\"", StringComparison.Ordinal).Replace("\"B\"", $"\"{_blob.Name}\"", StringComparison.Ordinal));
        await waiter.NextError("bad-message");
        Assert.Equal(1008, await waiter.NextClose());
    }

    private async Task<TestVisitor> WaiterWith(TestBlob page, params TestBlob[] blobs)
    {
        var waiter = await Waiter(page, root: false);
        waiter.Gives([page, .. blobs]);
        await waiter.Have(page, [page, .. blobs]);
        await waiter.Fence();
        return waiter;
    }
}
