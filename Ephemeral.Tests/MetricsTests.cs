using System.Net;
using System.Net.Sockets;
using Xunit;

namespace Ephemeral.Tests;

public sealed class MetricsTests
{
    [Fact]
    public async Task The_operators_address_serves_numbers_and_nothing_else_and_the_public_one_no_numbers()
    {
        var management = $"http://127.0.0.1:{FreePort()}";
        await using var web = await WebApp.Start($"--Ephemeral:ManagementUrl={management}");
        var page = TestBlob.Fresh();
        await using var holder = await web.Visitor("holder");
        holder.Gives(page);
        await holder.Hold(page);
        await holder.NextStatus(page, holders: 1, waiters: 0, "holder");

        using var http = new HttpClient();
        var numbers = await http.GetStringAsync(new Uri($"{management}/metrics"));
        Assert.Matches(@"(?m)^ephemeral_visitors(\{[^}]*\})? 1\r?$", numbers);
        Assert.Matches(@"(?m)^ephemeral_node_pages(\{[^}]*\})? 1\r?$", numbers);
        Assert.Matches(@"(?m)^ephemeral_holders(\{[^}]*\})? 1\r?$", numbers);
        Assert.Contains("orleans", numbers, StringComparison.Ordinal);
        Assert.DoesNotContain(page.Name, numbers, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await http.GetAsync(new Uri($"{management}/"))).StatusCode);

        using var spoofed = new HttpRequestMessage(HttpMethod.Get, new Uri(web.Address, "/metrics"));
        spoofed.Headers.Host = new Uri(management).Authority;
        Assert.Equal(HttpStatusCode.NotFound, (await http.SendAsync(spoofed)).StatusCode);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
