using Xunit;

namespace Ephemeral.Tests;

/// <summary>A server on which one visitor may say little of what follows.</summary>
public sealed class FewSuccessorsWebApp : ClockedWebApp
{
    public FewSuccessorsWebApp() : base("--Ephemeral:SuccessorsPerMinute=3") { }
}

/// <summary>Feature <c>successors</c>: what follows a page is passed on to all who are there, and known while somebody is.</summary>
public sealed class WireSuccessorTests(FewSuccessorsWebApp web) : WireTest<FewSuccessorsWebApp>(web)
{
    private readonly TestBlob _page = TestBlob.Fresh();
    private readonly TestBlob _next = TestBlob.Fresh();

    [Fact]
    public async Task What_a_holder_says_goes_once_to_all_who_are_there_and_to_who_comes_later()
    {
        var author = await Holder(_page);
        var reader = await Holder(_page);
        var waiter = await Waiter(_page, root: false);
        var stranger = await Holder(TestBlob.Fresh());
        await author.Succeed(_page, _next);
        await reader.NextSuccessor(_page, _next);
        await waiter.NextSuccessor(_page, _next);
        // Said again, by whoever, it is no news.
        await reader.Succeed(_page, _next);
        await reader.Fence();
        var late = await Waiter(_page);
        await late.NextSuccessor(_page, _next);
        await late.NextBlob(_page);
        await late.Hold(_page);
        await late.NextStatus(_page, "holder");
        foreach (var visitor in new[] { author, reader, waiter, late, stranger }) await visitor.Fence();
        Assert.Equal([0, 1, 1, 1, 0], new[] { author, reader, waiter, late, stranger }.Select(visitor => visitor.Seen<SuccessorCame>().Count));
    }

    [Fact]
    public async Task It_goes_with_the_last_visitor()
    {
        var author = await Holder(_page);
        await author.Succeed(_page, _next);
        await author.Fence();
        await author.Leave();
        // A node says that nobody is left a moment after it is so. Whoever comes in that moment still hears of it, and goes again.
        while (await Hears())
        {
        }

        async Task<bool> Hears()
        {
            await using var late = await Web.Visitor("late");
            await late.Want(_page, root: false);
            await late.NextStatus(_page, holders: 0, waiters: 1, "waiter");
            await late.Fence();
            return late.Seen<SuccessorCame>().Count > 0;
        }
    }

    [Fact]
    public async Task Only_a_holder_can_say_it()
    {
        var reader = await Holder(_page);
        var waiter = await Waiter(_page, root: false);
        var stranger = await Visitor();
        foreach (var visitor in new[] { waiter, stranger })
        {
            await visitor.Succeed(_page, _next);
            await visitor.NextError("unavailable", _page);
        }
        await reader.Fence();
        Assert.Empty(reader.Seen<SuccessorCame>());
    }

    [Fact]
    public async Task More_than_may_be_said_in_a_minute_is_refused_and_reaches_nobody()
    {
        await Web.Freeze();
        var author = await Holder(_page);
        var reader = await Holder(_page);
        for (var version = 1; version <= 4; version++) await author.Succeed(_page, _next, version);
        var refusal = await author.NextError("rate-limited", _page);
        Assert.InRange(refusal.RetryAfterMs!.Value, 1, 20_000);
        for (var version = 1; version <= 3; version++) await reader.NextSuccessor(_page, _next, version);
        await Web.Pass(TimeSpan.FromSeconds(20), author, reader);
        await author.Succeed(_page, _next, 5);
        await reader.NextSuccessor(_page, _next, 5);
        Assert.Equal(4, reader.Seen<SuccessorCame>().Count);
    }

    [Theory]
    [InlineData("""{"type":"successor","page":"P","version":1,"signature":"ab"}""")]
    [InlineData("""{"type":"successor","page":"P","next":"P","version":1,"signature":"ab"}""")]
    [InlineData("""{"type":"successor","page":"P","next":"N","version":0,"signature":"ab"}""")]
    [InlineData("""{"type":"successor","page":"P","next":"N","version":1.5,"signature":"ab"}""")]
    [InlineData("""{"type":"successor","page":"P","next":"N","version":9007199254740992,"signature":"ab"}""")]
    [InlineData("""{"type":"successor","page":"P","next":"N","version":1}""")]
    [InlineData("""{"type":"successor","page":"P","next":"N","version":1,"signature":""}""")]
    [InlineData("""{"type":"successor","page":"P","next":"N","version":1,"signature":"a b"}""")]
    [InlineData("""{"type":"successor","page":"P","next":"N","version":1,"signature":"LONG"}""")]
    public async Task What_is_no_successor_ends_the_connection(string message)
    {
        var visitor = await Holder(_page);
        await visitor.SendText(message.Replace("\"P\"", $"\"{_page.Name}\"", StringComparison.Ordinal).Replace("\"N\"", $"\"{_next.Name}\"", StringComparison.Ordinal)
            .Replace("LONG", new string('a', 129), StringComparison.Ordinal));
        await visitor.NextError("bad-message");
        Assert.Equal(1008, await visitor.NextClose());
    }
}
