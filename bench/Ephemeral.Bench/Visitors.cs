using System.Collections.Concurrent;
using System.Diagnostics;

namespace Ephemeral.Bench;

/// <summary>All visitors of one chaos case, and what they went through.</summary>
internal sealed class Visitors : IAsyncDisposable
{
    private const int PagesOfATab = 64;
    private const int PageBytes = 256;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly ConcurrentBag<Tab> _tabs = [];
    private readonly Lock _gate = new();
    private int _errors;

    /// <summary>Errors that any of them was shown, and pages that did not come within a minute.</summary>
    public int Errors => _errors + _tabs.Sum(tab => tab.Errors);

    /// <summary>The longest that anyone has waited for a page.</summary>
    public TimeSpan LongestWait { get; private set; }

    /// <summary>The longest that any holder has not been counted as one.</summary>
    public TimeSpan LongestGap => _tabs.Max(tab => tab.LongestGap);

    public bool AllHold => _tabs.All(tab => tab.IsHolding || !tab.IsHolder);

    public bool SomeDoNotHold => _tabs.Any(tab => tab.IsHolder && !tab.IsHolding);

    public static List<(string Hash, byte[] Frame)> Pages(int count) => [.. Enumerable.Range(0, count).Select(_ => BenchVisitor.Blob(PageBytes))];

    public static List<string> Names(IEnumerable<(string Hash, byte[] Frame)> pages) => [.. pages.Select(page => page.Hash)];

    /// <summary>Tabs that hold these pages, and are counted when this ends.</summary>
    /// <param name="each">Pages of one tab.</param>
    /// <param name="answersAfter">How long a tab takes to answer an ask.</param>
    public async Task<List<Tab>> Hold(Func<Uri> where, IEnumerable<(string Hash, byte[] Frame)> pages, int each = PagesOfATab, TimeSpan answersAfter = default)
    {
        var tabs = pages.Chunk(each).Select(chunk => Tab.Holding(where, chunk, answersAfter)).ToList();
        tabs.ForEach(_tabs.Add);
        await Until(() => tabs.TrueForAll(tab => tab.IsHolding), TimeSpan.FromSeconds(120));
        return tabs;
    }

    public Task<List<Tab>> Hold(Uri node, IEnumerable<(string Hash, byte[] Frame)> pages) => Hold(() => node, pages);

    /// <summary>One visitor opens a page, holds it for a while if it stays, and leaves.</summary>
    public async Task Open(Func<Uri> where, string page, TimeSpan stays = default)
    {
        var start = Stopwatch.GetTimestamp();
        await using var tab = Tab.Wanting(where, page, holds: stays > TimeSpan.Zero);
        var came = await Task.WhenAny(tab.Got, Task.Delay(Patience)) == tab.Got;
        var wait = Stopwatch.GetElapsedTime(start);
        lock (_gate)
            LongestWait = wait > LongestWait ? wait : LongestWait;
        await Task.Delay(stays);
        Interlocked.Add(ref _errors, tab.Errors + (came ? 0 : 1));
    }

    /// <summary>Four visitors open one of these pages after the other for a while.</summary>
    public Task Fetch(Func<Uri> where, List<string> pages, TimeSpan during)
    {
        var start = Stopwatch.GetTimestamp();
        return Task.WhenAll(Enumerable.Range(0, 4).Select(async _ =>
        {
            while (Stopwatch.GetElapsedTime(start) < during)
            {
                await Open(where, pages[Random.Shared.Next(pages.Count)]);
                await Task.Delay(20);
            }
        }));
    }

    public Task Fetch(Uri node, List<string> pages, TimeSpan during) => Fetch(() => node, pages, during);

    /// <summary>Waits until a node counts so many holders of every page; answers how many pages it never did for.</summary>
    public static async Task<int> NotCounted(Uri node, IEnumerable<string> pages, int holders, TimeSpan within)
    {
        var start = Stopwatch.GetTimestamp();
        var left = new ConcurrentQueue<string>(pages);
        await Task.WhenAll(Enumerable.Range(0, 32).Select(async _ =>
        {
            while (left.TryDequeue(out var page))
            {
                if ((await Cluster.Health(node, page))?.Holders == holders)
                    continue;
                left.Enqueue(page);
                if (Stopwatch.GetElapsedTime(start) > within)
                    return;
                await Task.Delay(50);
            }
        }));
        return left.Count;
    }

    /// <summary>The longest time from one right count of a page to the next; a question that fails is an error that was shown.</summary>
    public async Task<TimeSpan> LongestUncounted(Uri node, List<string> pages, int holders, TimeSpan during)
    {
        var start = Stopwatch.GetTimestamp();
        var gaps = await Task.WhenAll(pages.Select(async page =>
        {
            var (longest, rightAt) = (TimeSpan.Zero, TimeSpan.Zero);
            while (Stopwatch.GetElapsedTime(start) < during)
            {
                var asked = Stopwatch.GetElapsedTime(start);
                var health = await Cluster.Health(node, page);
                if (health is null)
                    Interlocked.Increment(ref _errors);
                var isRight = health?.Holders == holders;
                var gap = Stopwatch.GetElapsedTime(start) - rightAt;
                longest = gap > longest ? gap : longest;
                if (isRight)
                    rightAt = asked;
                await Task.Delay(50);
            }
            return longest;
        }));
        return gaps.Max();
    }

    public static async Task Until(Func<bool> so, TimeSpan within)
    {
        for (var start = Stopwatch.GetTimestamp(); !so() && Stopwatch.GetElapsedTime(start) < within;)
            await Task.Delay(20);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var tab in _tabs)
            await tab.DisposeAsync();
    }
}
