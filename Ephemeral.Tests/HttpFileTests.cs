using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Ephemeral.Grains;
using Ephemeral.Web;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Ephemeral.Tests;

/// <summary><c>/&lt;hash&gt;/files/&lt;name&gt;</c>: a file of an open page for who has no browser.</summary>
public sealed class HttpFileTests(WebApp web) : WireTest<WebApp>(web)
{
    private const int BlobSize = 100;
    private readonly byte[] _bytes = TestBlob.Fresh(1_050).Bytes;

    [Theory]
    [InlineData("film.webm")]
    [InlineData("a/b/ü 😀 100%.txt")]
    [InlineData("<img src=x onerror=alert(1)>.html")]
    [InlineData("evil\"; filename=\"x.exe")]
    [InlineData("new\r\nline")]
    public async Task A_file_arrives_byte_for_byte_and_as_nothing_that_a_browser_would_run(string name)
    {
        var page = TestPage.Of("files", BlobSize, "", null, ("first", "", [1]), (name, "text/html", _bytes));
        await Holder(page);
        using var answer = await Ask(page, name);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(_bytes, await answer.Content.ReadAsByteArrayAsync());
        Assert.Equal(_bytes.Length, answer.Content.Headers.ContentLength);
        Assert.Equal("application/octet-stream", answer.Content.Headers.ContentType?.ToString());
        Assert.Equal("attachment", answer.Content.Headers.ContentDisposition?.DispositionType);
        Assert.Equal(name.Split('/')[^1], answer.Content.Headers.ContentDisposition?.FileNameStar);
        Assert.Equal(["nosniff"], answer.Headers.GetValues("X-Content-Type-Options"));
        Assert.Equal(["sandbox; default-src 'none'"], answer.Headers.GetValues("Content-Security-Policy"));
        Assert.Equal(["same-origin"], answer.Headers.GetValues("Cross-Origin-Resource-Policy"));
        Assert.True(answer.Headers.CacheControl?.NoStore);
        Assert.Empty(Web.Warnings);
    }

    [Fact]
    public async Task An_empty_file_is_empty_and_a_slash_may_be_encoded_too()
    {
        var page = TestPage.Of("text", BlobSize, "body", null, ("a/empty", "", []));
        await Holder(page);
        foreach (var path in new[] { "a/empty", "a%2Fempty", "a%2fempty" })
        {
            using var answer = await Web.Http.GetAsync(new Uri(Web.Address, $"/{page.Root.Name}/files/{path}"));
            Assert.Equal((HttpStatusCode.OK, 0), (answer.StatusCode, answer.Content.Headers.ContentLength));
        }
    }

    [Theory]
    [InlineData("bytes=0-99", 0, 100)]
    [InlineData("bytes=0-0", 0, 1)]
    [InlineData("bytes=99-100", 99, 2)]
    [InlineData("bytes=250-749", 250, 500)]
    [InlineData("bytes=1000-", 1_000, 50)]
    [InlineData("bytes=-7", 1_043, 7)]
    [InlineData("bytes=1000-9999", 1_000, 50)]
    public async Task A_range_is_given_from_its_own_blobs_alone(string range, int start, int length)
    {
        var page = TestPage.Of("files", BlobSize, "", null, ("f", "", _bytes));
        var holder = await Holder(page);
        using var answer = await Ask(page, "f", request => request.Headers.Add("Range", range));
        Assert.Equal(HttpStatusCode.PartialContent, answer.StatusCode);
        Assert.Equal(new ContentRangeHeaderValue(start, start + length - 1, _bytes.Length), answer.Content.Headers.ContentRange);
        Assert.Equal(_bytes[start..(start + length)], await answer.Content.ReadAsByteArrayAsync());
        foreach (var blob in page.Blobs[..(start / BlobSize)]) Assert.Equal(0, holder.Asked(blob));
    }

    [Fact]
    public async Task A_range_beyond_the_end_is_416_and_a_range_of_another_page_is_the_whole_file()
    {
        var page = TestPage.Of("files", BlobSize, "", null, ("f", "", _bytes));
        await Holder(page);
        using var beyond = await Ask(page, "f", request => request.Headers.Add("Range", "bytes=1050-"));
        Assert.Equal(HttpStatusCode.RequestedRangeNotSatisfiable, beyond.StatusCode);
        Assert.Equal(_bytes.Length, beyond.Content.Headers.ContentRange?.Length);

        using var whole = await Ask(page, "f");
        Assert.Equal("bytes", whole.Headers.AcceptRanges.Single());
        foreach (var (tag, status) in new[] { (whole.Headers.ETag!, HttpStatusCode.PartialContent), (new EntityTagHeaderValue("\"another\""), HttpStatusCode.OK) })
        {
            using var answer = await Ask(page, "f", request =>
            {
                request.Headers.Range = new RangeHeaderValue(5, 9);
                request.Headers.IfRange = new RangeConditionHeaderValue(tag);
            });
            Assert.Equal(status, answer.StatusCode);
        }
    }

    [Fact]
    public async Task HEAD_says_how_large_it_is_and_fetches_none_of_it()
    {
        var page = TestPage.Of("files", BlobSize, "", null, ("f", "", _bytes));
        var holder = await Holder(page);
        using var answer = await Ask(page, "f", request => request.Method = HttpMethod.Head);
        Assert.Equal((HttpStatusCode.OK, _bytes.Length), (answer.StatusCode, answer.Content.Headers.ContentLength));
        await holder.Fence();
        Assert.All(page.Blobs, blob => Assert.Equal(0, holder.Asked(blob)));
    }

