using System.Net.WebSockets;
using System.Text;
using Xunit;

namespace Ephemeral.Tests;

/// <summary>Every error code and what follows it.</summary>
public sealed class WireErrorTests(WebApp web) : WireTest<WebApp>(web)
{
    private const string Good = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    private readonly TestBlob _page = TestBlob.Fresh();

    public static TheoryData<string> BadMessages => new(
    [
        "",
        " ",
        "want",
        "{",
        "null",
        "17",
        "\"want\"",
        "[]",
        $$"""[{"type":"want","page":"{{Good}}"}]""",
        "{}",
        $$"""{"page":"{{Good}}"}""",
        """{"type":null}""",
        """{"type":7}""",
        """{"type":"nonsense"}""",
        """{"type":""}""",
        $$"""{"type":"WANT","page":"{{Good}}"}""",
        $$"""{"type":"status","page":"{{Good}}"}""",
        $$"""{"type":"want","page":"{{Good}}"} and more""",
        $$"""{"type":"want","page":"{{Good}}"}{"type":"want","page":"{{Good}}"}""",
        $$"""{"type":"want","page":"{{Good}}",}""",
        $$"""{'type':'want','page':'{{Good}}'}""",
        """{"type":"want"}""",
        """{"type":"hold"}""",
        """{"type":"release"}""",
        """{"type":"want","page":null}""",
        """{"type":"want","page":12}""",
        """{"type":"want","page":""}""",
        $$"""{"type":"want","page":"{{Good.ToUpperInvariant()}}"}""",
        $$"""{"type":"want","page":"{{Good[..63]}}"}""",
        $$"""{"type":"want","page":"{{Good}}0"}""",
        $$"""{"type":"want","page":"{{Good[..63]}}g"}""",
        $$"""{"type":"want","page":" {{Good[..63]}}"}""",
        $$"""{"type":"hold","page":"{{Good[..63]}}"}""",
        $$"""{"type":"release","page":"{{Good[..63]}}"}""",
        $$"""{"type":"get","page":"{{Good}}"}""",
        $$"""{"type":"get","blob":"{{Good}}"}""",
        $$"""{"type":"get","page":"{{Good}}","blob":"{{Good[..63]}}"}""",
        $$"""{"type":"get","page":"{{Good[..63]}}","blob":"{{Good}}"}""",
        $$"""{"type":"cancel","page":"{{Good}}"}""",
        $$"""{"type":"cancel","page":"{{Good}}","blob":"x"}""",
        $$"""{"type":"miss","page":"{{Good}}"}""",
        $$"""{"type":"miss","page":"{{Good}}","blob":"x"}""",
    ]);

    public static TheoryData<int, byte> MalformedFrames => new() { { 0, 0 }, { 1, 1 }, { 2, 1 }, { 32, 1 }, { 33, 0 }, { 33, 2 }, { 100, 0x7b } };

    [Theory]
    [MemberData(nameof(BadMessages))]
    public async Task A_bad_message_closes_with_1008(string text)
    {
        var visitor = await Visitor();
        await visitor.SendText(text);
        var error = await visitor.NextError("bad-message");
        Assert.False(string.IsNullOrWhiteSpace(error.Message));
        Assert.Equal(1008, await visitor.NextClose());
    }

    [Theory]
    [MemberData(nameof(MalformedFrames))]
    public async Task A_malformed_binary_frame_closes_with_1008(int length, byte first)
    {
        var visitor = await Visitor();
        var frame = new byte[length];
        if (length > 0) frame[0] = first;
        await visitor.SendBinary(frame);
        await visitor.NextError("bad-message");
        Assert.Equal(1008, await visitor.NextClose());
    }

    [Fact]
    public async Task A_text_frame_of_4_KiB_is_read()
    {
        var visitor = await Visitor();
        await visitor.SendText(Padded(4096));
        await visitor.NextStatus(_page, 0, 1, "waiter");
    }

    [Fact]
    public async Task A_text_frame_over_4_KiB_closes_with_1008()
    {
        var visitor = await Visitor();
        await visitor.SendText(Padded(4097));
        await visitor.NextError("bad-message");
        Assert.Equal(1008, await visitor.NextClose());
        var witness = await Waiter(_page);
        await witness.NextStatus(_page, 0, 1, "waiter");
    }

    [Fact]
    public async Task A_text_message_over_4_KiB_in_fragments_closes_with_1008()
    {
        var visitor = await Visitor();
        var bytes = Encoding.UTF8.GetBytes(Padded(5000));
        await visitor.SendFragments(WebSocketMessageType.Text, bytes[..2000], bytes[2000..4000], bytes[4000..]);
        await visitor.NextError("bad-message");
        Assert.Equal(1008, await visitor.NextClose());
    }

    [Fact]
    public async Task A_frame_that_was_not_asked_for_leaves_the_connection_open()
    {
        var visitor = await Visitor();
        await visitor.SendBlob(_page);
        await visitor.NextError("not-asked");
        await visitor.Want(_page);
        await visitor.NextStatus(_page, 0, 1, "waiter");
    }

    [Fact]
    public async Task A_frame_that_was_not_asked_for_reaches_nobody()
    {
        var waiter = await Waiter(_page);
        var pusher = await Visitor("pusher");
        await pusher.SendBlob(_page);
        await pusher.NextError("not-asked");
        await waiter.Fence();
        Assert.Equal(0, waiter.Came(_page));
    }

