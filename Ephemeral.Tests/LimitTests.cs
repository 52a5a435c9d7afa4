using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using Ephemeral.Tests.Fixtures;
using Ephemeral.Web;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Ephemeral.Tests;

/// <summary>The limits that keep strangers from taking the node from others: who comes from where, how fast, and for how long.</summary>
public sealed class LimitTests
{
    private const string Proxy = "--Ephemeral:Proxies:0=127.0.0.1";

    [Fact]
    public async Task Where_blobs_are_small_a_larger_one_still_comes_after_a_smaller_one()
    {
        await using var web = await WebApp.Start("--Ephemeral:MaxBlob=4096");
        var (page, small, large) = (TestBlob.Fresh(), TestBlob.Fresh(10), TestBlob.Fresh(4096));
        await using var holder = await web.Visitor("holder");
        holder.Gives(page, small, large);
        await holder.Hold(page);
        await using var getter = await web.Visitor("getter");
        await getter.Want(page);
        foreach (var blob in new[] { small, large, small, large })
        {
            await getter.Get(page, blob);
            await getter.NextBlob(blob);
        }
    }

    [Fact]
    public async Task A_proxied_address_has_so_many_visitors_and_others_have_their_own()
    {
        await using var web = await WebApp.Start(Proxy, "--Ephemeral:MaxVisitorsPerAddress=2");
        await using var first = await From(web, "203.0.113.5");
        await using var second = await From(web, "203.0.113.5");
        var refused = await Refused(web, "203.0.113.5");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.Status);
        Assert.InRange(refused.RetryAfter, 1, 60);
        await using var other = await From(web, "203.0.113.6");

