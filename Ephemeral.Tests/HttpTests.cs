using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Xunit;

namespace Ephemeral.Tests;

/// <summary>A server with one blocked page, on fake time so that a wait takes as long as it says.</summary>
public sealed class GuardedWebApp : ClockedWebApp
{
    public static readonly TestBlob Blocked = TestBlob.Text("blocked by the operator");

    public GuardedWebApp() : base($"--Ephemeral:BlockedPages:0={Blocked.Name}") { }
}

/// <summary>The table "HTTP beside it" of the protocol, and the headers that keep a stranger's page in its box.</summary>
public sealed class HttpTests(GuardedWebApp web) : WireTest<GuardedWebApp>(web)
{
    private readonly TestBlob _page = TestBlob.Fresh();

    [Fact]
    public async Task The_home_page_is_the_browser_client()
    {
        using var answer = await Ask("/");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        AssertShell(answer);
    }

    [Fact]
    public async Task The_address_of_a_page_is_the_browser_client_whether_anybody_holds_it_or_not()
    {
        using var home = await Ask("/");
        using var answer = await Ask($"/{_page.Name}");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        AssertShell(answer);
        Assert.Equal(await home.Content.ReadAsStringAsync(), await answer.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task The_view_is_a_sandbox_that_reaches_nothing()
    {
        using var answer = await Ask("/view");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("text/html", answer.Content.Headers.ContentType?.MediaType);
        var policy = Policy(answer);
        Assert.Equal(["allow-forms", "allow-scripts"], policy["sandbox"].Order(StringComparer.Ordinal));
        Assert.Equal(["'none'"], policy["default-src"]);
        Assert.Equal(["'none'"], policy["form-action"]);
        Assert.Equal(["'none'"], policy["base-uri"]);
        Assert.DoesNotContain(policy.Values.SelectMany(v => v), source => source is "*" or "'self'" or "http:" or "https:" or "ws:" or "wss:");
        foreach (var kind in new[] { "connect-src", "img-src", "media-src", "font-src" }) Assert.All(policy[kind], source => Assert.True(source is "blob:" or "data:" or "'none'", source));
        Assert.Single(policy["frame-ancestors"]);
        AssertHeader(answer, "X-Content-Type-Options", "nosniff");
        AssertHeader(answer, "Referrer-Policy", "no-referrer");
        AssertHeader(answer, "X-DNS-Prefetch-Control", "off");
        AssertHeader(answer, "Cross-Origin-Resource-Policy", "cross-origin");
        AssertHeader(answer, "Origin-Agent-Cluster", "?1");
        var permissions = string.Join(",", answer.Headers.GetValues("Permissions-Policy"));
        foreach (var feature in new[] { "camera", "microphone", "geolocation", "payment", "usb", "clipboard-read" }) Assert.Contains($"{feature}=()", permissions, StringComparison.Ordinal);
        Assert.DoesNotContain(answer.Headers, h => h.Key == "Set-Cookie");
    }

    [Fact]
    public async Task The_raw_address_gives_the_bytes_of_the_root()
    {
        await Holder(_page);
        using var answer = await Ask($"/{_page.Name}/raw");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(_page.Bytes, await answer.Content.ReadAsByteArrayAsync());
        AssertRaw(answer);
    }

    [Theory]
    [InlineData("<script>alert(1)</script>")]
    [InlineData("Grüße 🎈\r\nzweite Zeile\r\n")]
    [InlineData("GIF89a<html><body onload=alert(1)>")]
    public async Task The_raw_address_never_gives_a_browser_anything_to_run(string text)
    {
        var page = TestBlob.Text(text + Guid.NewGuid());
        await Holder(page);
        using var answer = await Ask($"/{page.Name}/raw");
        Assert.Equal(page.Bytes, await answer.Content.ReadAsByteArrayAsync());
        AssertRaw(answer);
    }

    [Fact]
    public async Task The_raw_address_of_an_empty_page_is_empty()
    {
        await Holder(TestBlob.Empty);
        using var answer = await Ask($"/{TestBlob.Empty.Name}/raw");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Empty(await answer.Content.ReadAsByteArrayAsync());
        AssertRaw(answer);
    }

    [Theory]
    [InlineData("bytes=2-4", 2, 3)]
    [InlineData("bytes=5-", 5, null)]
    [InlineData("bytes=-3", null, 3)]
    public async Task A_range_of_the_raw_bytes_is_given(string range, int? start, int? length)
    {
        await Holder(_page);
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/{_page.Name}/raw");
        request.Headers.Add("Range", range);
        using var answer = await Web.Http.SendAsync(request);
        var all = _page.Bytes.Length;
        var from = start ?? all - length!.Value;
        var expected = _page.Bytes[from..(from + (length ?? all - from))];
        Assert.Equal(HttpStatusCode.PartialContent, answer.StatusCode);
        Assert.Equal(new ContentRangeHeaderValue(from, from + expected.Length - 1, all), answer.Content.Headers.ContentRange);
        Assert.Equal(expected, await answer.Content.ReadAsByteArrayAsync());
        Assert.Equal($"\"{_page.Name}\"", answer.Headers.ETag?.Tag);
    }

    [Fact]
    public async Task A_range_beyond_the_raw_bytes_is_416()
    {
        await Holder(_page);
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/{_page.Name}/raw");
        request.Headers.Add("Range", $"bytes={_page.Bytes.Length}-");
        using var answer = await Web.Http.SendAsync(request);
        Assert.Equal(HttpStatusCode.RequestedRangeNotSatisfiable, answer.StatusCode);
        Assert.Equal(_page.Bytes.Length, answer.Content.Headers.ContentRange?.Length);
    }

    [Fact]
    public async Task The_raw_address_waits_two_seconds_for_a_holder_and_then_says_in_one_line_that_there_is_none()
    {
        var driver = await Visitor();
        await Web.Freeze();
        var asking = Ask($"/{_page.Name}/raw");
        await Web.Pass(TimeSpan.FromSeconds(1.9), driver);
        Assert.False(asking.IsCompleted);
        await Web.Pass(TimeSpan.FromSeconds(0.2), driver);
        Web.Flow();
        using var answer = await asking;
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Equal("text/plain", answer.Content.Headers.ContentType?.MediaType);
        Assert.DoesNotContain('\n', (await answer.Content.ReadAsStringAsync()).TrimEnd('\n'));
    }

    [Fact]
    public async Task The_raw_address_with_wait_0_gives_a_holder_who_is_there_no_more_than_a_moment()
    {
        var driver = await Visitor();
        await Web.Freeze();
        var asking = Ask($"/{_page.Name}/raw?wait=0");
        await driver.Fence();
        await Web.Pass(TimeSpan.FromSeconds(0.5), driver);
        using var answer = await asking;
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    [Fact]
    public async Task The_raw_address_waits_as_long_as_it_is_told_for_a_holder_that_comes()
    {
        var driver = await Visitor();
        await Web.Freeze();
        var asking = Ask($"/{_page.Name}/raw?wait=30");
        await Web.Pass(TimeSpan.FromSeconds(25), driver);
        Assert.False(asking.IsCompleted);
        Web.Flow();
        await Holder(_page);
        using var answer = await asking;
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(_page.Bytes, await answer.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public async Task The_raw_address_of_a_page_whose_holder_is_mute_is_404_in_time()
    {
        var mute = await Holder(_page);
        mute.Mute();
        using var answer = await Ask($"/{_page.Name}/raw?wait=1");
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    [Theory]
    [InlineData("31")]
    [InlineData("-1")]
    [InlineData("1.5")]
    [InlineData("1s")]
    [InlineData("")]
    [InlineData("ten")]
    [InlineData("99999999999999999999")]
    [InlineData("1&wait=2")]
    public async Task Any_other_wait_is_400(string wait)
    {
        using var answer = await Ask($"/{_page.Name}/raw?wait={wait}");
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    [Fact]
    public async Task The_reader_of_the_raw_address_is_not_counted()
    {
        var holder = await Holder(_page);
        holder.Mute();
        var asking = Ask($"/{_page.Name}/raw?wait=5");
        await holder.NextAsk(_page, _page);
        Assert.Equal((1, 0), await Numbers(_page));
        await holder.SendBlob(_page);
        using var answer = await asking;
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.DoesNotContain(holder.Seen<Status>(), s => s.Waiters > 0);
    }

    [Fact]
    public async Task The_numbers_of_a_page_are_told_to_programs()
    {
        Assert.Equal((0, 0), await Numbers(_page));
        var holder = await Holder(_page);
        await Waiter(_page, root: false);
        await Waiter(_page, root: false);
        await holder.NextStatus(_page, 1, 2, "holder");
        Assert.Equal((1, 2), await Numbers(_page));
        using var answer = await Ask($"/api/pages/{_page.Name}");
        Assert.Equal("application/json", answer.Content.Headers.ContentType?.MediaType);
        using var json = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        Assert.Equal(_page.Name, json.RootElement.GetProperty("page").GetString());
    }

    [Fact]
    public async Task Asking_for_the_numbers_counts_nobody()
    {
        for (var i = 0; i < 3; i++) Assert.Equal((0, 0), await Numbers(_page));
        var visitor = await Visitor();
        await visitor.Want(_page);
        await visitor.NextStatus(_page, 0, 1, "waiter");
    }

    [Theory]
    [InlineData("/health/live")]
    [InlineData("/health/ready")]
    public async Task A_running_node_is_live_and_ready(string path)
    {
        using var answer = await Ask(path);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Theory]
    [InlineData("/nothing")]
    [InlineData("/nothing/here")]
    [InlineData("/api")]
    [InlineData("/api/pages")]
    [InlineData("/api/pages/abc")]
    [InlineData("/health")]
    [InlineData("/health/other")]
    [InlineData("/{page}/other")]
    [InlineData("/{page}/raw/more")]
    [InlineData("/{upper}")]
    [InlineData("/{upper}/raw")]
    [InlineData("/api/pages/{upper}")]
    [InlineData("/{page}0")]
    [InlineData("/{page}0/raw")]
    public async Task Anything_else_is_404(string path)
    {
        using var answer = await Ask(path.Replace("{page}", Letters, StringComparison.Ordinal).Replace("{upper}", Letters.ToUpperInvariant(), StringComparison.Ordinal));
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        AssertHeader(answer, "X-Content-Type-Options", "nosniff");
    }

    [Theory]
    [InlineData("POST", "/")]
    [InlineData("PUT", "/{page}")]
    [InlineData("DELETE", "/{page}/raw")]
    [InlineData("POST", "/api/pages/{page}")]
    public async Task Any_other_method_is_404(string method, string path)
    {
        using var answer = await Ask(path.Replace("{page}", Letters, StringComparison.Ordinal), new HttpMethod(method));
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    [Theory]
    [InlineData("/{upper}")]
    [InlineData("/{page}0")]
    [InlineData("/abc")]
    public async Task An_address_that_is_no_page_name_gets_a_page_that_says_so(string path)
    {
        using var answer = await Ask(path.Replace("{page}", Letters, StringComparison.Ordinal).Replace("{upper}", Letters.ToUpperInvariant(), StringComparison.Ordinal));
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Equal("text/html", answer.Content.Headers.ContentType?.MediaType);
        Assert.Contains("64", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_address_is_not_repeated_as_markup()
    {
        using var answer = await Ask("/%3Cscript%3Ealert(1)%3C%2Fscript%3E");
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.DoesNotContain("<script>alert", await answer.Content.ReadAsStringAsync(), StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("")]
    [InlineData("/raw")]
    public async Task A_blocked_page_is_451(string rest)
    {
        using var answer = await Ask($"/{GuardedWebApp.Blocked.Name}{rest}");
        Assert.Equal(HttpStatusCode.UnavailableForLegalReasons, answer.StatusCode);
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/{page}")]
    [InlineData("/{page}/raw")]
    [InlineData("/{page}/raw?wait=x")]
    [InlineData("/api/pages/{page}")]
    [InlineData("/health/ready")]
    [InlineData("/view")]
    [InlineData("/nothing")]
    public async Task HEAD_is_as_GET_without_the_body(string path)
    {
        await Holder(_page);
        path = path.Replace("{page}", _page.Name, StringComparison.Ordinal);
        using var got = await Ask(path);
        using var head = await Ask(path, HttpMethod.Head);
        Assert.Equal(got.StatusCode, head.StatusCode);
        Assert.Empty(await head.Content.ReadAsByteArrayAsync());
        Assert.Equal(got.Content.Headers.ContentType, head.Content.Headers.ContentType);
        Assert.Equal(Named(got.Headers), Named(head.Headers));
    }

    [Fact]
    public async Task HEAD_of_a_page_that_nobody_gives_is_404()
    {
        using var head = await Ask($"/{_page.Name}/raw?wait=0", HttpMethod.Head);
        Assert.Equal(HttpStatusCode.NotFound, head.StatusCode);
    }

    private static string Letters => "abcdefabcdefabcdefabcdefabcdefabcdefabcdefabcdefabcdefabcdefabcd";

    private async Task<HttpResponseMessage> Ask(string path, HttpMethod? method = null)
    {
        using var request = new HttpRequestMessage(method ?? HttpMethod.Get, path);
        return await Web.Http.SendAsync(request).WaitAsync(TestVisitor.Patience + TestVisitor.Patience);
    }

    private async Task<(int Holders, int Waiters)> Numbers(TestBlob page)
    {
        using var answer = await Ask($"/api/pages/{page.Name}");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        using var json = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        return (json.RootElement.GetProperty("holders").GetInt32(), json.RootElement.GetProperty("waiters").GetInt32());
    }

    private static void AssertShell(HttpResponseMessage answer)
    {
        Assert.Equal("text/html", answer.Content.Headers.ContentType?.MediaType);
        var policy = Policy(answer);
        Assert.Equal(["'none'"], policy["default-src"]);
        Assert.Equal(["'self'"], policy["script-src"]);
        Assert.Equal(["'self'"], policy["style-src"]);
        Assert.Equal(["'none'"], policy["base-uri"]);
        Assert.Equal(["'none'"], policy["form-action"]);
        Assert.Equal(["'none'"], policy["frame-ancestors"]);
        Assert.Equal(["'self'"], policy["worker-src"]);
        Assert.Single(policy["frame-src"]);
        Assert.Equal(["'script'"], policy["require-trusted-types-for"]);
        Assert.DoesNotContain(policy.Values.SelectMany(v => v), source => source is "*" or "'unsafe-inline'" or "'unsafe-eval'" or "http:" or "https:");
        AssertHeader(answer, "X-Content-Type-Options", "nosniff");
        AssertHeader(answer, "Referrer-Policy", "no-referrer");
        AssertHeader(answer, "Cross-Origin-Opener-Policy", "same-origin");
        Assert.DoesNotContain(answer.Headers, h => h.Key == "Set-Cookie");
    }

    private static void AssertRaw(HttpResponseMessage answer)
    {
        var type = answer.Content.Headers.ContentType?.MediaType;
        Assert.True(type is "text/plain" or "application/octet-stream", type);
        if (type == "application/octet-stream") Assert.Equal("attachment", answer.Content.Headers.ContentDisposition?.DispositionType);
        AssertHeader(answer, "X-Content-Type-Options", "nosniff");
        AssertHeader(answer, "Content-Security-Policy", "sandbox; default-src 'none'");
        Assert.DoesNotContain(answer.Headers, h => h.Key == "Set-Cookie");
    }

    private static void AssertHeader(HttpResponseMessage answer, string name, string value)
    {
        Assert.True(answer.Headers.TryGetValues(name, out var values), $"{name} is missing");
        Assert.Equal(value, Assert.Single(values));
    }

    private static Dictionary<string, string[]> Policy(HttpResponseMessage answer)
    {
        Assert.True(answer.Headers.TryGetValues("Content-Security-Policy", out var values), "Content-Security-Policy is missing");
        return Assert.Single(values).Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Select(directive => directive.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .ToDictionary(words => words[0], words => words[1..]);
    }

    private static string Named(HttpResponseHeaders headers)
    {
        var text = new StringBuilder();
        foreach (var header in headers.Where(h => h.Key is not ("Date" or "Transfer-Encoding")).OrderBy(h => h.Key, StringComparer.Ordinal)) text.AppendLine($"{header.Key}: {string.Join(", ", header.Value)}");
        return text.ToString();
    }
}
