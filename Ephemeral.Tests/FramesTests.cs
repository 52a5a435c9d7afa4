using Ephemeral.Grains;
using Ephemeral.Web;
using Xunit;

namespace Ephemeral.Tests;

public class FramesTests
{
    [Fact]
    public void A_large_array_is_used_again_for_a_frame_of_its_size_and_has_forgotten_the_last_one()
    {
        var frames = new Frames();
        var array = frames.Take(100_000);
        array.AsSpan().Fill(7);
        frames.Return(array);
        Assert.NotSame(array, frames.Take(100_001));
        Assert.Same(array, frames.Take(100_000));
        Assert.DoesNotContain((byte)7, array);
        Assert.NotSame(array, frames.Take(100_000));
    }

    [Fact]
    public void No_more_than_16_MiB_are_kept_and_the_oldest_go_first()
    {
        var frames = new Frames();
        var oldest = frames.Take(1 << 20);
        frames.Return(oldest);
        var newest = Enumerable.Range(0, 16).Select(_ => new byte[1 << 20]).ToList();
        newest.ForEach(frames.Return);
        var taken = Enumerable.Range(0, 17).Select(_ => frames.Take(1 << 20)).ToList();
        Assert.DoesNotContain(taken, array => ReferenceEquals(array, oldest));
        Assert.All(newest, array => Assert.Contains(taken, other => ReferenceEquals(array, other)));
    }

    [Fact]
    public async Task A_blobs_array_comes_back_when_the_last_one_who_uses_it_is_done()
    {
        var frames = new Frames();
        var array = frames.Take(100_000);
        var blob = frames.ToBlob(array);
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
            var array = new byte[Blob.HeadSize];
            var (blob, back) = (new Blob(array), new TaskCompletionSource());
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
        using var blocks = new Blocks();
        var block = blocks.Rent();
        var memory = block.Memory;
        Assert.InRange(memory.Length, 32 << 10, 64 << 10);
        memory.Span.Fill(7);
        block.Dispose();
        block.Dispose();
        Assert.Equal(-1, memory.Span.IndexOf((byte)7));
    }
}
