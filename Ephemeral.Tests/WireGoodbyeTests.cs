using System.Net;
using System.Net.WebSockets;
using Xunit;

namespace Ephemeral.Tests;

/// <summary>How a node leaves: it says so, goes on meanwhile, and closes what is still open.</summary>
public sealed class WireGoodbyeTests
{
    private readonly TestBlob _page = TestBlob.Fresh();

    [Fact]
    public async Task A_node_that_stops_says_goodbye_goes_on_and_closes_with_1001()
    {
        // On fake time, so that the drain lasts as long as this test looks at it.
        await using var web = await WebApp.Start(WebApp.NewClock(), "--Ephemeral:DrainTime=00:00:10");
        await using var holder = await web.Visitor("holder");
        await using var visitor = await web.Visitor("visitor");
        holder.Gives(_page);
        await holder.Hold(_page);
        await holder.NextStatus(_page, "holder");
        await visitor.Fence();
        await web.Freeze();

        var stopping = Task.Run(() => web.App.StopAsync());
        foreach (var said in new[] { holder, visitor }) Assert.InRange((await said.NextGoodbye()).RetryAfterMs, 0, 10_000);

        using var newcomer = new ClientWebSocket();
        newcomer.Options.AddSubProtocol(TestVisitor.Subprotocol);
        newcomer.Options.CollectHttpResponseDetails = true;
        await Assert.ThrowsAsync<WebSocketException>(() => newcomer.ConnectAsync(web.SocketAddress, CancellationToken.None));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, newcomer.HttpStatusCode);
        Assert.Contains("Retry-After", newcomer.HttpResponseHeaders!.Keys, StringComparer.OrdinalIgnoreCase);
        using var ready = await web.Http.GetAsync(new Uri("/health/ready", UriKind.Relative));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);

        web.Flow();
        await visitor.Want(_page);
        await visitor.NextBlob(_page);
        await visitor.NextStatus(_page, 1, 1, "waiter");

        Assert.Equal(1001, await visitor.NextClose());
        Assert.Equal(1001, await holder.NextClose());
        await stopping.WaitAsync(TimeSpan.FromSeconds(60));
    }

    [Fact]
    public async Task The_retries_after_a_goodbye_are_spread()
    {
        await using var web = await WebApp.Start(WebApp.NewClock(), "--Ephemeral:DrainTime=00:00:10");
        var visitors = new List<TestVisitor>();
        for (var i = 0; i < 20; i++) visitors.Add(await web.Visitor());
        var stopping = Task.Run(() => web.App.StopAsync());
        var delays = new HashSet<int>();
        foreach (var visitor in visitors) delays.Add((await visitor.NextGoodbye()).RetryAfterMs);
        Assert.True(delays.Count > 5, $"Twenty visitors were told only {delays.Count} different times.");
        foreach (var visitor in visitors) await visitor.Leave();
        await stopping.WaitAsync(TimeSpan.FromSeconds(60));
        foreach (var visitor in visitors) await visitor.DisposeAsync();
    }
}
