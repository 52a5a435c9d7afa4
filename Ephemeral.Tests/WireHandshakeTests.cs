using System.Diagnostics;
using System.Net;
using System.Net.WebSockets;
using Ephemeral.Web;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Ephemeral.Tests;

/// <summary>Who is let in, and how a connection begins, is kept alive and ends.</summary>
public sealed class WireHandshakeTests(WebApp web) : WireTest<WebApp>(web)
{
    private string Host => Web.Address.Authority;

    [Fact]
    public async Task The_first_message_is_welcome()
    {
        var welcome = (await Visitor()).Welcome;
        Assert.Equal((1, 1048576, 16, 8, 64), (welcome.Protocol, welcome.MaxBlob, welcome.MaxGets, welcome.MaxAsks, welcome.MaxPages));
    }

    [Fact]
    public async Task Without_a_subprotocol_the_answer_is_400()
    {
        var answer = await Knock(Web, _ => { }, subprotocols: []);
        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
    }

    [Theory]
    [InlineData("ephemeral.v2")]
    [InlineData("ephemeral")]
    [InlineData("Ephemeral.V1")]
    public async Task With_other_subprotocols_only_the_answer_is_400(string subprotocol)
    {
        var answer = await Knock(Web, _ => { }, [subprotocol, "chat"]);
        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
    }

    [Fact]
    public async Task The_subprotocol_is_picked_out_of_several()
    {
        var answer = await Knock(Web, _ => { }, ["chat", TestVisitor.Subprotocol, "ephemeral.v2"]);
        Assert.Equal(HttpStatusCode.SwitchingProtocols, answer.Status);
        Assert.Equal(TestVisitor.Subprotocol, answer.Subprotocol);
    }

