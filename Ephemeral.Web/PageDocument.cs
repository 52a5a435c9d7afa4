using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;
using Ephemeral.Grains;

namespace Ephemeral.Web;

/// <summary>One file of a page: its blobs one after the other.</summary>
internal sealed record PageFile(string Name, long Size, IReadOnlyList<ContentHash> Blobs);

/// <summary>
/// What a root blob lists, for readers who have no browser. The relay never looks in here; see <c>docs/page-format.md</c> and
/// its twin <c>Client/src/document.ts</c>.
/// </summary>
internal sealed record PageDocument(int BlobSize, List<PageFile> Files)
{
    private const int DefaultBlobSize = 256 << 10;
    private const int LongestName = 255;
    private const long LargestNumber = (1L << 53) - 1;

    /// <summary>Which of the files has this name; -1 if none has.</summary>
    public int IndexOf(string? name) => Files.FindIndex(file => file.Name == name);

    private static ReadOnlySpan<byte> Magic => [0x89, 0x45, 0x50, 0x48, 0x0D, 0x0A, 0x1A, 0x0A];

    /// <summary>Reads a root blob; false with one plain sentence where it is no open page document, or one that doesn't add up.</summary>
    public static bool TryRead(ReadOnlyMemory<byte> root, int maxBlob, [NotNullWhen(true)] out PageDocument? document, out string why)
    {
        document = null;
        if (!root.Span.StartsWith(Magic))
        {
            why = "This page has no files.";
            return false;
        }
        var rest = root[Magic.Length..];
        if (rest.Length < sizeof(uint) || BinaryPrimitives.ReadUInt32BigEndian(rest.Span) is var length && length > rest.Length - sizeof(uint))
        {
            why = "This page breaks off inside its header.";
            return false;
        }
        try
        {
            // Where it is: what is made a string of stays in memory until something else takes its place.
            using var header = JsonDocument.Parse(rest.Slice(sizeof(uint), (int)length));
            document = Read(header.RootElement, maxBlob, out why);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            why = "This page's header can't be read.";
        }
        return document is not null;
    }

    private static PageDocument? Read(JsonElement header, int maxBlob, out string why)
    {
        if (header.ValueKind != JsonValueKind.Object || Number(header, "version") != 1 || Text(header, "kind") is not { } kind)
        {
            why = "This page is written in a way that is not known here.";
            return null;
        }
        if (kind == "sealed")
        {
            why = "This page is private: only a browser with its key can read it.";
            return null;
        }
        var blobSize = header.TryGetProperty("blobSize", out _) ? Number(header, "blobSize") : DefaultBlobSize;
        if (blobSize is not > 0 || blobSize > maxBlob)
        {
            why = "This page's blob size can't be used.";
            return null;
        }
        var files = new List<PageFile>();
        if (header.TryGetProperty("files", out var list) && !ReadFiles(list, (int)blobSize, files))
        {
            why = "This page's list of files can't be used.";
            return null;
        }
        why = "";
        return new PageDocument((int)blobSize, files);
    }

    private static bool ReadFiles(JsonElement list, int blobSize, List<PageFile> files)
    {
        if (list.ValueKind != JsonValueKind.Array)
            return false;
        var names = new HashSet<string>(StringComparer.Ordinal);
        var all = 0L;
        foreach (var file in list.EnumerateArray())
        {
            if (file.ValueKind != JsonValueKind.Object || Text(file, "name") is not { } name || !IsName(name) || !names.Add(name)
                || Number(file, "size") is not { } size || (all += size) > LargestNumber
                || !file.TryGetProperty("blobs", out var blobs) || blobs.ValueKind != JsonValueKind.Array
                || blobs.GetArrayLength() != size / blobSize + (size % blobSize == 0 ? 0 : 1))
                return false;
            var hashes = new List<ContentHash>(blobs.GetArrayLength());
            foreach (var blob in blobs.EnumerateArray())
            {
                if (blob.ValueKind != JsonValueKind.String || !ContentHash.TryParse(blob.GetString(), out var hash))
                    return false;
                hashes.Add(hash);
            }
            files.Add(new PageFile(name, size, hashes));
        }
        return true;
    }

    // A relative path that can't lead out of where it is put.
    private static bool IsName(string name) =>
        Encoding.UTF8.GetByteCount(name) <= LongestName && name.Split('/').All(part => part is not ("" or "." or ".."));

    private static string? Text(JsonElement of, string field) =>
        of.TryGetProperty(field, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    // Whole, not negative, and no larger than JavaScript counts; however it is written.
    private static long? Number(JsonElement of, string field) =>
        of.TryGetProperty(field, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number)
        && number is >= 0 and <= LargestNumber && double.IsInteger(number) ? (long)number : null;
}
