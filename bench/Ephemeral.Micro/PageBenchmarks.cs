using System.Collections.Immutable;
using BenchmarkDotNet.Attributes;
using Ephemeral.Grains;

namespace Ephemeral.Micro;

/// <summary>What a page's grain decides, with so many web nodes on the page.</summary>
public class PageBenchmarks
{
    private readonly Random _random = new(1);
    private readonly Page _page = new(TimeSpan.FromSeconds(25), TimeSpan.FromSeconds(13));
    private Guid[] _nodes = [];
    private TimeSpan _now = TimeSpan.FromHours(1);
    private long _version;

    [Params(10, 1_000, 100_000)]
    public int Nodes { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _nodes = [.. Enumerable.Range(0, Nodes).Select(_ => Guid.NewGuid())];
        // The older half has left: what is kept of it must not cost anything.
        for (var i = 0; i < Nodes; i++)
            Say(i, holders: 10);
        for (var i = 0; i < Nodes / 2; i++)
            Say(i, holders: 0);
    }

    /// <summary>A node's count changes, and the node is answered.</summary>
    [Benchmark]
    public ImmutableArray<Source> Announce()
    {
        var node = Nodes / 2 + (int)(_version % (Nodes / 2));
        Say(node, holders: 10 + (int)(_version % 5));
        return _page.SourcesFor(_nodes[node], _random);
    }

    /// <summary>One node is told what has changed; a telling is this for each node of the page.</summary>
    [Benchmark]
    public ImmutableArray<Source> TellOne() => _page.SourcesFor(_nodes[^1], _random);

    /// <summary>Is anybody left? Asked after each change.</summary>
    [Benchmark]
    public bool IsEmpty() => _page.IsEmpty;

    /// <summary>Looks for leases that have ended, and finds none.</summary>
    [Benchmark]
    public bool Sweep() => _page.Sweep(_now);

    private void Say(int node, int holders) => _page.Announce(new Announcement(_nodes[node], null!, holders, 0, 0, ++_version), _now);
}
