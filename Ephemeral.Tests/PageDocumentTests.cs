using System.Text.Json;
using CsCheck;
using Ephemeral.Web;
using Xunit;

namespace Ephemeral.Tests;

/// <summary>The server's reader of page documents, for curl: it takes what adds up, and never falls over what doesn't.</summary>
public sealed class PageDocumentTests
{
    private const int MaxBlob = 1 << 20;
    private static readonly string Hash = new('a', 64);

    [Fact]
    public void A_page_of_files_reads_back()
    {
        var page = TestPage.Of("files", 4, "", null, ("a/b", "text/plain", [1, 2, 3, 4, 5, 6]), ("empty", "", []));
        Assert.True(PageDocument.TryRead(page.Root.Bytes, MaxBlob, out var document, out var why));
        Assert.Equal("", why);
        Assert.Equal(4, document.BlobSize);
        Assert.Equal([("a/b", 6L, 2), ("empty", 0L, 0)], document.Files.Select(file => (file.Name, file.Size, file.Blobs.Count)));
        Assert.Equal((0, 1, -1), (document.IndexOf("a/b"), document.IndexOf("empty"), document.IndexOf("b")));
    }

    [Theory]
    [InlineData("""{"version":1,"kind":"text"}""")]
    [InlineData("""{"version":1.0,"kind":"later","files":[],"more":[{}]}""")]
    [InlineData("""{"version":1,"kind":"files","files":[{"name":"a","size":1e0,"blobs":["H"],"type":7}]}""")]
    [InlineData("""{"version":1,"kind":"files","blobSize":1,"files":[{"name":"a","size":2,"blobs":["H","H"]}]}""")]
    public void What_adds_up_is_read(string header) => Assert.True(Read(header, out _), header);

    [Theory]
    [InlineData("""[]""", "not known")]
    [InlineData("""{""", "can't be read")]
    [InlineData("""{"version":2,"kind":"files"}""", "not known")]
    [InlineData("""{"version":"1","kind":"files"}""", "not known")]
    [InlineData("""{"version":1}""", "not known")]
    [InlineData("""{"version":1,"kind":"sealed"}""", "private")]
    [InlineData("""{"version":1,"kind":"files","blobSize":0}""", "blob size")]
    [InlineData("""{"version":1,"kind":"files","blobSize":1048577}""", "blob size")]
    [InlineData("""{"version":1,"kind":"files","blobSize":null}""", "blob size")]
    [InlineData("""{"version":1,"kind":"files","files":{}}""", "list of files")]
    [InlineData("""{"version":1,"kind":"files","files":[7]}""", "list of files")]
    [InlineData("""{"version":1,"kind":"files","files":[{"name":"../a","size":0,"blobs":[]}]}""", "list of files")]
    [InlineData("""{"version":1,"kind":"files","files":[{"name":"/a","size":0,"blobs":[]}]}""", "list of files")]
    [InlineData("""{"version":1,"kind":"files","files":[{"name":"a//b","size":0,"blobs":[]}]}""", "list of files")]
    [InlineData("""{"version":1,"kind":"files","files":[{"name":"","size":0,"blobs":[]}]}""", "list of files")]
    [InlineData("""{"version":1,"kind":"files","files":[{"name":"LONG","size":0,"blobs":[]}]}""", "list of files")]
    [InlineData("""{"version":1,"kind":"files","files":[{"name":"a","size":0,"blobs":[]},{"name":"a","size":0,"blobs":[]}]}""", "list of files")]
    [InlineData("""{"version":1,"kind":"files","files":[{"name":"a","size":-1,"blobs":[]}]}""", "list of files")]
    [InlineData("""{"version":1,"kind":"files","files":[{"name":"a","size":0.5,"blobs":["H"]}]}""", "list of files")]
    [InlineData("""{"version":1,"kind":"files","files":[{"name":"a","size":9007199254740992,"blobs":[]}]}""", "list of files")]
    [InlineData("""{"version":1,"kind":"files","files":[{"name":"a","size":1,"blobs":[]}]}""", "list of files")]
    [InlineData("""{"version":1,"kind":"files","files":[{"name":"a","size":0,"blobs":["H"]}]}""", "list of files")]
    [InlineData("""{"version":1,"kind":"files","files":[{"name":"a","size":1,"blobs":["h"]}]}""", "list of files")]
    [InlineData("""{"version":1,"kind":"files","files":[{"name":"a","size":1,"blobs":[null]}]}""", "list of files")]
    [InlineData("""{"version":1,"kind":"files","files":[{"name":"\ud800","size":1,"blobs":[]}]}""", "")]
    public void What_does_not_says_why(string header, string part)
    {
        Assert.False(Read(header, out var why), header);
        Assert.Contains(part, why, StringComparison.Ordinal);
    }

