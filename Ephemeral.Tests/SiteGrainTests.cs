using Ephemeral.Grains;
using Ephemeral.Tests.Fixtures;
using Xunit;

namespace Ephemeral.Tests;

[Collection(nameof(EphemeralCluster))]
public class SiteGrainTests(EphemeralCluster cluster)
{
    [Fact]
    public async Task The_pulse_adds_up_pages_and_holders_of_all_silos_and_goes_back_when_they_leave()
    {
        var node = new TestNode(cluster.Grains);
        var site = cluster.Grains.GetGrain<ISiteGrain>(ISiteGrain.Key);
        var before = await site.Watch(node.Id, node.Reference);
        var pages = Enumerable.Range(0, 20).Select(_ => ContentHash.Of(Guid.NewGuid().ToByteArray())).ToList();
        foreach (var page in pages)
            await node.Announce(page, holders: 3, waiters: 1);

        var grown = await Advancing(node, node.Pulse(pulse => pulse.Pages >= before.Pages + 20 && pulse.Holders >= before.Holders + 60));
        foreach (var page in pages)
            await node.Announce(page);
        await Advancing(node, node.Pulse(pulse => pulse.Pages <= grown.Pages - 20 && pulse.Holders <= grown.Holders - 60));
    }

    // The streams run on real time and the pages on fake time: here the one flows with the other.
    private async Task<SitePulse> Advancing(TestNode node, Task<SitePulse> awaited)
    {
        using var ticks = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (!awaited.IsCompleted && await ticks.WaitForNextTickAsync())
        {
            cluster.Time.Advance(TimeSpan.FromMilliseconds(100));
            await cluster.Grains.GetGrain<ISiteGrain>(ISiteGrain.Key).Watch(node.Id, node.Reference);
        }
        return await awaited;
    }
}
