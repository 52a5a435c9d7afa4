namespace Ephemeral.Web;

/// <summary>The headers that keep a stranger's page in its box, and strangers' sites away from ours.</summary>
internal static class Headers
{
    private const string Shell =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; media-src blob:; worker-src 'self'; " +
        "manifest-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types ephemeral; ";

    // The view's origin is opaque through its own sandbox: it owns nothing, so its inline scripts may run. frame-src of
    // the shell is what keeps it from navigating away; 'self' would match nothing here, so the host is named.
    private const string View =
        "sandbox allow-scripts allow-forms; default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval' blob: data:; style-src 'unsafe-inline' blob: data:; " +
        "img-src blob: data:; media-src blob: data:; font-src blob: data:; connect-src blob: data:; worker-src blob:; child-src blob: data:; " +
        "form-action 'none'; base-uri 'none'; webrtc 'block'; frame-ancestors ";

    private const string Raw = "sandbox; default-src 'none'";

    /// <summary>Puts the headers of its route on every answer.</summary>
    public static Task Add(HttpContext http, RequestDelegate next)
    {
        var headers = http.Response.Headers;
        var path = http.Request.Path.Value ?? "";
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=(), display-capture=(), usb=(), serial=(), hid=(), payment=(), clipboard-read=(), browsing-topics=()";
        headers["X-DNS-Prefetch-Control"] = "off";
        headers["Origin-Agent-Cluster"] = "?1";
        // To read this, robots have to be let in: so robots.txt doesn't shut them out of pages.
        if (path != "/")
            headers["X-Robots-Tag"] = "noindex, nofollow, noarchive";
        if (path == "/view")
        {
            headers.ContentSecurityPolicy = View + (Host(http.Request) ?? "'none'");
            // The shell has it, and would not show a frame without it.
            headers["Cross-Origin-Embedder-Policy"] = "require-corp";
            headers["Cross-Origin-Resource-Policy"] = "cross-origin";
        }
        else if (IsContent(path) && http.Request.Headers.ContainsKey("Service-Worker"))
        {
            // What a stranger wrote must not become a program of this site's.
            http.Response.StatusCode = StatusCodes.Status403Forbidden;
            return Task.CompletedTask;
        }
        else if (IsContent(path) || path.StartsWith("/api/", StringComparison.Ordinal))
        {
            headers.ContentSecurityPolicy = Raw;
            headers["Cross-Origin-Resource-Policy"] = "same-origin";
            headers.CacheControl = "no-store";
        }
        else
        {
            // Not every browser takes 'self' in connect-src for a WebSocket of the same host.
            headers.ContentSecurityPolicy = Shell + (Host(http.Request) is { } host
                ? $"frame-src {host}/view; connect-src 'self' ws://{host} wss://{host}"
                : "frame-src 'none'; connect-src 'self'");
            headers["Cross-Origin-Opener-Policy"] = "same-origin";
            headers["Cross-Origin-Embedder-Policy"] = "require-corp";
            headers["Cross-Origin-Resource-Policy"] = "same-origin";
        }
        // The bundle's names carry a hash of their content.
        if (path.StartsWith("/assets/", StringComparison.Ordinal))
            http.Response.OnStarting(() =>
            {
                if (http.Response.StatusCode is StatusCodes.Status200OK or StatusCodes.Status206PartialContent or StatusCodes.Status304NotModified)
                    headers.CacheControl = "public, max-age=31536000, immutable";
                return Task.CompletedTask;
            });
        return next(http);
    }

    // Of a page: "/<64 hex>/raw" and "/<64 hex>/files/<name>".
    private static bool IsContent(string path) => path.Length > 65 && (path[65..] == "/raw" || path[65..].StartsWith("/files/", StringComparison.Ordinal));

    /// <summary>Browsers say where a page comes from; only ours, and those that are configured, may open a WebSocket. Programs say nothing.</summary>
    public static bool IsOriginAllowed(HttpRequest request, string[] allowed)
    {
        if (request.Headers.Origin.Count == 0)
            return true;
        var origin = request.Headers.Origin.ToString();
        // The scheme is not compared: TLS may end at a proxy. A default port is left out by browsers.
        return Uri.TryCreate(origin, UriKind.Absolute, out var uri)
            && ((string.Equals(uri.Host, request.Host.Host, StringComparison.OrdinalIgnoreCase)
                    && uri.Port == (request.Host.Port ?? (uri.Scheme == Uri.UriSchemeHttps ? 443 : 80)))
                || allowed.Contains(origin, StringComparer.OrdinalIgnoreCase));
    }

    // What goes into a header must not be able to end a directive.
    public static string? Host(HttpRequest request) =>
        request.Host.Value is { Length: > 0 } host && host.All(c => char.IsAsciiLetterOrDigit(c) || ".-:[]".Contains(c)) ? host : null;
}
