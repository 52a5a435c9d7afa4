using System.Net;
using System.Text.Json;
using Ephemeral.Tests.Fixtures;
using Xunit;

namespace Ephemeral.Tests;

/// <summary>Hold, want and leave from end to end, where the holder and the visitor are on different nodes.</summary>
public sealed class FlowTests(TwoNodes nodes) : IClassFixture<TwoNodes>, IAsyncLifetime
{
    private readonly List<TestVisitor> _visitors = [];
    private readonly TestBlob _page = TestBlob.Fresh();

    [Fact]
    public async Task A_page_held_on_one_node_is_opened_on_the_other_and_lives_on_there()
    {
        var holder = await Holder(nodes.A);
        var visitor = await Visitor(nodes.B, "visitor");
        await visitor.Want(_page);
        await visitor.NextBlob(_page);
        visitor.Gives(_page);
        await visitor.Hold(_page);
        await visitor.NextStatus(_page, holders: 2, waiters: 0, "holder");
        await holder.NextStatus(_page, holders: 2, waiters: 0, "holder");

        await holder.Leave();
        await visitor.NextStatus(_page, holders: 1, waiters: 0, "holder");
        var third = await Visitor(nodes.A, "third");
        await third.Want(_page);
        await third.NextBlob(_page);
    }

    [Fact]
    public async Task One_who_waits_is_served_when_the_first_holder_appears_on_another_node()
    {
        var waiter = await Visitor(nodes.B, "waiter");
        await waiter.Want(_page);
        await waiter.NextStatus(_page, holders: 0, waiters: 1, "waiter");
        await Holder(nodes.A);
        await waiter.NextBlob(_page);
    }

    [Fact]
    public async Task A_crowd_on_another_node_costs_the_holder_about_one_upload()
    {
        var holder = await Holder(nodes.A);
        var proofs = holder.Uploads(_page);
        var crowd = await Task.WhenAll(Enumerable.Range(0, 50).Select(i => Visitor(nodes.B, $"visitor {i}")));
        await Task.WhenAll(crowd.Select(async visitor =>
        {
            await visitor.Want(_page);
            await visitor.NextBlob(_page);
        }));
        Assert.InRange(holder.Uploads(_page) - proofs, 1, 2);
    }

    [Fact]
    public async Task What_follows_a_page_is_known_on_all_nodes_and_by_who_comes_after_the_one_who_said_it_has_gone()
    {
        var next = TestBlob.Fresh();
        var author = await Holder(nodes.A);
        var reader = await Visitor(nodes.B, "reader");
        await reader.Want(_page);
        await reader.NextBlob(_page);
        await author.Succeed(_page, next);
        await reader.NextSuccessor(_page, next);
        await author.Leave();
        var late = await Visitor(nodes.A, "late");
        await late.Want(_page, root: false);
        await late.NextSuccessor(_page, next);
    }

    [Fact]
    public async Task A_part_on_one_node_is_given_to_the_other_though_nobody_holds_the_page()
    {
        var blob = TestBlob.Fresh();
        var first = await Visitor(nodes.A, "first");
        first.Gives(_page, blob);
        await first.Want(_page, root: false);
        await first.Have(_page, _page, blob);
        var second = await Visitor(nodes.B, "second");
        await second.Want(_page);
        await second.NextBlob(_page);
        await second.NextStatus(_page, holders: 0, waiters: 2, "waiter");
        await second.Get(_page, blob);
        await second.NextBlob(blob);
        Assert.Equal(1, first.Uploads(blob));
    }

    [Fact]
    public async Task A_further_blob_comes_from_another_node_and_a_miss_there_is_said_here()
    {
        var (blob, lost) = (TestBlob.Fresh(), TestBlob.Fresh());
        await Holder(nodes.A, blob);
        var visitor = await Visitor(nodes.B, "visitor");
        await visitor.Want(_page);
        await visitor.NextBlob(_page);
        await visitor.Get(_page, blob);
        await visitor.NextBlob(blob);
        await visitor.Get(_page, lost);
        await visitor.NextError("unavailable", _page, lost);
    }

    [Fact]
    public async Task A_mute_holder_here_does_not_keep_the_good_one_there_from_answering()
    {
        await Holder(nodes.A);
        var mute = await Visitor(nodes.B, "mute");
        await mute.Hold(_page);
        await mute.NextStatus(_page, "claimed");
        var visitor = await Visitor(nodes.B, "visitor");
        await visitor.Want(_page);
        await visitor.NextBlob(_page);
    }

    [Fact]
    public async Task A_liar_on_another_node_is_thrown_out_and_the_visitor_sees_only_the_truth()
    {
        var liar = await Visitor(nodes.A, "liar");
        await liar.Hold(_page);
        await liar.NextAsk(_page, _page);
        var visitor = await Visitor(nodes.B, "visitor");
        await visitor.Want(_page);
        await visitor.NextStatus(_page, "waiter");
        await liar.SendLie(_page);
        Assert.Equal(4001, await liar.NextClose());
        await Holder(nodes.A);
        await visitor.NextBlob(_page);
    }

    [Fact]
    public async Task Health_over_http_is_the_same_on_every_node_and_raw_reads_from_any()
    {
        await Holder(nodes.A);
        foreach (var node in new[] { nodes.A, nodes.B })
        {
            using var health = JsonDocument.Parse(await nodes.Http.GetStringAsync(new Uri(node, $"/api/pages/{_page.Name}")));
            Assert.Equal((1, 0), (health.RootElement.GetProperty("holders").GetInt32(), health.RootElement.GetProperty("waiters").GetInt32()));
            Assert.Equal(_page.Bytes, await nodes.Http.GetByteArrayAsync(new Uri(node, $"/{_page.Name}/raw?wait=10")));
        }
        using var missing = await nodes.Http.GetAsync(new Uri(nodes.B, $"/{TestBlob.Fresh().Name}/raw?wait=0"));
        Assert.Equal(HttpStatusCode.NotFound, missing.StatusCode);
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        foreach (var visitor in _visitors)
            await visitor.DisposeAsync();
    }

    private async Task<TestVisitor> Holder(Uri node, params TestBlob[] further)
    {
        var holder = await Visitor(node, "holder");
        holder.Gives([_page, .. further]);
        await holder.Hold(_page);
        await holder.NextStatus(_page, "holder");
        return holder;
    }

    private async Task<TestVisitor> Visitor(Uri node, string name)
    {
        var visitor = await TestVisitor.Connect(new Uri($"ws://{node.Authority}/ws"), name);
        lock (_visitors)
            _visitors.Add(visitor);
        return visitor;
    }
}
