using System.Net;
using Ephemeral.Web;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Ephemeral.Tests;

/// <summary>Every header that protects somebody, on every route, whole: what changes in them changes here, too.</summary>
public sealed class HeadersTests(WebApp web) : WireTest<WebApp>(web)
{
    private const string Common = """
        Origin-Agent-Cluster: ?1
        Permissions-Policy: camera=(), microphone=(), geolocation=(), display-capture=(), usb=(), serial=(), hid=(), payment=(), clipboard-read=(), browsing-topics=()
        Referrer-Policy: no-referrer
        X-Content-Type-Options: nosniff
        X-DNS-Prefetch-Control: off
        """;

    private const string Shell = Common + """

        Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; media-src blob:; worker-src 'self'; manifest-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types ephemeral; frame-src HOST/view; connect-src 'self' ws://HOST wss://HOST
        Cross-Origin-Embedder-Policy: require-corp
        Cross-Origin-Opener-Policy: same-origin
        Cross-Origin-Resource-Policy: same-origin
        """;

    private const string View = Common + """

        Content-Security-Policy: sandbox allow-scripts allow-forms; default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval' blob: data:; style-src 'unsafe-inline' blob: data:; img-src blob: data:; media-src blob: data:; font-src blob: data:; connect-src blob: data:; worker-src blob:; child-src blob: data:; form-action 'none'; base-uri 'none'; webrtc 'block'; frame-ancestors HOST
        Cross-Origin-Embedder-Policy: require-corp
        Cross-Origin-Resource-Policy: cross-origin
        """;

    private const string Content = Common + """

        Cache-Control: no-store
        Content-Security-Policy: sandbox; default-src 'none'
        Cross-Origin-Resource-Policy: same-origin
        """;

    private const string NotFound = "/nothing/here";

    // What is not about safety, and has tests of its own.
    private static readonly string[] Other = ["Date", "Content-Type", "Content-Length", "Content-Disposition", "Accept-Ranges", "ETag", "Last-Modified", "Vary", "Allow", "Retry-After", "Transfer-Encoding"];

    [Theory]
    [InlineData("/", Shell, "no-store", false)]
    [InlineData("/PAGE", Shell, "no-store", true)]
    [InlineData("/how", Shell, "no-store", true)]
    [InlineData("/health/ready", Shell, null, true)]
    [InlineData(NotFound, Shell, "no-store", true)]
    [InlineData("/health/live", Shell, null, true)]
    [InlineData("/ws", Shell, null, true)]
    [InlineData("/robots.txt", Shell, "no-cache", true)]
    [InlineData("/view", View, "no-store", true)]
    [InlineData("/PAGE/raw", Content, null, true)]
    [InlineData("/PAGE/files/a.txt", Content, null, true)]
    [InlineData("/api/pages/PAGE", Content, null, true)]
    public async Task Each_route_has_these_headers_and_no_others(string path, string expected, string? caching, bool robots)
    {
        var page = TestBlob.Fresh();
        await Holder(page);
        using var answer = await Web.Http.GetAsync(path.Replace("PAGE", page.Name, StringComparison.Ordinal));
        var headers = answer.Headers.Concat(answer.Content.Headers).Where(header => !Other.Contains(header.Key)).Select(header => $"{header.Key}: {string.Join(", ", header.Value)}");
        var wanted = expected.Replace("HOST", Web.Address.Authority, StringComparison.Ordinal).Split('\n');
        if (caching is not null) wanted = [.. wanted, $"Cache-Control: {caching}"];
        if (robots) wanted = [.. wanted, "X-Robots-Tag: noindex, nofollow, noarchive"];
        Assert.Equal(wanted.Order(StringComparer.Ordinal), headers.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("example.org:8443", "example.org:8443")]
    [InlineData("[::1]:80", "[::1]:80")]
    [InlineData("example.org; script-src *", null)]
    [InlineData("example.org,other", null)]
    [InlineData("", null)]
    public void A_host_that_could_end_a_directive_is_none(string host, string? taken) =>
        Assert.Equal(taken, Headers.Host(new DefaultHttpContext { Request = { Host = new HostString(host) } }.Request));

    [Theory]
    [InlineData("raw")]
    [InlineData("files/sw.js")]
    public async Task What_a_stranger_wrote_is_never_a_service_worker(string rest)
    {
        var page = TestBlob.Text("self.onfetch = null // " + Guid.NewGuid());
        await Holder(page);
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/{page.Name}/{rest}");
        request.Headers.Add("Service-Worker", "script");
        Assert.Equal(HttpStatusCode.Forbidden, (await Web.Http.SendAsync(request)).StatusCode);
    }
}
