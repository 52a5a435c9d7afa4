using System.Buffers;
using System.Collections.Immutable;
using BenchmarkDotNet.Attributes;
using Ephemeral.Grains;
using Ephemeral.Web;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.Serialization;

namespace Ephemeral.Micro;

/// <summary>What crosses processes, written and read by Orleans' codec.</summary>
public class SerializationBenchmarks
{
    private readonly ArrayBufferWriter<byte> _buffer = new(128 << 10);
    private Written<Announcement> _announcement = null!;
    private Written<PageHealth> _health = null!;
    private Written<Reply> _reply = null!;
    private readonly Frames _frames = new();
    private static readonly SealKey Giver = new(), Asker = new();
    private readonly Blob _blob = new(new byte[Blob.HeadSize + (64 << 10)], Blob.HeadSize + (64 << 10));
    private readonly ContentHash _name = ContentHash.Of("blob"u8);

    [GlobalSetup]
    public void Setup()
    {
        // A client that is never started: its codecs know how to write a reference to a node.
        var services = Host.CreateDefaultBuilder().UseOrleansClient(client => client.UseLocalhostClustering()).Build().Services;
        var grains = services.GetRequiredService<IGrainFactory>();
        var nodes = Enumerable.Range(0, 4).Select(_ => new Source(Guid.NewGuid(),
            grains.GetGrain<IWebNode>(GrainId.Parse($"sys.client/{Guid.NewGuid():N}+{Guid.NewGuid():N}")))).ToImmutableArray();
        var silo = SiloAddress.FromParsableString("127.0.0.1:11111@123456789");
        _announcement = new(services, new Announcement(nodes[0].Node, nodes[0].Observer, 10_000, 3, 12, 123_456));
        _health = new(services, new PageHealth(Guid.NewGuid(), 1234, silo, 1_000_000, 200, 10_000, 12, nodes));
        _reply = new(services, new Reply(new SealedBlob(new byte[91], 1, new byte[64 << 10], new byte[16]), Pending: false, Coming: true, Misses: 0));
    }

    [Benchmark]
    public int WriteAnnouncement() => _announcement.Write(_buffer);

    [Benchmark]
    public Announcement ReadAnnouncement() => _announcement.Read();

    [Benchmark]
    public int WriteHealthWith4Sources() => _health.Write(_buffer);

    [Benchmark]
    public PageHealth ReadHealthWith4Sources() => _health.Read();

    [Benchmark]
    public int WriteBlobOf64KiB() => _reply.Write(_buffer);

    [Benchmark]
    public Reply ReadBlobOf64KiB() => _reply.Read();

    /// <summary>What one node seals and the other opens, with keys that they have known for a while.</summary>
    [Benchmark]
    public void SealAndOpenBlobOf64KiB() => Asker.Open(Giver.Seal(_blob, _name, Asker.Public), _name, _frames).Done();

    /// <summary>The same with keys that both have just drawn.</summary>
    [Benchmark]
    public void SealAndOpenWithNewKeys()
    {
        using var giver = new SealKey();
        using var asker = new SealKey();
        asker.Open(giver.Seal(_blob, _name, asker.Public), _name, _frames).Done();
    }

    private sealed class Written<T>
    {
        private readonly Serializer<T> _serializer;
        private readonly T _value;
        private readonly byte[] _bytes;

        public Written(IServiceProvider services, T value)
        {
            (_serializer, _value) = (services.GetRequiredService<Serializer<T>>(), value);
            _bytes = _serializer.SerializeToArray(value);
            Console.WriteLine($"// {typeof(T).Name}: {_bytes.Length} bytes");
        }

        public int Write(ArrayBufferWriter<byte> buffer)
        {
            buffer.ResetWrittenCount();
            _serializer.Serialize(_value, buffer);
            return buffer.WrittenCount;
        }

        public T Read() => _serializer.Deserialize(_bytes)!;
    }
}