    [Theory]
    [InlineData("other")]
    [InlineData("F")]
    [InlineData("")]
    [InlineData("..%2Ff")]
    [InlineData("%2e%2e/f")]
    [InlineData("/f")]
    [InlineData(null)]
    public async Task Another_name_is_404_in_one_line(string? name)
    {
        var page = TestPage.Of("files", BlobSize, "", null, ("f", "", _bytes));
        await Holder(page);
        using var answer = await Web.Http.GetAsync(new Uri($"{Web.Address}{page.Root.Name}/files/{name ?? new string('x', 4_000)}"));
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    [Fact]
    public async Task What_has_no_files_says_so_in_one_line()
    {
        (TestBlob Root, string Why)[] roots =
        [
            (TestBlob.Text("<p>bare " + Guid.NewGuid()), "no files"),
            (TestPage.Document("""{"version":1,"kind":"sealed","seal":{}}""", $"{Guid.NewGuid()}"), "private"),
            (TestPage.Document("""{"version":2,"kind":"files"}""", $"{Guid.NewGuid()}"), "not known here"),
            (TestPage.Document("""{"version":1,"kind":"files","files":[{"name":"f","size":5,"blobs":[]}]}""", $"{Guid.NewGuid()}"), "can't be used"),
        ];
        foreach (var (root, why) in roots)
        {
            await Holder(root);
            using var answer = await Ask(new TestPage(root, []), "f");
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
            var text = await answer.Content.ReadAsStringAsync();
            Assert.Contains(why, text, StringComparison.Ordinal);
            Assert.Equal(text.Length - 1, text.IndexOf('\n', StringComparison.Ordinal));
        }

        using var nobody = await Ask(new TestPage(TestBlob.Fresh(), []), "f?wait=0");
        Assert.Equal(HttpStatusCode.NotFound, nobody.StatusCode);
        using var wrong = await Ask(new TestPage(TestBlob.Fresh(), []), "f?wait=x");
        Assert.Equal(HttpStatusCode.BadRequest, wrong.StatusCode);
    }

    [Fact]
    public async Task A_file_whose_blobs_have_other_sizes_than_the_page_lists_ends_before_its_end()
    {
        var (first, second) = (TestBlob.Fresh(100), TestBlob.Fresh(40));
        var root = TestPage.Document($$"""{"version":1,"kind":"files","blobSize":100,"files":[{"name":"f","size":150,"blobs":["{{first.Name}}","{{second.Name}}"]}]}""");
        await Holder(new TestPage(root, [first, second]));
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => Ask(new TestPage(root, []), "f"));
    }

    [Fact]
    public async Task A_file_that_its_last_holder_takes_along_ends_before_its_end_and_who_comes_back_goes_on()
    {
        var page = TestPage.Of("files", BlobSize, "", null, ("f", "", _bytes));
        var holder = await Holder(page);
        holder.Gives([page.Root, .. page.Blobs[..2]]);
        var node = Web.App.Services.GetRequiredService<WebNode>();
        Assert.True(PageDocument.TryRead(page.Root.Bytes, 1 << 20, out var document, out _));
        await using var stream = new BlobStream(node, new ContentHash(Convert.FromHexString(page.Root.Name)), document.Files[0], document.BlobSize, CancellationToken.None);
        var start = new byte[200];
        await stream.ReadExactlyAsync(start);
        await holder.Leave();
        var going = stream.ReadAsync(new byte[1]).AsTask();
        await Holder(page);
        Assert.Equal(1, await going);
    }

    [Fact]
    public async Task No_more_than_a_few_blobs_are_fetched_ahead_of_the_reader()
    {
        var page = TestPage.Of("files", BlobSize, "", null, ("f", "", _bytes));
        var holder = await Holder(page);
        var node = Web.App.Services.GetRequiredService<WebNode>();
        Assert.True(PageDocument.TryRead(page.Root.Bytes, 1 << 20, out var document, out _));
        await using var stream = new BlobStream(node, new ContentHash(Convert.FromHexString(page.Root.Name)), document.Files[0], document.BlobSize, CancellationToken.None);
        Assert.Equal(1, await stream.ReadAsync(new byte[1]));
        await holder.Fence();
        Assert.Equal(4, page.Blobs.Sum(holder.Asked));
        await stream.ReadExactlyAsync(new byte[BlobSize]);
        await holder.Fence();
        Assert.Equal(5, page.Blobs.Sum(holder.Asked));
    }

    [Fact]
    public async Task Many_readers_of_one_file_cost_the_holder_about_one_upload()
    {
        var page = TestPage.Of("files", 1 << 16, "", null, ("f", "", TestBlob.Fresh(1 << 20).Bytes));
        var holder = await Holder(page);
        var reader = await Waiter(page.Root);
        var hashes = await Task.WhenAll(Enumerable.Range(0, 5).Select(async _ =>
        {
            using var answer = await Ask(page, "f");
            return new TestBlob(await answer.Content.ReadAsByteArrayAsync()).Name;
        }));
        Assert.Single(hashes.Distinct());
        Assert.DoesNotContain(reader.Seen<Status>(), status => status.Waiters > 1);
    }

    private Task<TestVisitor> Holder(TestPage page) => Holder(page.Root, page.Blobs);

    private async Task<HttpResponseMessage> Ask(TestPage page, string name, Action<HttpRequestMessage>? change = null)
    {
        var (path, query) = name.Split('?') is [var p, var q] ? (p, "?" + q) : (name, "");
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(Web.Address, $"/{page.Root.Name}/files/{string.Join('/', path.Split('/').Select(Uri.EscapeDataString))}{query}"));
        change?.Invoke(request);
        return await Web.Http.SendAsync(request);
    }
}
