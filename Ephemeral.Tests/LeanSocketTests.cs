using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Ephemeral.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Ephemeral.Tests;

/// <summary>Sockets that have let go of their request rest on how the server ends requests, which is documented nowhere: a runtime that does it otherwise fails here.</summary>
public sealed class LeanSocketTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Only_a_lean_socket_keeps_nothing_of_the_request_that_it_began_as(bool lean)
    {
        await using var web = new Watched(lean);
        await web.InitializeAsync();
        await using var visitor = await web.Visitor();
        // The memory of an asynchronous call may hold on to what it had last, until it is used for another one.
        await using var another = await web.Visitor();
        for (var i = 0; i < 50 && web.IsRequestAlive; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            await visitor.Fence();
        }
        Assert.Equal(!lean, web.IsRequestAlive);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_page_is_held_wanted_and_let_go_of(bool lean)
    {
        await using var web = await WebApp.Start($"--Ephemeral:LeanSockets={lean}");
        var page = TestBlob.Fresh(300_000);
        await using var waiter = await web.Visitor("waiter");
        await waiter.Want(page);
        await using (var holder = await web.Visitor("holder"))
        {
            holder.Gives(page);
            await holder.Hold(page);
            await waiter.NextBlob(page);
        }
        await waiter.NextStatus(page, status => status.Holders == 0);
    }

    // Kestrel's time limits for requests are all over by then; it ticks by real time alone.
    [Fact]
    public async Task An_idle_socket_outlives_all_that_ends_requests()
    {
        await using var web = await WebApp.Start("--Ephemeral:PingInterval=00:10:00", "--Ephemeral:SilenceLimit=00:20:00");
        var visitors = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => web.Visitor($"visitor {i}")));
        foreach (var visitor in visitors)
            await visitor.Fence();
        await Task.Delay(TimeSpan.FromSeconds(155));
        foreach (var visitor in visitors)
        {
            await visitor.Fence();
            await visitor.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_ping_goes_between_frames_and_never_while_one_is_on_its_way()
    {
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 10, resumeWriterThreshold: 5));
        var stream = new PipeStream(null, pipe.Writer);
        Assert.True(stream.Ping());
        var frame = stream.WriteAsync(new byte[20]).AsTask();
        Assert.False(stream.Ping());
        var sent = await pipe.Reader.ReadAsync();
        Assert.Equal([0x89, 0, .. new byte[20]], sent.Buffer.ToArray());
        pipe.Reader.AdvanceTo(sent.Buffer.End);
        await frame;
        Assert.True(stream.Ping());
        Assert.Equal([0x89, 0], (await pipe.Reader.ReadAsync()).Buffer.ToArray());

        await stream.DisposeAsync();
        await pipe.Reader.CompleteAsync(new IOException("gone"));
        Assert.False(stream.Ping());
    }

    // A ping between two writes is one between two frames only as long as that is so.
    [Theory]
    [InlineData(1)]
    [InlineData(64 << 10)]
    public async Task The_framework_writes_each_frame_in_one_go(int length)
    {
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 1, resumeWriterThreshold: 1));
        using var socket = WebSocket.CreateFromStream(new PipeStream(new Pipe().Reader, pipe.Writer), new WebSocketCreationOptions { IsServer = true, KeepAliveInterval = TimeSpan.Zero });
        var sending = socket.SendAsync(new byte[length], WebSocketMessageType.Binary, true, CancellationToken.None);
        // Each write waits until it is read.
        var first = await pipe.Reader.ReadAsync();
        Assert.Equal(length + (length < 126 ? 2 : 10), (int)first.Buffer.Length);
        pipe.Reader.AdvanceTo(first.Buffer.End);
        await sending;
    }

    [Fact]
    public async Task A_ping_for_one_who_has_gone_harms_nobody()
    {
        var pipe = new Pipe();
        await pipe.Reader.CompleteAsync(new IOException("gone"));
        Assert.True(new PipeStream(null, pipe.Writer).Ping());
    }

    [Fact]
    public async Task A_handshake_that_is_broken_off_leaves_nothing_behind()
    {
        await using var web = await WebApp.Start();
        for (var i = 0; i < 100; i++)
        {
            // In the middle of it, right behind it, and when it has been answered.
            using var tcp = new TcpClient { NoDelay = true, LingerState = new LingerOption(true, 0) };
            await tcp.ConnectAsync(web.Address.Host, web.Address.Port);
            var handshake = Encoding.ASCII.GetBytes(
                $"GET /ws HTTP/1.1\r\nHost: {web.Address.Authority}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" +
                $"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: {TestVisitor.Subprotocol}\r\n\r\n");
            await tcp.GetStream().WriteAsync(handshake.AsMemory(0, i % 2 == 0 ? handshake.Length : handshake.Length / 2));
            tcp.Close();
            (await RawSocket.Connect(web.SocketAddress)).Reset();
        }
        await using var visitor = await web.Visitor();
        var node = web.App.Services.GetRequiredService<WebNode>();
        for (var i = 0; i < 100 && node.OpenSockets > 1; i++)
            await visitor.Fence();
        Assert.Equal(1, node.OpenSockets);
        Assert.Empty(web.Warnings);
    }

    [Fact]
    public async Task Frames_that_come_with_the_handshake_are_read()
    {
        await using var web = await WebApp.Start();
        var page = TestBlob.Fresh();
        using var socket = await RawSocket.Connect(web.SocketAddress, null,
            RawSocket.Frame(RawSocket.Text, JsonSerializer.SerializeToUtf8Bytes(new { type = "want", page = page.Name })));
        await socket.ReadUntil(RawSocket.Text, text => text.Contains("\"waiters\":1", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_connection_that_has_carried_a_request_can_become_a_socket()
    {
        await using var web = await WebApp.Start();
        using var socket = await RawSocket.Connect(web.SocketAddress, "/health/live");
        await socket.PingPong();
    }

    [Fact]
    public async Task A_socket_that_is_closed_ends_its_connection()
    {
        await using var web = await WebApp.Start();
        using var socket = await RawSocket.Connect(web.SocketAddress);
        await socket.Send(RawSocket.Text, "no message"u8.ToArray());
        await socket.ReadUntil(RawSocket.Close);
        await socket.Send(RawSocket.Close, [3, 240]);
        Assert.Equal(RawSocket.End, (await socket.Read()).Opcode);
    }

    private sealed class Watched(bool lean) : WebApp(null, $"--Ephemeral:LeanSockets={lean}"), IStartupFilter
    {
        private WeakReference? _request;

        public bool IsRequestAlive => _request!.IsAlive;

        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use(async (HttpContext http, RequestDelegate then) =>
            {
                // The first one; the server's own object, which the features come from.
                if (http.Request.Path == "/ws")
                    Watch(http);
                await then(http);
            });
            next(app);
        };

        protected override void Configure(IServiceCollection services) => services.AddSingleton<IStartupFilter>(this);

        [MethodImpl(MethodImplOptions.NoInlining)]
        private void Watch(HttpContext http) => _request ??= new WeakReference(http.Features.Get<IHttpRequestFeature>());
    }
}
