using System.Net;
using System.Net.Sockets;
using Ephemeral.Grains;
using Ephemeral.Web;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Ephemeral.Tests;

/// <summary>A web node whose silos are all gone: what it can't know it doesn't say.</summary>
public sealed class UnreachableTests : IAsyncLifetime
{
    private readonly TestBlob _page = TestBlob.Fresh();
    private IHost _silo = null!;
    private WebApp _web = null!;

    [Fact]
    public async Task A_page_that_is_not_known_here_is_not_said_to_have_nobody()
    {
        await using var holder = await _web.Visitor("holder");
        holder.Gives(_page);
        await holder.Hold(_page);
        await holder.NextStatus(_page, "holder");
        await _silo.StopAsync();

        var unknown = TestBlob.Fresh();
        await _web.Freeze();
        var asked = new[] { $"/api/pages/{unknown.Name}", $"/{unknown.Name}/raw?wait=0", $"/{unknown.Name}/files/a" }
            .Select(path => _web.Http.GetAsync(new Uri(path, UriKind.Relative))).ToList();
        while (!asked.TrueForAll(answer => answer.IsCompleted))
            await _web.Pass(TimeSpan.FromMilliseconds(250), holder);
        foreach (var asking in asked)
        {
            using var answer = await asking;
            Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
            Assert.NotNull(answer.Headers.RetryAfter);
        }

        // What is held here is known here.
        Assert.Equal(_page.Bytes, await _web.Http.GetByteArrayAsync(new Uri($"/{_page.Name}/raw", UriKind.Relative)));
        Assert.Contains("\"holders\":1,", await _web.Http.GetStringAsync(new Uri($"/api/pages/{_page.Name}", UriKind.Relative)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Letting_go_of_an_unknown_page_is_answered_within_a_second_all_the_same()
    {
        await using var visitor = await _web.Visitor();
        await visitor.Fence();
        await _silo.StopAsync();
        await _web.Freeze();
        await visitor.Release(_page);
        var answer = visitor.NextStatus(_page, "none");
        await _web.Pass(TimeSpan.FromSeconds(1), visitor);
        await answer;
    }

    [Theory]
    [InlineData("want")]
    [InlineData("hold")]
    public async Task Who_sets_off_more_than_the_silos_answer_waits_for_a_second_and_nobody_else_does(string type)
    {
        await using var busy = await _web.Visitor("busy");
        await using var other = await _web.Visitor("other");
        await other.Fence();
        await _silo.StopAsync();
        await _web.Freeze();
        foreach (var page in TestBlob.Several(4)) await busy.SendJson(new { type, page = page.Name });
        var node = _web.App.Services.GetRequiredService<WebNode>();
        using var patience = new CancellationTokenSource(TestVisitor.Patience);
        while (node.PagesHere < 4) await Task.Delay(10, patience.Token);
        var heard = busy.Fence();
        await other.Fence();
        await _web.Pass(TimeSpan.FromSeconds(0.7), other);
        Assert.False(heard.IsCompleted);
        await _web.Pass(TimeSpan.FromSeconds(2), other);
        await heard;
    }

    public async Task InitializeAsync()
    {
        var (siloPort, gatewayPort) = (FreePort(), FreePort());
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        builder.UseOrleans(silo => silo.AddPages().UseLocalhostClustering(siloPort, gatewayPort, null, "ephemeral", "ephemeral"));
        _silo = builder.Build();
        await _silo.StartAsync().WaitAsync(TimeSpan.FromSeconds(60));
        _web = await WebApp.Start(WebApp.NewClock(), "--Ephemeral:Silo=external", "--Ephemeral:DrainTime=00:00:00", $"--Orleans:Endpoints:GatewayPort={gatewayPort}",
            "--Ephemeral:SilenceLimit=01:00:00", "--Ephemeral:PingInterval=00:10:00");
    }

    public async Task DisposeAsync()
    {
        await _web.DisposeAsync();
        await _silo.StopAsync();
        _silo.Dispose();
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