        await first.Leave();
        await first.NextClose();
        await using var third = await LetInAtLast(web, "203.0.113.5");
    }

    [Fact]
    public async Task Of_ipv6_a_64_is_one_address()
    {
        await using var web = await WebApp.Start(Proxy, "--Ephemeral:MaxVisitorsPerAddress=1");
        await using var first = await From(web, "2001:db8:1:2::1");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await Refused(web, "2001:db8:1:2:ffff:ffff:ffff:ffff")).Status);
        await using var neighbour = await From(web, "2001:db8:1:3::1");
        // And an IPv4 address is the same in its IPv6 clothes.
        await using var four = await From(web, "203.0.113.5");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await Refused(web, "::ffff:203.0.113.5")).Status);
    }

    [Fact]
    public async Task New_visitors_of_one_address_come_so_fast_and_no_faster()
    {
        await using var web = await WebApp.Start(WebApp.NewClock(), Proxy, "--Ephemeral:NewVisitorsPerSecondPerAddress=2");
        await using var driver = await From(web, "203.0.113.9");
        await web.Freeze();
        await using var first = await From(web, "203.0.113.5");
        await using var second = await From(web, "203.0.113.5");
        Assert.Equal(1, (await Refused(web, "203.0.113.5")).RetryAfter);
        await using var other = await From(web, "203.0.113.6");
        await web.Pass(TimeSpan.FromSeconds(0.5), driver);
        await using var third = await From(web, "203.0.113.5");
        await Refused(web, "203.0.113.5");
    }

    [Fact]
    public async Task New_visitors_of_the_node_come_so_fast_and_no_faster_wherever_they_come_from()
    {
        await using var web = await WebApp.Start(WebApp.NewClock(), "--Ephemeral:NewVisitorsPerSecond=3");
        await web.Freeze();
        await using var first = await web.Visitor();
        await using var second = await web.Visitor();
        await using var third = await web.Visitor();
        Assert.Equal((HttpStatusCode.ServiceUnavailable, 1), await Refused(web, null));
        await web.Pass(TimeSpan.FromSeconds(0.5), first);
        await using var fourth = await web.Visitor();
    }

    [Fact]
    public async Task A_program_on_this_machine_is_free_of_limits_on_addresses_unless_something_forwards_or_a_proxy_is_configured()
    {
        string[] tight = ["--Ephemeral:MaxVisitorsPerAddress=1", "--Ephemeral:NewVisitorsPerSecondPerAddress=1", "--Ephemeral:RequestsPerSecondPerAddress=1"];
        await using var open = await WebApp.Start(tight);
        await using var first = await open.Visitor();
        await using var second = await open.Visitor();
        for (var i = 0; i < 3; i++)
            Assert.Equal(HttpStatusCode.OK, (await Numbers(open, null)).StatusCode);
        // Whatever a proxy that nobody configured says, it is one address.
        await using var forwarded = await From(open, "203.0.113.5");
        await Refused(open, "203.0.113.6");
        Assert.Equal(HttpStatusCode.OK, (await Numbers(open, "203.0.113.5")).StatusCode);
        Assert.Equal(HttpStatusCode.TooManyRequests, (await Numbers(open, "203.0.113.6")).StatusCode);

        await using var behind = await WebApp.Start([.. tight, Proxy]);
        await using var direct = await behind.Visitor();
        await Refused(behind, null);
    }

    [Theory]
    [InlineData("10.0.0.0/8")]
    [InlineData("192.0.2.1")]
    public async Task What_is_forwarded_is_believed_of_configured_proxies_only(string proxy)
    {
        await using var web = await WebApp.Start($"--Ephemeral:Proxies:0={proxy}", "--Ephemeral:MaxVisitorsPerAddress=1");
        await using var first = await From(web, "203.0.113.5");
        await Refused(web, "203.0.113.6");
    }

    [Fact]
    public async Task Through_several_proxies_the_address_is_the_last_one_that_is_no_proxy()
    {
        await using var web = await WebApp.Start("--Ephemeral:Proxies:0=127.0.0.0/8", "--Ephemeral:Proxies:1=10.0.0.0/8", "--Ephemeral:MaxVisitorsPerAddress=1");
        await using var first = await From(web, "198.51.100.1, 203.0.113.5, 10.1.1.1");
        // What the visitor itself put there does not make it another one.
        await Refused(web, "198.51.100.2, 203.0.113.5, 10.2.2.2");
        await using var other = await From(web, "203.0.113.6, 10.1.1.1");
    }

    [Fact]
    public async Task Requests_of_one_address_for_pages_are_bounded_and_those_for_the_site_itself_are_not()
    {
        await using var web = await WebApp.Start(Proxy, "--Ephemeral:RequestsPerSecondPerAddress=1");
        var page = TestBlob.Fresh().Name;
        string[] paths = [$"/api/pages/{page}", $"/{page}/raw?wait=0", $"/{page}/files/a?wait=0"];
        foreach (var path in paths)
        {
            var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => Get(web, path, "203.0.113.5")));
            Assert.Contains(answers, answer => answer.StatusCode == HttpStatusCode.TooManyRequests);
        }
        using var refused = await Get(web, paths[0], "203.0.113.5", until: HttpStatusCode.TooManyRequests);
        Assert.InRange(int.Parse(Assert.Single(refused.Headers.GetValues("Retry-After")), CultureInfo.InvariantCulture), 1, 60);
        Assert.Equal(HttpStatusCode.OK, (await Get(web, paths[0], "203.0.113.6")).StatusCode);
        for (var i = 0; i < 10; i++)
            Assert.Equal(HttpStatusCode.OK, (await Get(web, "/", "203.0.113.5")).StatusCode);
    }

    [Fact]
    public async Task A_new_visitor_that_says_nothing_is_closed_in_time_and_one_that_has_spoken_may_be_silent()
    {
        await using var web = await WebApp.Start(WebApp.NewClock(), "--Ephemeral:FirstMessageTime=00:00:20", "--Ephemeral:SilenceLimit=01:00:00", "--Ephemeral:PingInterval=00:10:00");
        await using var talker = await web.Visitor("talker");
        await talker.Fence();
        await using var mute = await web.Visitor("mute");
        await web.Freeze();
        await web.Pass(TimeSpan.FromSeconds(18));
        Assert.Empty(mute.Seen<Closed>());
        await web.Pass(TimeSpan.FromSeconds(3));
        await mute.NextError("rate-limited");
        Assert.Equal(1013, await mute.NextClose());
        await web.Pass(TimeSpan.FromMinutes(3));
        await talker.Fence();
    }

    [Theory]
    [InlineData(RawSocket.Text)]
    [InlineData(RawSocket.Binary)]
    public async Task A_message_that_does_not_end_is_closed_in_time_however_steadily_it_trickles(int kind)
    {
        await using var web = await WebApp.Start(WebApp.NewClock(), "--Ephemeral:AnswerTime=00:00:10", "--Ephemeral:SilenceLimit=01:00:00", "--Ephemeral:PingInterval=00:10:00");
        var page = TestBlob.Fresh(2000);
        using var slow = await RawSocket.Connect(web.SocketAddress);
        await slow.SendJson(new { type = "hold", page = page.Name });
        await slow.ReadAsk(page);
        await web.Freeze();
        var frame = kind == RawSocket.Text ? new byte[200] : page.Frame();
        await slow.Send(kind, frame[..40], final: false);
        await slow.PingPong();
        for (var i = 0; i < 9; i++)
        {
            await web.Pass(TimeSpan.FromSeconds(1));
            await slow.Send(RawSocket.Continuation, frame[(40 + i)..(41 + i)], final: false);
            await slow.PingPong();
        }
        await web.Pass(TimeSpan.FromSeconds(2));
        await slow.ReadUntil(RawSocket.Text, text => text.Contains("\"rate-limited\"", StringComparison.Ordinal));
        Assert.Equal([0x03, 0xf5], (await slow.ReadUntil(RawSocket.Close))[..2]); // 1013
    }

    [Theory]
    [InlineData(RawSocket.Text)]
    [InlineData(RawSocket.Binary)]
    public async Task Parts_with_nothing_in_them_do_not_go_on_for_ever(int kind)
    {
        await using var web = await WebApp.Start();
        var page = TestBlob.Fresh(2000);
        using var endless = await RawSocket.Connect(web.SocketAddress);
        await endless.SendJson(new { type = "hold", page = page.Name });
        await endless.ReadAsk(page);
        await endless.Send(kind, kind == RawSocket.Text ? "{"u8.ToArray() : page.Frame()[..40], final: false);
        for (var i = 0; i < 50; i++)
            await endless.Send(RawSocket.Continuation, [], final: false);
        await endless.ReadUntil(RawSocket.Text, text => text.Contains("\"bad-message\"", StringComparison.Ordinal));
        await endless.ReadUntil(RawSocket.Close);
    }

    [Fact]
    public async Task Messages_of_more_bytes_a_second_than_one_visitor_may_send_are_refused()
    {
        await using var web = await WebApp.Start(WebApp.NewClock(), "--Ephemeral:BytesPerSecond=65536");
        await using var visitor = await web.Visitor();
        await web.Freeze();
        var page = TestBlob.Fresh();
        var long4K = $$"""{"type":"release","page":"{{page.Name}}","padding":"{{new string('x', 3900)}}"}""";
        for (var i = 0; i < 15; i++)
            await visitor.SendText(long4K);
        await visitor.Fence();
        Assert.Empty(visitor.Seen<ErrorCame>(error => error.Code == "rate-limited"));
        await visitor.SendText(long4K);
        await visitor.SendText(long4K);
        var refused = await visitor.NextError("rate-limited");
        Assert.InRange(refused.RetryAfterMs!.Value, 1, 1000);
        await web.Pass(TimeSpan.FromSeconds(1));
        await visitor.Fence();
    }

    [Fact]
    public async Task Blobs_of_one_visitor_are_taken_in_no_faster_than_it_may_send_and_all_the_same_whole()
    {
        await using var web = await WebApp.Start(WebApp.NewClock(), "--Ephemeral:BytesPerSecond=65536");
        var blobs = TestBlob.Several(3, 65536);
        var page = TestBlob.Fresh();
        await using var holder = await web.Visitor("holder");
        holder.Gives([page, .. blobs]);
        await holder.Hold(page);
        await holder.NextStatus(page, "holder");
        await using var getter = await web.Visitor("getter");
        await getter.Want(page, root: false);
        await getter.NextStatus(page, "waiter");
        await web.Freeze();
        foreach (var blob in blobs)
            await getter.Get(page, blob);
        await getter.NextBlob(blobs[0]);
        await getter.Fence();
        Assert.Equal(1, blobs.Sum(getter.Came));
        await web.Pass(TimeSpan.FromSeconds(0.75), getter);
        await getter.NextBlob(blobs[1]);
        await getter.Fence();
        Assert.Equal(0, getter.Came(blobs[2]));
        await web.Pass(TimeSpan.FromSeconds(1.5), getter);
        await getter.NextBlob(blobs[2]);
    }

    [Fact]
    public async Task When_too_much_is_queued_in_all_the_slow_are_closed_with_1013_and_others_are_served()
    {
        const int MiB = 1 << 20;
        await using var web = await WebApp.Start($"--Ephemeral:MaxQueuedBytesInAll={2 * MiB}", $"--Ephemeral:MaxQueuedBytes={1 << 30}");
        // More than the bound and what the kernel takes in on the way.
        var pages = TestBlob.Several(14, MiB);
        await using var holder = await web.Visitor("holder");
        holder.Gives(pages);
        await using var slow = await web.Visitor("slow reader", thin: true);
        await using var quick = await web.Visitor("quick reader");
        foreach (var page in pages)
            await slow.Want(page);
        await slow.Fence();
        slow.Pause();
        foreach (var page in pages)
        {
            await holder.Hold(page);
            await holder.NextStatus(page, "holder");
        }
        await quick.Want(pages[0]);
        await quick.NextBlob(pages[0]);
        slow.Resume();
        Assert.Equal(1013, await slow.NextClose());
        await AllGone(web);
    }

    [Fact]
    public async Task A_request_that_does_not_end_is_cut_off_however_steadily_it_trickles()
    {
        await using var web = await WebApp.Start();
        using var tcp = new TcpClient { NoDelay = true };
        using var patience = new CancellationTokenSource(TestVisitor.Patience * 3);
        await tcp.ConnectAsync(web.Address.Host, web.Address.Port, patience.Token);
        var stream = tcp.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"GET / HTTP/1.1\r\nHost: {web.Address.Authority}\r\nX-Slow: "), patience.Token);
        var answer = new byte[64];
        var reading = stream.ReadAsync(answer, patience.Token).AsTask();
        while (await Task.WhenAny(reading, Task.Delay(200, patience.Token)) != reading)
            await stream.WriteAsync("x"u8.ToArray(), patience.Token);
        Assert.StartsWith("HTTP/1.1 408 ", Encoding.ASCII.GetString(answer, 0, await reading), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Connections_are_bounded_before_they_say_anything()
    {
        await using var web = await WebApp.Start("--Ephemeral:MaxVisitors=1");
        using var patience = new CancellationTokenSource(TestVisitor.Patience);
        var connections = new List<TcpClient>();
        try
        {
            // As many as visitors, and some to be told that there are too many.
            for (var i = 0; i < 1 + 1000; i++)
            {
                connections.Add(new TcpClient());
                await connections[i].ConnectAsync(web.Address.Host, web.Address.Port, patience.Token);
            }
            using var further = new TcpClient();
            await further.ConnectAsync(web.Address.Host, web.Address.Port, patience.Token);
            Assert.Equal(0, await further.GetStream().ReadAsync(new byte[1], patience.Token));
        }
        finally
        {
            connections.ForEach(connection => connection.Dispose());
        }
    }

    [Fact]
    public async Task For_one_who_reads_nothing_no_more_than_the_newest_status_of_a_page_waits()
    {
        await using var web = await WebApp.Start(WebApp.NewClock(), "--Ephemeral:SilenceLimit=01:00:00", "--Ephemeral:PingInterval=00:10:00");
        var page = TestBlob.Fresh();
        await using var holder = await web.Visitor("holder");
        holder.Gives(page);
        await holder.Hold(page);
        await holder.NextStatus(page, "holder");
        await web.Freeze();
        using var stuck = new StuckSocket();
        var serving = web.Serve(stuck);
        stuck.Say(new { type = "want", page = page.Name });
        await stuck.Stuck.WaitAsync(TestVisitor.Patience);
        var backlog = web.App.Services.GetRequiredService<WebNode>().Backlog;
        var waiting = 0L;
        for (var i = 0; i < 10; i++)
        {
            await holder.Want(page, root: false);
            await web.Pass(TimeSpan.FromSeconds(1), holder);
            await holder.Hold(page);
            await web.Pass(TimeSpan.FromSeconds(1), holder);
            if (i == 0)
                waiting = backlog.Bytes;
        }
        Assert.Equal(waiting, backlog.Bytes);
        stuck.Abort();
        await serving.WaitAsync(TestVisitor.Patience);
    }

    [Fact]
    public async Task Blobs_wait_for_memory_that_others_have_and_readers_who_do_not_give_it_back_are_closed()
    {
        const int MiB = 1 << 20;
        await using var web = await WebApp.Start(WebApp.NewClock(), $"--Ephemeral:BlobMemory={2 * MiB}", "--Ephemeral:SilenceLimit=01:00:00", "--Ephemeral:PingInterval=00:10:00");
        var pages = TestBlob.Several(2, MiB);
        await using var holder = await web.Visitor("holder");
        holder.Gives(pages);
        foreach (var page in pages)
        {
            await holder.Hold(page);
            await holder.NextStatus(page, "holder");
        }
        await web.Freeze();
        using var stuck = new StuckSocket();
        var serving = web.Serve(stuck);
        stuck.Say(new { type = "want", page = pages[0].Name });
        await stuck.Stuck.WaitAsync(TestVisitor.Patience);

        // What is left is a little less than the next one may need.
        await using var quick = await web.Visitor("quick reader");
        await quick.Want(pages[1]);
        await web.Pass(TimeSpan.FromSeconds(1), quick);
        Assert.Equal(0, quick.Came(pages[1]));
        await web.Pass(TimeSpan.FromSeconds(3), quick);
        await quick.NextBlob(pages[1]);
        await serving.WaitAsync(TestVisitor.Patience);
    }

    [Fact]
    public async Task Holders_who_stop_in_the_middle_do_not_keep_the_memory_from_others()
    {
        const int MiB = 1 << 20;
        await using var web = await WebApp.Start(WebApp.NewClock(), $"--Ephemeral:BlobMemory={MiB}", "--Ephemeral:SilenceLimit=01:00:00", "--Ephemeral:PingInterval=00:10:00");
        var (held, trickled) = (TestBlob.Fresh(MiB), TestBlob.Fresh(MiB));
        await using var holder = await web.Visitor("holder");
        holder.Gives(held);
        await holder.Hold(held);
        await holder.NextStatus(held, "holder");
        using var trickler = await RawSocket.Connect(web.SocketAddress);
        await trickler.SendJson(new { type = "hold", page = trickled.Name });
        await trickler.ReadAsk(trickled);
        await web.Freeze();
        await trickler.Send(RawSocket.Binary, trickled.Frame()[..100], final: false);
        await trickler.PingPong();

        await using var reader = await web.Visitor("reader");
        await reader.Want(held);
        await web.Pass(TimeSpan.FromSeconds(4), reader);
        await reader.NextBlob(held);
    }

    // What was closed lets go of all it had queued.
    private static async Task AllGone(WebApp web)
    {
        var node = web.App.Services.GetRequiredService<WebNode>();
        using var patience = new CancellationTokenSource(TestVisitor.Patience);
        while (node.Backlog.Bytes != 0)
            await Task.Delay(10, patience.Token);
    }

    private static Task<TestVisitor> From(WebApp web, string? forwardedFor) =>
        web.Visitor(forwardedFor ?? "direct", options => SetForwarded(options, forwardedFor));

    private static void SetForwarded(ClientWebSocketOptions options, string? forwardedFor)
    {
        if (forwardedFor is not null)
            options.SetRequestHeader("X-Forwarded-For", forwardedFor);
    }

    private static async Task<(HttpStatusCode Status, int RetryAfter)> Refused(WebApp web, string? forwardedFor)
    {
        using var socket = new ClientWebSocket();
        socket.Options.CollectHttpResponseDetails = true;
        socket.Options.AddSubProtocol(TestVisitor.Subprotocol);
        SetForwarded(socket.Options, forwardedFor);
        using var patience = new CancellationTokenSource(TestVisitor.Patience);
        await Assert.ThrowsAsync<WebSocketException>(() => socket.ConnectAsync(web.SocketAddress, patience.Token));
        var retryAfter = socket.HttpResponseHeaders!.First(header => header.Key.Equals("Retry-After", StringComparison.OrdinalIgnoreCase)).Value.Single();
        return (socket.HttpStatusCode, int.Parse(retryAfter, CultureInfo.InvariantCulture));
    }

    private static async Task<TestVisitor> LetInAtLast(WebApp web, string forwardedFor)
    {
        using var patience = new CancellationTokenSource(TestVisitor.Patience);
        while (true)
        {
            try
            {
                return await From(web, forwardedFor);
            }
            catch (WebSocketException)
            {
                patience.Token.ThrowIfCancellationRequested();
            }
        }
    }

    private static Task<HttpResponseMessage> Numbers(WebApp web, string? forwardedFor) => Get(web, $"/api/pages/{TestBlob.Fresh().Name}", forwardedFor);

    /// <param name="until">Asks again until this is the answer.</param>
    private static async Task<HttpResponseMessage> Get(WebApp web, string path, string? forwardedFor, HttpStatusCode? until = null)
    {
        using var patience = new CancellationTokenSource(TestVisitor.Patience);
        while (true)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            if (forwardedFor is not null)
                request.Headers.Add("X-Forwarded-For", forwardedFor);
            var answer = await web.Http.SendAsync(request, patience.Token);
            if (until is null || answer.StatusCode == until)
                return answer;
            answer.Dispose();
        }
    }
}