    [Fact]
    public async Task Compression_is_not_agreed_to()
    {
        var answer = await Knock(Web, o => o.DangerousDeflateOptions = new WebSocketDeflateOptions());
        Assert.Equal(HttpStatusCode.SwitchingProtocols, answer.Status);
        Assert.DoesNotContain("Sec-WebSocket-Extensions", answer.Headers.Keys, StringComparer.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task A_browser_on_this_site_is_let_in() =>
        Assert.Equal(HttpStatusCode.SwitchingProtocols, (await Knock(Web, o => o.SetRequestHeader("Origin", $"http://{Host}"))).Status);

    [Fact]
    public async Task The_scheme_is_not_compared_since_TLS_may_end_at_a_proxy() =>
        Assert.Equal(HttpStatusCode.SwitchingProtocols, (await Knock(Web, o => o.SetRequestHeader("Origin", $"https://{Host}"))).Status);

    [Theory]
    [InlineData("https://pages.example", "pages.example")]
    [InlineData("http://pages.example", "pages.example")]
    [InlineData("https://pages.example:8443", "pages.example:8443")]
    public async Task The_origin_is_compared_with_the_host_that_the_request_names(string origin, string host)
    {
        var answer = await Knock(Web, o =>
        {
            o.SetRequestHeader("Host", host);
            o.SetRequestHeader("Origin", origin);
        });
        Assert.Equal(HttpStatusCode.SwitchingProtocols, answer.Status);
    }

    [Theory]
    [InlineData("null")]
    [InlineData("https://stranger.example")]
    [InlineData("http://127.0.0.1")]
    [InlineData("http://127.0.0.1:1")]
    [InlineData("http://{host}.stranger.example")]
    [InlineData("http://stranger.example/{host}")]
    [InlineData("http://{host}@stranger.example")]
    [InlineData("http://sub.{host}")]
    [InlineData("{host}")]
    [InlineData("nonsense")]
    public async Task Any_other_origin_gets_403(string origin)
    {
        var answer = await Knock(Web, o => o.SetRequestHeader("Origin", origin.Replace("{host}", Host, StringComparison.Ordinal)));
        Assert.Equal(HttpStatusCode.Forbidden, answer.Status);
    }

    [Fact]
    public async Task A_configured_origin_is_let_in_and_no_other()
    {
        await using var friendly = await WebApp.Start("--Ephemeral:AllowedOrigins:0=https://friend.example");
        Assert.Equal(HttpStatusCode.SwitchingProtocols, (await Knock(friendly, o => o.SetRequestHeader("Origin", "https://friend.example"))).Status);
        Assert.Equal(HttpStatusCode.SwitchingProtocols, (await Knock(friendly, o => o.SetRequestHeader("Origin", $"http://{friendly.Address.Authority}"))).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await Knock(friendly, o => o.SetRequestHeader("Origin", "https://friend.example.evil.example"))).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await Knock(friendly, o => o.SetRequestHeader("Origin", "https://friend.example:444"))).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await Knock(friendly, o => o.SetRequestHeader("Origin", "null"))).Status);
    }

    [Fact]
    public async Task A_full_node_answers_503_until_someone_leaves()
    {
        await using var small = await WebApp.Start("--Ephemeral:MaxVisitors=2");
        await using var first = await small.Visitor("first");
        await using var second = await small.Visitor("second");
        var full = await Knock(small, _ => { });
        Assert.Equal(HttpStatusCode.ServiceUnavailable, full.Status);
        Assert.Contains("Retry-After", full.Headers.Keys, StringComparer.OrdinalIgnoreCase);

        await second.Leave();
        await second.NextClose();
        using var patience = new CancellationTokenSource(TestVisitor.Patience);
        while ((await Knock(small, _ => { })).Status != HttpStatusCode.SwitchingProtocols) patience.Token.ThrowIfCancellationRequested();
    }

    [Fact]
    public async Task A_visitor_is_pinged_every_25_seconds_and_cut_off_when_no_byte_has_come_for_60()
    {
        await using var web = await WebApp.Start(WebApp.NewClock());
        using var alive = await RawSocket.Connect(web.SocketAddress);
        using var dead = await RawSocket.Connect(web.SocketAddress);
        foreach (var socket in new[] { alive, dead })
        {
            await socket.SendJson(new { type = "want", page = TestBlob.Fresh().Name });
            await socket.ReadUntil(RawSocket.Text, text => text.Contains("\"status\"", StringComparison.Ordinal));
        }
        await web.Freeze();
        await web.Pass(TimeSpan.FromSeconds(23));
        await alive.PingPong();
        for (var pings = 0; pings < 2; pings++)
        {
            await web.Pass(TimeSpan.FromSeconds(pings == 0 ? 3 : 25));
            Assert.Empty(await dead.ReadUntil(RawSocket.Ping));
            await alive.Send(RawSocket.Pong, await alive.ReadUntil(RawSocket.Ping));
            await alive.PingPong();
        }
        // 51 seconds by now; it is looked at once a second.
        await web.Pass(TimeSpan.FromSeconds(7));
        await alive.PingPong();
        Assert.Equal(2, web.App.Services.GetRequiredService<WebNode>().OpenSockets);
        await web.Pass(TimeSpan.FromSeconds(4));
        Assert.Equal(RawSocket.End, (await dead.Read()).Opcode);
        await web.Pass(TimeSpan.FromSeconds(20));
        await alive.ReadUntil(RawSocket.Ping);
        await alive.PingPong();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_visitor_that_only_reads_is_kept_by_its_pongs(bool lean)
    {
        await using var watchful = await WebApp.Start($"--Ephemeral:LeanSockets={lean}", "--Ephemeral:PingInterval=00:00:00.5", "--Ephemeral:SilenceLimit=00:00:04");
        await using var visitor = await watchful.Visitor();
        using var timer = await RawSocket.Connect(watchful.SocketAddress);
        // Twice as long as it could have stayed without.
        var start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(8)) await timer.Send(RawSocket.Pong, await timer.ReadUntil(RawSocket.Ping));
        await visitor.Fence();
    }

    [Fact]
    public async Task With_a_plain_socket_the_framework_pings_and_cuts_off()
    {
        await using var watchful = await WebApp.Start("--Ephemeral:LeanSockets=false", "--Ephemeral:PingInterval=00:00:00.1", "--Ephemeral:SilenceLimit=00:00:00.6");
        using var alive = await RawSocket.Connect(watchful.SocketAddress);
        using var dead = await RawSocket.Connect(watchful.SocketAddress);
        var end = Task.Run(async () =>
        {
            var pings = 0;
            while (true)
            {
                var (opcode, _) = await dead.Read();
                if (opcode == RawSocket.Ping) pings++;
                if (opcode is RawSocket.Close or RawSocket.End) return pings;
            }
        });
        for (var pings = 0; pings < 15; pings++) await alive.Send(RawSocket.Pong, await alive.ReadUntil(RawSocket.Ping));
        Assert.InRange(await end.WaitAsync(TestVisitor.Patience), 1, 15);
        await alive.PingPong();
    }

    [Fact]
    public async Task A_client_that_closes_gets_its_close_answered()
    {
        var visitor = await Visitor();
        await visitor.Leave();
        Assert.Equal(1000, await visitor.NextClose());
    }

    private static async Task<(HttpStatusCode Status, IReadOnlyDictionary<string, IEnumerable<string>> Headers, string? Subprotocol)> Knock(
        WebApp web, Action<ClientWebSocketOptions> options, string[]? subprotocols = null)
    {
        using var socket = new ClientWebSocket();
        socket.Options.CollectHttpResponseDetails = true;
        foreach (var subprotocol in subprotocols ?? [TestVisitor.Subprotocol]) socket.Options.AddSubProtocol(subprotocol);
        options(socket.Options);
        using var patience = new CancellationTokenSource(TestVisitor.Patience);
        try
        {
            await socket.ConnectAsync(web.SocketAddress, patience.Token);
        }
        catch (WebSocketException)
        {
            // Refused; the status says why.
        }

        return (socket.HttpStatusCode, socket.HttpResponseHeaders ?? new Dictionary<string, IEnumerable<string>>(), socket.SubProtocol);
    }
}
