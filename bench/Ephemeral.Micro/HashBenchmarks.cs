using System.Text;
using BenchmarkDotNet.Attributes;
using Ephemeral.Grains;

namespace Ephemeral.Micro;

/// <summary>Names of blobs: made from content, read, printed.</summary>
public class HashBenchmarks
{
    private readonly ContentHash _hash = ContentHash.Of("page"u8);
    private readonly byte[] _content = new byte[1 << 20];
    private byte[] _utf8 = [];

    [GlobalSetup]
    public void Setup() => _utf8 = Encoding.ASCII.GetBytes(_hash.ToString());

    [Benchmark]
    public ContentHash Of1KiB() => ContentHash.Of(_content.AsSpan(0, 1 << 10));

    [Benchmark]
    public ContentHash Of64KiB() => ContentHash.Of(_content.AsSpan(0, 64 << 10));

    [Benchmark]
    public ContentHash Of1MiB() => ContentHash.Of(_content);

    [Benchmark]
    public bool Parse() => ContentHash.TryParse(_utf8, out _);

    [Benchmark]
    public string Print() => _hash.ToString();

    [Benchmark]
    public int AsKey() => _hash.GetHashCode();
}
