using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CsCheck;
using Xunit;

namespace Ephemeral.Tests;

/// <summary>The second implementation of <c>docs/page-format.md</c> reads the vectors that the browser's client reads (vectors.test.ts).</summary>
public sealed class SealedPageTests
{
    private static readonly JsonElement Vectors = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "page-format.vectors.json"))).RootElement;

    public static TheoryData<int> Sealed => [.. Enumerable.Range(0, Vectors.GetProperty("sealed").GetArrayLength())];

    public static TheoryData<int> Locked => [.. Enumerable.Range(0, Vectors.GetProperty("locked").GetArrayLength())];

    [Theory]
    [MemberData(nameof(Sealed))]
    public void A_sealed_vector_opens(int number)
    {
        var vector = Vectors.GetProperty("sealed")[number];
        var opened = Open(vector);
        Assert.Equal(vector.GetProperty("kind").GetString(), opened.Kind);
        Assert.Equal(vector.GetProperty("text").GetString(), opened.Text);
        Assert.Equal(vector.GetProperty("files").EnumerateArray().Select(file => (file.GetProperty("name").GetString(), file.GetProperty("sha256").GetString())),
            opened.Files.Select(file => ((string?)file.Name, (string?)new TestBlob(file.Content).Name)));
    }

    [Theory]
    [MemberData(nameof(Locked))]
    public void A_vector_that_does_not_open_stays_shut(int number) =>
        Assert.ThrowsAny<CryptographicException>(() => Open(Vectors.GetProperty("locked")[number]));

    [Fact]
    public void What_is_sealed_opens_and_nothing_does_after_any_bit_was_changed()
    {
        var file = Gen.Byte.Array[0, 300];
        Gen.Select(Gen.String[0, 20], file.Array[0, 3], Gen.Int[17, 120], Gen.Byte.Array[32], Gen.Byte.Array[16], Gen.Int[0, 1 << 20]).Sample((text, contents, blobSize, secret, salt, bit) =>
        {
            // A lone surrogate is no text.
            text = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));
            var page = SealedPage.Seal("text", text, blobSize, secret, salt, "", 0, [.. contents.Select((content, i) => ($"{i}", "", content))]);
            var (blobs, key) = (page.Blobs.ToDictionary(blob => blob.Name, blob => blob.Bytes), SealedPage.Base64Url(secret));
            var opened = SealedPage.Open(page.Root.Bytes, blobs, key, "");
            Assert.Equal(text, opened.Text);
            Assert.Equal(contents, opened.Files.Select(f => f.Content));

            // In the sealed document, which ends the root, or in a piece.
            var all = page.All;
            var where = all[bit % all.Length];
            var from = where == page.Root ? where.Bytes.Length - 16 : 0;
            var changed = (byte[])where.Bytes.Clone();
            changed[from + (bit >> 3) % (changed.Length - from)] ^= (byte)(1 << (bit & 7));
            if (where == page.Root) Assert.ThrowsAny<CryptographicException>(() => SealedPage.Open(changed, blobs, key, ""));
            else
            {
                blobs[where.Name] = changed;
                Assert.ThrowsAny<CryptographicException>(() => SealedPage.Open(page.Root.Bytes, blobs, key, ""));
            }
        }, iter: 300);
    }

    private static SealedPage.Opened Open(JsonElement vector) => SealedPage.Open(
        vector.GetProperty("root").GetBytesFromBase64(),
        vector.GetProperty("blobs").EnumerateArray().Select(blob => new TestBlob(blob.GetBytesFromBase64())).ToDictionary(blob => blob.Name, blob => blob.Bytes),
        vector.GetProperty("key").GetString()!, vector.GetProperty("passphrase").GetString()!);
}
