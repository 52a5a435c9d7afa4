using System.Text;
using BenchmarkDotNet.Attributes;
using Ephemeral.Grains;
using Ephemeral.Web;

namespace Ephemeral.Micro;

/// <summary>Text frames, read and written.</summary>
public class WireBenchmarks
{
    private readonly ContentHash _page = ContentHash.Of("page"u8), _blob = ContentHash.Of("blob"u8);
    private byte[] _want = [], _get = [], _have = [];

    [GlobalSetup]
    public void Setup()
    {
        _want = Encoding.UTF8.GetBytes($$"""{"type":"want","page":"{{_page}}"}""");
        _get = Encoding.UTF8.GetBytes($$"""{"type":"get","page":"{{_page}}","blob":"{{_blob}}"}""");
        var names = Enumerable.Range(0, Wire.MaxHave).Select(i => $"\"{ContentHash.Of(BitConverter.GetBytes(i))}\"");
        _have = Encoding.UTF8.GetBytes($$"""{"type":"have","page":"{{_page}}","blobs":[{{string.Join(',', names)}}]}""");
    }

    [Benchmark]
    public bool ReadWant() => Wire.TryRead(_want, out _, out _);

    [Benchmark]
    public bool ReadGet() => Wire.TryRead(_get, out _, out _);

    [Benchmark]
    public bool ReadHaveOf48() => Wire.TryRead(_have, out _, out _);

    [Benchmark]
    public byte[] WriteStatus() => Wire.Status(_page, 1234, 5, VisitorState.Holder);

    [Benchmark]
    public byte[] WriteAsk() => Wire.Ask(_page, _blob);
}
