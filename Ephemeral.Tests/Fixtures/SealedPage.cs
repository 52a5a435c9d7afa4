using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Ephemeral.Tests;

/// <summary>
/// Private pages as <c>docs/page-format.md</c> describes them, written from that description alone: what the browser's client seals is
/// opened here, and the other way round.
/// </summary>
public static class SealedPage
{
    private const int TagSize = 16;
    private static readonly byte[] Label = "ephemeral sealed 1"u8.ToArray();

    public sealed record Opened(string Kind, string Text, IReadOnlyList<(string Name, byte[] Content)> Files);

    /// <summary>Makes a private page with the given secret and salt. Tests alone may choose them.</summary>
    public static TestPage Seal(string kind, string text, int blobSize, byte[] secret, byte[] salt, string passphrase, int iterations, params (string Name, string Type, byte[] Content)[] files)
    {
        using var aes = new AesGcm(Key(secret, salt, passphrase, iterations), TagSize);
        var stream = files.SelectMany(file => file.Content).ToArray();
        var pieces = stream.Chunk(blobSize - TagSize).ToArray();
        var blobs = pieces.Select((piece, i) => new TestBlob(Encrypt(aes, PieceNonce(i), PieceData(i, pieces.Length), piece))).ToArray();

        var seal = new Dictionary<string, object> { ["version"] = 1, ["salt"] = Base64Url(salt) };
        if (passphrase.Length > 0) seal["passphrase"] = new { kdf = "PBKDF2-SHA-256", iterations };
        var outer = new Dictionary<string, object> { ["version"] = 1, ["kind"] = "sealed", ["blobSize"] = blobSize, ["seal"] = seal };
        if (blobs.Length > 0)
            outer["files"] = new[] { new { name = "sealed", type = "application/octet-stream", size = blobs.Sum(blob => blob.Bytes.Length), blobs = blobs.Select(blob => blob.Name) } };
        var bound = TestPage.Document(JsonSerializer.Serialize(outer)).Bytes;
        var inner = JsonSerializer.Serialize(new { version = 1, kind, files = files.Select(file => new { name = file.Name, type = file.Type, size = file.Content.Length }) });
        return new TestPage(new TestBlob([.. bound, .. Encrypt(aes, new byte[12], bound, TestPage.Document(inner, text).Bytes)]), blobs);
    }

    /// <summary>Opens a private page; throws a <see cref="CryptographicException"/> when the key or the passphrase is another one or the page was changed.</summary>
    public static Opened Open(byte[] root, IReadOnlyDictionary<string, byte[]> blobs, string key, string passphrase)
    {
        var (header, body) = Split(root);
        var seal = header.GetProperty("seal");
        var iterations = seal.TryGetProperty("passphrase", out var stretch) ? stretch.GetProperty("iterations").GetInt32() : 0;
        using var aes = new AesGcm(Key(FromBase64Url(key), FromBase64Url(seal.GetProperty("salt").GetString()!), iterations == 0 ? "" : passphrase, iterations), TagSize);
        var (inner, text) = Split(Decrypt(aes, new byte[12], root[..^body.Length], body));

        string[] pieces = header.TryGetProperty("files", out var outer) ? [.. outer[0].GetProperty("blobs").EnumerateArray().Select(blob => blob.GetString()!)] : [];
        var stream = pieces.SelectMany((name, i) => Decrypt(aes, PieceNonce(i), PieceData(i, pieces.Length), blobs[name])).ToArray();
        var files = new List<(string, byte[])>();
        var start = 0;
        foreach (var file in inner.TryGetProperty("files", out var list) ? list.EnumerateArray().ToArray() : [])
        {
            var size = file.GetProperty("size").GetInt32();
            files.Add((file.GetProperty("name").GetString()!, stream[start..(start + size)]));
            start += size;
        }

        return start == stream.Length ? new Opened(inner.GetProperty("kind").GetString()!, Encoding.UTF8.GetString(text), files) : throw new CryptographicException("The sizes don't add up.");
    }

    public static string Base64Url(byte[] bytes) => Convert.ToBase64String(bytes).Replace('+', '-').Replace('/', '_').TrimEnd('=');

    private static byte[] FromBase64Url(string text) => Convert.FromBase64String(text.Replace('-', '+').Replace('_', '/').PadRight((text.Length + 3) / 4 * 4, '='));

    private static byte[] Key(byte[] secret, byte[] salt, string passphrase, int iterations)
    {
        // Given in normal form C already: where .NET runs without Unicode's tables, it can't bring a text into it.
        byte[] stretched = passphrase.Length == 0 ? []
            : Rfc2898DeriveBytes.Pbkdf2(Encoding.UTF8.GetBytes(passphrase), salt, iterations, HashAlgorithmName.SHA256, 32);
        return HKDF.DeriveKey(HashAlgorithmName.SHA256, [.. secret, .. stretched], 32, salt, Label);
    }

    private static byte[] PieceNonce(long index)
    {
        var nonce = new byte[12];
        nonce[3] = 1;
        BinaryPrimitives.WriteInt64BigEndian(nonce.AsSpan(4), index);
        return nonce;
    }

    private static byte[] PieceData(long index, long count)
    {
        var place = new byte[16];
        BinaryPrimitives.WriteInt64BigEndian(place, index);
        BinaryPrimitives.WriteInt64BigEndian(place.AsSpan(8), count);
        return [.. Label, .. place];
    }

    private static byte[] Encrypt(AesGcm aes, byte[] nonce, byte[] data, byte[] plain)
    {
        var (sealedBytes, tag) = (new byte[plain.Length], new byte[TagSize]);
        aes.Encrypt(nonce, plain, sealedBytes, tag, data);
        return [.. sealedBytes, .. tag];
    }

    private static byte[] Decrypt(AesGcm aes, byte[] nonce, byte[] data, byte[] bytes)
    {
        var plain = new byte[bytes.Length - TagSize];
        aes.Decrypt(nonce, bytes.AsSpan(..^TagSize), bytes.AsSpan(^TagSize..), plain, data);
        return plain;
    }

    private static (JsonElement Header, byte[] Body) Split(byte[] root)
    {
        var end = 12 + BinaryPrimitives.ReadInt32BigEndian(root.AsSpan(8));
        return (JsonDocument.Parse(root.AsMemory(12..end)).RootElement, root[end..]);
    }
}
