using System.Runtime.InteropServices;
using Ephemeral.Web;
using Xunit;

namespace Ephemeral.Tests;

public class FramesTests
{
    [Theory]
    [InlineData(0, 1088)]
    [InlineData(33, 1088)]
    [InlineData(1024 + 33, 1088)]
    [InlineData(1088, 1088)]
    [InlineData(1089, 2112)]
    [InlineData((64 << 10) + 33, (64 << 10) + 64)]
    [InlineData((1 << 20) + 33 + 1, (1 << 20) + 64)]
    [InlineData((1 << 20) + 65, (1 << 20) + 65)]
    public void An_array_is_hardly_larger_than_a_frame_of_the_usual_sizes(int length, int had)
    {
        Assert.Equal(had, Frames.SizeFor(length));
        Assert.Equal(had, new Frames().Take(length).Length);
    }

    [Theory]
    [InlineData(100)]
    [InlineData(100_000)]
    [InlineData(2_000_000)]
    public void An_array_that_is_given_back_has_forgotten_what_was_in_it(int length)
    {
        var frames = new Frames();
        var array = frames.Take(length);
        array.AsSpan(0, length).Fill(7);
        frames.Return(array, length);
        Assert.Equal(-1, array.AsSpan(0, length).IndexOf((byte)7));
    }

    [Fact]
    public void It_is_used_again_for_a_frame_of_about_its_size()
    {
        var frames = new Frames();
        var array = frames.Take(100_000);
        frames.Return(array, 100_000);
        Assert.NotSame(array, frames.Take(200_000));
        Assert.Same(array, frames.Take(70_000));
        Assert.NotSame(array, frames.Take(70_000));
    }

    [Fact]
    public void The_collector_never_moves_one()
    {
        var frames = new Frames();
        foreach (var length in new[] { 10, 10_000, 1_000_000 })
        {
            var array = frames.Take(length);
            var place = Marshal.UnsafeAddrOfPinnedArrayElement(array, 0);
            for (var i = 0; i < 3; i++)
                GC.Collect(i, GCCollectionMode.Forced, blocking: true, compacting: true);
            Assert.Equal(place, Marshal.UnsafeAddrOfPinnedArrayElement(array, 0));
        }
    }

    [Theory]
    [InlineData(31, 0)]
    [InlineData(32, 1)]
    [InlineData(1000, 1)]
    public void What_a_crowd_has_left_is_collected_once_when_all_of_it_was_given_up(int crowd, int times)
    {
        var collected = 0;
        var (frames, afterCrowd) = (new Frames(), new AfterCrowd(() => collected++, () => default));
        var some = Enumerable.Range(0, crowd).Select(_ => frames.Take((1 << 20) - 1000)).ToList();
        some.ForEach(array => frames.Return(array, 0));
        afterCrowd.Look(frames.Look());
        Assert.Equal(0, collected);
        for (var i = 0; i < 20; i++)
            afterCrowd.Look(frames.Look());
        Assert.Equal(times, collected);
    }

    [Fact]
    public void What_goes_little_by_little_is_left_to_the_collector()
    {
        var collected = 0;
        var (frames, afterCrowd) = (new Frames(), new AfterCrowd(() => collected++, () => default));
        for (var i = 0; i < 200; i++)
        {
            frames.Return(frames.Take((1 << 19) - 1000), 0);
            afterCrowd.Look(frames.Look());
            afterCrowd.Look(frames.Look());
        }
        Assert.Equal(0, collected);
    }

    [Theory]
    [InlineData(63, 0)]
    [InlineData(64, 1)]
    public void A_heap_that_has_grown_is_collected_once_when_nothing_goes_on_any_more(int mebibytes, int times)
    {
        var collected = 0;
        var (allocated, size, after) = (0L, 10L << 20, 10L << 20);
        var afterCrowd = new AfterCrowd(() => (collected, after) = (collected + 1, size), () => (allocated, size, after));
        size += (long)mebibytes << 20;
        for (var i = 0; i < 20; i++)
        {
            allocated += 4 << 20;
            afterCrowd.Look(0);
        }
        Assert.Equal(0, collected);
        for (var i = 0; i < 20; i++)
            afterCrowd.Look(0);
        Assert.Equal(times, collected);
    }

    [Fact]
    public void What_is_not_needed_goes_by_and_by()
    {
        var frames = new Frames();
        var some = Enumerable.Range(0, 8).Select(_ => frames.Take(1000)).ToHashSet();
        foreach (var array in some)
            frames.Return(array, 0);
        foreach (var left in new[] { 8, 2, 0, 0 })
        {
            frames.Look();
            var free = Enumerable.Range(0, 9).Select(_ => frames.Take(1000)).Where(some.Contains).ToList();
            Assert.Equal(left, free.Count);
            // Whoever looks in this way has needed them all; an undisturbed look follows.
            free.ForEach(array => frames.Return(array, 0));
            frames.Look();
        }
    }

    [Fact]
    public async Task A_blobs_array_comes_back_when_the_last_one_who_uses_it_is_done()
    {
        var frames = new Frames();
        var array = frames.Take(100_000);
        var blob = frames.ToBlob(array, 100_000);
        var done = new TaskCompletionSource();
        blob.WhenDone(done.SetResult);
        Assert.True(blob.TryUse());
        blob.Done();
        Assert.False(done.Task.IsCompleted);
        Assert.NotSame(array, frames.Take(100_000));
        blob.Done();
        await done.Task;
        Assert.Same(array, frames.Take(100_000));
        Assert.False(blob.TryUse());
    }

    [Fact]
    public async Task A_blob_is_never_used_again_once_it_was_done_whatever_the_threads_do()
    {
        for (var i = 0; i < 1000; i++)
        {
            var (blob, back) = (new Blob(new byte[Blob.HeadSize], Blob.HeadSize), new TaskCompletionSource());
            blob.Use();
            blob.WhenDone(back.SetResult);
            var users = Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
            {
                if (!blob.TryUse())
                    return;
                Assert.False(back.Task.IsCompleted);
                blob.Done();
            })).ToList();
            blob.Done();
            await Task.WhenAll([.. users, back.Task]);
        }
    }
}

public class BlocksTests
{
    [Fact]
    public void A_block_that_is_given_back_has_forgotten_what_was_in_it()
    {
        using var blocks = new Blocks(new Frames());
        var block = blocks.Rent();
        var memory = block.Memory;
        Assert.InRange(memory.Length, 32 << 10, 64 << 10);
        memory.Span.Fill(7);
        block.Dispose();
        block.Dispose();
        Assert.Equal(-1, memory.Span.IndexOf((byte)7));
    }
}
