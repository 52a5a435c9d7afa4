using System.Text;
using BenchmarkDotNet.Attributes;
using Ephemeral.Grains;
using Ephemeral.Web;

namespace Ephemeral.Micro;

/// <summary>A visitor's frames, from its socket to who is meant, a thousand at a time.</summary>
public class ReceivingBenchmarks : IAsker
{
    private const int Frames = 1000;

    private readonly WebNode _node = Alone.Node();
    private readonly ContentHash _page = ContentHash.Of("page"u8);
    private byte[] _cancel = [], _blob = [];
    private ContentHash _hash;
    private int _answers;

    [GlobalSetup]
    public void Setup()
    {
        _cancel = Encoding.UTF8.GetBytes($$"""{"type":"cancel","page":"{{_page}}","blob":"{{_page}}"}""");
        _blob = new byte[Blob.HeadSize + (64 << 10)];
        _hash = ContentHash.Of(_blob.AsSpan(Blob.HeadSize));
        _blob[0] = Wire.BlobFrame;
        _hash.CopyTo(_blob.AsSpan(1));
    }

    /// <summary>A message that says nothing new.</summary>
    [Benchmark(OperationsPerInvoke = Frames)]
    public Task Text() => new Visitor(new ScriptedSocket(_cancel, Frames), _node).Run();

    /// <summary>A blob of 64 KiB that it was asked for; hashing is most of it.</summary>
    [Benchmark(OperationsPerInvoke = Frames)]
    public async Task AskedBlob()
    {
        Visitor visitor = null!;
        Membership member = null!;
        _answers = 0;
        visitor = new Visitor(new ScriptedSocket(_blob, Frames, before: () => visitor.Ask(new Ask(member, _hash, this, _node.Now))), _node);
        member = new Membership(visitor, new NodePage(_node, _page));
        await visitor.Run();
        if (_answers != Frames)
            throw new InvalidOperationException($"{_answers} of {Frames} blobs were taken in.");
    }

    void IAsker.Answered(Ask ask, Blob blob) => _answers++;

    void IAsker.Missed(Ask ask) => throw new InvalidOperationException("It did not miss.");
}