    [Fact]
    public async Task An_ask_is_answered_once()
    {
        var holder = await Visitor("holder");
        await holder.Hold(_page);
        await holder.NextAsk(_page, _page);
        await holder.SendBlob(_page);
        await holder.SendBlob(_page);
        await holder.NextError("not-asked");
        await holder.NextStatus(_page, "holder");
    }

    [Fact]
    public async Task A_blob_is_not_asked_any_more_after_a_miss()
    {
        var holder = await Visitor("holder");
        await holder.Hold(_page);
        await holder.NextAsk(_page, _page);
        await holder.Miss(_page, _page);
        await holder.SendBlob(_page);
        await holder.NextError("not-asked");
    }

    [Fact]
    public async Task Bytes_of_a_blob_that_was_not_asked_for_are_not_even_hashed()
    {
        // If they were, the lie would be bad-content.
        var visitor = await Visitor();
        await visitor.SendLie(_page);
        await visitor.NextError("not-asked");
        await visitor.Fence();
    }

    [Fact]
    public async Task Late_answers_do_not_count_as_frames_that_were_not_asked_for()
    {
        var blobs = TestBlob.Several(8);
        var holder = await Holder(_page);
        holder.Mute();
        var getter = await Waiter(_page, root: false);
        for (var round = 0; round < 3; round++)
        {
            foreach (var blob in blobs) await getter.Get(_page, blob);
            for (var i = 0; i < blobs.Length; i++) await holder.NextAsk(_page, blobs);
            foreach (var blob in blobs) await getter.Cancel(_page, blob);
            await getter.Fence();
            foreach (var blob in blobs) await holder.SendBlob(blob);
            await holder.Fence();
        }

        Assert.Empty(holder.Seen<ErrorCame>(e => e.Code == "not-asked"));
    }

    [Fact]
    public async Task What_is_owed_does_not_count_as_a_message_for_others_decide_how_often_it_is_asked()
    {
        await using var strict = await WebApp.Start(WebApp.NewClock(), "--Ephemeral:MessagesPerSecond=10", "--Ephemeral:MessageBurst=20");
        await using var holder = await strict.Visitor("holder");
        holder.Gives(_page);
        await holder.Hold(_page);
        await holder.NextStatus(_page, "holder");
        await strict.Freeze();
        for (var i = 0; i < 4; i++)
        {
            await using var getter = await strict.Visitor();
            await getter.Want(_page, root: false);
            foreach (var blob in TestBlob.Several(12))
            {
                await getter.Get(_page, blob);
                await getter.NextError("unavailable", _page, blob);
            }
        }
        await holder.Fence();
        Assert.Empty(holder.Seen<ErrorCame>(e => e.Code == "rate-limited"));
    }

    [Fact]
    public async Task Too_many_messages_are_refused_and_too_many_for_long_close_with_1013()
    {
        await using var strict = await WebApp.Start(WebApp.NewClock(), "--Ephemeral:MessagesPerSecond=10", "--Ephemeral:MessageBurst=20");
        await using var visitor = await strict.Visitor();
        await strict.Freeze();
        for (var i = 0; i < 21; i++) await visitor.Release(_page);
        await visitor.NextError("rate-limited");

        await strict.Pass(TimeSpan.FromSeconds(5));
        strict.Flow();
        var wanted = TestBlob.Fresh();
        await visitor.Want(wanted);
        await visitor.NextStatus(wanted, 0, 1, "waiter");
        await strict.Freeze();

        try
        {
            for (var i = 0; i < 5000; i++) await visitor.Release(_page);
        }
        catch (WebSocketException)
        {
            // Closed already, as it should be.
        }

        Assert.Equal(1013, await visitor.NextClose());
    }

    [Theory]
    [InlineData("want")]
    [InlineData("hold")]
    public async Task A_blocked_page_is_refused(string type)
    {
        await using var guarded = await WebApp.Start($"--Ephemeral:BlockedPages:0={_page.Name}");
        await using var visitor = await guarded.Visitor();
        await visitor.SendJson(new { type, page = _page.Name });
        await visitor.NextError("blocked", _page);
        await visitor.Fence();
        Assert.Empty(visitor.Seen<Ask>());

        var other = TestBlob.Fresh();
        await visitor.Want(other);
        await visitor.NextStatus(other, 0, 1, "waiter");
    }

    [Fact]
    public async Task A_page_that_is_blocked_while_held_is_released_for_its_visitors()
    {
        await using var guarded = await WebApp.Start();
        await using var holder = await guarded.Visitor("holder");
        await using var waiter = await guarded.Visitor("waiter");
        holder.Gives(_page);
        await holder.Hold(_page);
        await waiter.Want(_page, root: false);
        await waiter.NextStatus(_page, 1, 1, "waiter");

        guarded.Block(_page);
        await holder.NextError("blocked", _page);
        await waiter.NextError("blocked", _page);
        await waiter.Get(_page, TestBlob.Fresh());
        await waiter.Fence();
        await holder.Want(_page);
        await holder.NextError("blocked", _page);
        Assert.Equal(1, holder.Asked(_page));
    }

    private string Padded(int length)
    {
        var text = $$"""{"type":"want","page":"{{_page.Name}}","padding":""}""";
        return text.Insert(text.Length - 2, new string('x', length - text.Length));
    }
}
