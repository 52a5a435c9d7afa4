using Ephemeral.Web;
using Xunit;

namespace Ephemeral.Tests;

public class RateTests
{
    [Fact]
    public void Allows_a_burst_and_then_so_much_a_second()
    {
        var rate = new Rate();
        var now = TimeSpan.FromHours(1);
        for (var i = 0; i < 10; i++)
            Assert.True(rate.TrySpend(1, perSecond: 2, burst: 10, now, out _));
        Assert.False(rate.TrySpend(1, 2, 10, now, out var retryAfter));
        Assert.Equal(TimeSpan.FromSeconds(0.5), retryAfter);
        Assert.True(rate.TrySpend(1, 2, 10, now + retryAfter, out _));
        Assert.False(rate.TrySpend(1, 2, 10, now + retryAfter, out _));
    }

    [Fact]
    public void What_was_refused_costs_nothing()
    {
        var rate = new Rate();
        var now = TimeSpan.FromHours(1);
        rate.TrySpend(10, 1, 10, now, out _);
        for (var i = 0; i < 100; i++)
            Assert.False(rate.TrySpend(1, 1, 10, now, out _));
        Assert.True(rate.TrySpend(1, 1, 10, now + TimeSpan.FromSeconds(1), out _));
    }
}

public class BlobMemoryTests
{
    [Fact]
    public async Task Grants_in_turn_and_never_more_than_there_is()
    {
        var memory = new BlobMemory(100);
        await memory.Acquire(60);
        var large = memory.Acquire(80).AsTask();
        var small = memory.Acquire(10).AsTask();
        Assert.False(large.IsCompleted);
        // There would be room for the small one, but then a large one could wait for ever.
        Assert.False(small.IsCompleted);
        Assert.True(memory.IsCrowded);
        memory.Release(60);
        await large;
        await small;
        Assert.False(memory.IsCrowded);
    }
}
