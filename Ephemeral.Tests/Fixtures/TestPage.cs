using System.Buffers.Binary;
using System.Text;
using System.Text.Json;

namespace Ephemeral.Tests;

/// <summary>A page document, and the blobs that its files are cut into.</summary>
public sealed record TestPage(TestBlob Root, TestBlob[] Blobs)
{
    private static ReadOnlySpan<byte> Magic => [0x89, 0x45, 0x50, 0x48, 0x0D, 0x0A, 0x1A, 0x0A];

    public TestBlob[] All => [Root, .. Blobs];

    /// <summary>A root blob with this header, whether it can be used or not.</summary>
    public static TestBlob Document(string header, string body = "")
    {
        var json = Encoding.UTF8.GetBytes(header);
        var length = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(length, json.Length);
        return new TestBlob([.. Magic, .. length, .. json, .. Encoding.UTF8.GetBytes(body)]);
    }

    /// <summary>A page of these files, each with its name, its type and its content.</summary>
    public static TestPage Of(string kind, int blobSize, string body, string? entry, params (string Name, string Type, byte[] Content)[] files)
    {
        var blobs = files.Select(file => file.Content.Chunk(blobSize).Select(part => new TestBlob(part)).ToArray()).ToArray();
        var header = new
        {
            version = 1,
            kind,
            blobSize,
            entry,
            files = files.Select((file, i) => new { name = file.Name, type = file.Type, size = file.Content.Length, blobs = blobs[i].Select(blob => blob.Name) }),
        };
        return new TestPage(Document(JsonSerializer.Serialize(header), body), [.. blobs.SelectMany(some => some).DistinctBy(blob => blob.Name)]);
    }
}
