using System.Security.Cryptography;
using Ephemeral.Grains;
using Ephemeral.Web;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Ephemeral.Tests;

public class SealsTests
{
    private static readonly Frames Arrays = new();
    private readonly FakeTimeProvider _time = new();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(300_000)]
    public void What_one_node_seals_the_other_opens_and_nothing_of_it_can_be_seen_between(int size)
    {
        using var giver = new SealKey();
        using var asker = new SealKey();
        var (blob, name) = Blob(size);
        var given = giver.Seal(blob, name, asker.Public);
        Assert.Equal(size, given.Bytes.Length);
        Assert.Equal(-1, size < 32 ? -1 : given.Bytes.AsSpan().IndexOf(blob.Content[..32]));
        Assert.Equal(blob.Frame.ToArray(), asker.Open(given, name, Arrays).Frame.ToArray());
    }

    [Fact]
    public void The_same_blob_is_never_sealed_alike()
    {
        using var giver = new SealKey();
        using var asker = new SealKey();
        var (blob, name) = Blob(100);
        var all = Enumerable.Range(0, 10).Select(_ => giver.Seal(blob, name, asker.Public)).Append(asker.Seal(blob, name, giver.Public)).ToList();
        Assert.Distinct(all.Select(given => Convert.ToHexString(given.Bytes)));
        Assert.All(all.SkipLast(1), given => Assert.Equal(blob.Frame.ToArray(), asker.Open(given, name, Arrays).Frame.ToArray()));
        Assert.Equal(blob.Frame.ToArray(), giver.Open(all[^1], name, Arrays).Frame.ToArray());
    }

    [Fact]
    public void What_was_changed_or_is_for_another_is_not_opened()
    {
        using var giver = new SealKey();
        using var asker = new SealKey();
        using var another = new SealKey();
        var (blob, name) = Blob(100);
        var given = giver.Seal(blob, name, asker.Public);
        var bytes = given.Bytes.ToArray();
        bytes[50] ^= 1;
        foreach (var (key, sealedBlob, asked) in new[]
        {
            (asker, given with { Bytes = bytes }, name),
            (asker, given with { Number = given.Number + 1 }, name),
            (asker, given with { Tag = new byte[16] }, name),
            (asker, given with { Key = another.Public }, name),
            (asker, given with { Key = [1, 2, 3] }, name),
            (asker, given, ContentHash.Of("another"u8)),
            (another, given, name),
            // Nor by the one who sealed it: each direction has a secret of its own.
            (giver, given with { Key = asker.Public }, name),
        })
            Assert.ThrowsAny<CryptographicException>(() => key.Open(sealedBlob, asked, Arrays));
        Assert.ThrowsAny<CryptographicException>(() => giver.Seal(blob, name, [1, 2, 3]));
        Assert.Equal(blob.Frame.ToArray(), asker.Open(given, name, Arrays).Frame.ToArray());
    }

    [Fact]
    public void A_key_lasts_ten_seconds_and_is_gone_when_the_last_call_with_it_is_over()
    {
        using var seals = new Seals(_time);
        var first = seals.Take();
        first.Done();
        _time.Advance(TimeSpan.FromSeconds(9));
        seals.Look();
        var still = seals.Take();
        Assert.Same(first, still);
        _time.Advance(TimeSpan.FromSeconds(1));
        seals.Look();
        var next = seals.Take();
        Assert.NotSame(first, next);
        var (blob, name) = Blob(100);
        var given = next.Seal(blob, name, first.Public);
        Assert.Equal(blob.Frame.ToArray(), still.Open(given, name, Arrays).Frame.ToArray());
        still.Done();
        Assert.True(first.IsErased);
        Assert.ThrowsAny<ObjectDisposedException>(() => first.Open(given, name, Arrays));
        next.Done();
        Assert.False(next.IsErased);
    }

    private static (Blob Blob, ContentHash Name) Blob(int size)
    {
        var content = RandomNumberGenerator.GetBytes(size);
        var name = ContentHash.Of(content);
        var frame = new byte[Web.Blob.HeadSize + size];
        frame[0] = Wire.BlobFrame;
        name.CopyTo(frame.AsSpan(1));
        content.CopyTo(frame, Web.Blob.HeadSize);
        return (new Blob(frame, frame.Length), name);
    }
}