    [Fact]
    public void A_list_of_a_million_blobs_is_refused_and_one_that_adds_up_is_read()
    {
        var blobs = string.Join(',', Enumerable.Repeat($"\"{Hash}\"", 1_000_000));
        Assert.False(Read($$"""{"version":1,"kind":"files","blobSize":4,"files":[{"name":"a","size":4,"blobs":[{{blobs}}]}]}""", out _));
        Assert.True(Read($$"""{"version":1,"kind":"files","blobSize":4,"files":[{"name":"a","size":4000000,"blobs":[{{blobs}}]}]}""", out _));
    }

    [Fact]
    public void Whatever_the_bytes_are_the_answer_is_consistent() =>
        Gen.Byte.Array[0, 200].Sample(bytes => Consistent([0x89, 0x45, 0x50, 0x48, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, .. bytes]), iter: 20_000);

    [Fact]
    public void A_page_that_is_cut_short_or_changed_in_a_byte_is_read_only_if_it_still_adds_up()
    {
        var whole = TestPage.Of("files", 4, "body", null, ("a/b", "", [1, 2, 3, 4, 5, 6]), ("c", "", [7])).Root.Bytes;
        Gen.Select(Gen.Int[0, whole.Length], Gen.Int[0, whole.Length - 1], Gen.Byte).Sample((length, at, value) =>
        {
            var changed = (byte[])whole.Clone();
            changed[at] = value;
            return Consistent(whole[..length]) && Consistent(changed);
        }, iter: 20_000);
    }

    [Fact]
    public void Any_header_of_the_right_shape_is_read_only_if_it_adds_up()
    {
        var name = Gen.OneOf(Pick("a", "b/c", "../x", "", "a/../b"), Gen.String[0, 8]);
        var blobs = Pick(Hash, "x").Array[0, 3];
        var size = Gen.OneOf(Gen.Double[-1, 20].Select(Math.Floor), Pick(0.5, 1e300, 9007199254740992));
        var file = Gen.Select(name, size, blobs, (n, s, b) => new { name = n, type = "t", size = s, blobs = b });
        Gen.Select(file.Array[0, 3], Gen.Int[0, 8], Pick("files", "text", "sealed"), (files, blobSize, kind) => JsonSerializer.Serialize(new { version = 1, kind, blobSize, files }))
            .Sample(header => Consistent(TestPage.Document(header).Bytes), iter: 20_000);
    }

    private static Gen<T> Pick<T>(params T[] of) => Gen.Int[0, of.Length - 1].Select(i => of[i]);

    private static bool Read(string header, out string why) => PageDocument.TryRead(
        TestPage.Document(header.Replace("\"H\"", $"\"{Hash}\"", StringComparison.Ordinal).Replace("LONG", new string('x', 256), StringComparison.Ordinal)).Bytes, MaxBlob, out _, out why);

    private static bool Consistent(byte[] root) =>
        PageDocument.TryRead(root, MaxBlob, out var document, out var why)
            ? why == "" && document.Files.All(file => file.Blobs.Count == (file.Size + document.BlobSize - 1) / document.BlobSize)
                && document.Files.Select(file => file.Name).Distinct().Count() == document.Files.Count
                && !document.Files.Exists(file => file.Name.Split('/').Intersect(["", ".", ".."]).Any())
            : why.StartsWith("This page", StringComparison.Ordinal) && why.EndsWith('.');
}
