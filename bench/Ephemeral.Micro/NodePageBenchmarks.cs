using BenchmarkDotNet.Attributes;
using Ephemeral.Grains;
using Ephemeral.Web;

namespace Ephemeral.Micro;

/// <summary>One page on one web node, with so many visitors who hold it. Time stands still, so that nothing else goes on.</summary>
public class NodePageBenchmarks
{
    private static readonly ContentHash Hash = ContentHash.Of("page"u8), Other = ContentHash.Of("blob"u8);

    private readonly HashSet<Membership> _tried = [];
    private WebNode _node = null!;
    private NodePage _page = null!;
    private Visitor _visitor = null!;

    [Params(10, 1_000, 100_000)]
    public int Visitors { get; set; }

    [GlobalSetup]
    public async Task Setup()
    {
        _node = Alone.Node();
        Membership last = null!;
        for (var i = 0; i < Visitors; i++)
        {
            last = _node.Join(new Visitor(new ScriptedSocket(), _node), Hash);
            // As after a flash crowd: all were served here, and a few have answered an ask.
            last.Proven = true;
            last.AnsweredWell = i < 3;
            last.Page.Hold(last);
        }
        _page = last.Page;
        while (_page.Status(VisitorState.Holder) is null)
            await Task.Yield();
        _visitor = new Visitor(new ScriptedSocket(), _node);
    }

    /// <summary>A visitor comes, says that it holds the page, hears how the page is, and leaves.</summary>
    [Benchmark]
    public void ComeAndGo()
    {
        var member = _node.Join(_visitor, Hash);
        member.Proven = true;
        _page.Hold(member);
        _page.Leave(member);
    }

    /// <summary>Who is asked for the page?</summary>
    [Benchmark]
    public object? ChooseForRoot()
    {
        lock (_page.Gate)
            return _page.Choose(Hash, _tried, balance: true);
    }

    /// <summary>Who is asked for a further blob?</summary>
    [Benchmark]
    public object? ChooseForBlob()
    {
        lock (_page.Gate)
            return _page.Choose(Other, _tried, balance: false);
    }

    /// <summary>Is it better to wait for a new holder than to ask the same one again? Asked at each <c>want</c>.</summary>
    [Benchmark]
    public bool HoldersComeSoon()
    {
        lock (_page.Gate)
            return _page.HoldersComeSoon();
    }
}
