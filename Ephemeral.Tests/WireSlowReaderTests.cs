using Xunit;

namespace Ephemeral.Tests;

/// <summary>A server that queues little for one visitor.</summary>
public sealed class ShortQueueWebApp : WebApp
{
    public ShortQueueWebApp() : base(null, "--Ephemeral:MaxQueuedBytes=2097152") { }
}

/// <summary>What a visitor that stops reading does to itself, and doesn't do to others.</summary>
public sealed class WireSlowReaderTests(ShortQueueWebApp web) : WireTest<ShortQueueWebApp>(web)
{
    private const int MiB = 1024 * 1024;

    // More than the queue and what the kernel takes in on the way: up to 4 MiB on the server's side and little on the reader's.
    private const int Count = 14;

    [Fact]
    public async Task A_slow_reader_of_roots_is_closed_with_1013_and_nobody_else_waits_for_it()
    {
        var pages = TestBlob.Several(Count, MiB);
        var holder = await Visitor("holder");
        holder.Gives(pages);
        var slow = await Visitor("slow reader", thin: true);
        var quick = await Visitor("quick reader");
        foreach (var page in pages)
        {
            await slow.Want(page);
            await quick.Want(page);
        }

        await slow.Fence();
        await quick.Fence();
        slow.Pause();
        foreach (var page in pages)
        {
            await holder.Hold(page);
            await quick.NextBlob(page);
        }

        slow.Resume();
        Assert.Equal(1013, await slow.NextClose());
        await quick.NextStatus(pages[0], 1, 1, "waiter");
    }

    [Fact]
    public async Task Gets_are_a_credit_so_a_slow_reader_of_them_is_served_at_its_own_pace()
    {
        var page = TestBlob.Fresh();
        var blobs = TestBlob.Several(Count, MiB);
        var holder = await Holder(page, blobs);
        var slow = await Visitor("slow reader", thin: true);
        await slow.Want(page, root: false);
        await slow.NextStatus(page, "waiter");
        var witness = await Visitor("witness");
        slow.Pause();
        foreach (var blob in blobs)
        {
            await slow.Get(page, blob);
            // Who reads nothing tells nothing: a want of a page that another one watches shows that the server has seen the get.
            var mark = TestBlob.Fresh();
            await slow.Want(mark, root: false);
            await witness.Want(mark, root: false);
            await witness.NextStatus(mark, 0, 2, "waiter");
            await slow.Release(mark);
            await witness.Release(mark);
            await holder.Fence();
        }

        var begun = blobs.Sum(holder.Asked);
        Assert.InRange(begun, 1, Count - 1);
        slow.Resume();
        foreach (var blob in blobs) await slow.NextBlob(blob);
        await slow.Fence();
        Assert.Equal(Count, blobs.Sum(holder.Uploads));
    }

    [Fact]
    public async Task A_slow_reader_of_a_crowded_page_gets_the_newest_numbers_only()
    {
        var page = TestBlob.Fresh();
        var slow = await Waiter(page);
        slow.Pause();
        var others = new List<TestVisitor>();
        for (var i = 0; i < 10; i++) others.Add(await Waiter(page, root: false));
        await others[^1].NextStatus(page, 0, 11, "waiter");
        slow.Resume();
        await slow.NextStatus(page, 0, 11, "waiter");
    }
}
