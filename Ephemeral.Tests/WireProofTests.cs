using Ephemeral.Tests.Fixtures;
using Xunit;

namespace Ephemeral.Tests;

/// <summary>A server that asks for few bytes a second to see that claims are true.</summary>
public sealed class FewProofsWebApp : ClockedWebApp
{
    public FewProofsWebApp() : base("--Ephemeral:ProofBytesPerSecond=65536") { }
}

/// <summary>How fast claims are proven when many come at once.</summary>
public sealed class WireProofTests(FewProofsWebApp web) : WireTest<FewProofsWebApp>(web)
{
    private const int MaxOpen = 128;

    [Fact]
    public async Task Claims_are_proven_no_faster_than_so_many_bytes_a_second()
    {
        var page = TestBlob.Fresh(60_000);
        await Web.Freeze();
        await Holder(page);
        await Holder(page);
        var third = await Visitor("third");
        third.Gives(page);
        await third.Hold(page);
        await third.Fence();
        await Web.Pass(TimeSpan.FromSeconds(0.5), third);
        Assert.Equal(0, third.Asked(page));
        await Web.Pass(TimeSpan.FromSeconds(2), third);
        await third.NextAsk(page, page);
    }

    [Fact]
    public async Task No_more_proofs_are_open_at_once_than_that_and_the_silent_keep_others_waiting_for_a_second()
    {
        var page = TestBlob.Fresh();
        await Web.Freeze();
        var claims = new List<TestVisitor>();
        for (var i = 0; i < MaxOpen + 12; i++)
        {
            claims.Add(await Visitor("claim"));
            claims[i].Mute();
            await claims[i].Hold(page);
            await claims[i].Fence();
        }
        foreach (var claim in claims[..MaxOpen]) await claim.NextAsk(page, page);
        foreach (var claim in claims[MaxOpen..]) await claim.Fence();
        Assert.Equal(0, claims[MaxOpen..].Sum(claim => claim.Asked(page)));
        await Web.Pass(TimeSpan.FromSeconds(1.1), claims[^1]);
        foreach (var claim in claims[MaxOpen..]) await claim.NextAsk(page, page);
    }
}
