using System.Globalization;
using System.Net;
using System.Net.WebSockets;
using System.Text;
using System.Text.Encodings.Web;
using System.Threading.RateLimiting;
using Ephemeral.Grains;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace Ephemeral.Web;

/// <summary>The HTTP side of the protocol.</summary>
internal static class Endpoints
{
    private const string Address = "{page:hash}";
    private const string RequestLimit = "requests";
    private const string Preview = "\"/preview.png\"";
    private static readonly string[] Read = [HttpMethods.Get, HttpMethods.Head];
    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    public static void MapEphemeral(this WebApplication app)
    {
        app.Use(Headers.Add);
        app.UseRouting();
        app.UseRateLimiter();
        app.MapStaticAssets();
        app.MapMethods("/", Read, (HttpContext http, IWebHostEnvironment site) => Shell(http, site));
        app.MapMethods("/how", Read, (HttpContext http, IWebHostEnvironment site) => Shell(http, site));
        app.MapMethods("/" + Address, Read, (HttpContext http, string page, WebNode node, IWebHostEnvironment site) =>
            IsBlocked(node, page) ? Task.FromResult(Blocked(http)) : Shell(http, site));
        app.MapMethods("/view", Read, (HttpContext http) => File(http, "view.html"));
        app.MapMethods($"/{Address}/raw", Read, Raw).RequireRateLimiting(RequestLimit);
        app.MapMethods($"/{Address}/files/{{**name}}", Read, PageFile).RequireRateLimiting(RequestLimit);
        app.MapMethods($"/api/pages/{Address}", Read, Health).RequireRateLimiting(RequestLimit);
        app.MapMethods("/health/live", Read, () => Results.Text("alive\n"));
        app.MapMethods("/health/ready", Read, (HttpContext http, NodeLife life) => life.IsReady ? Results.Text("ready\n") : Busy(http, "not ready\n"));
        app.Map("/ws", Visit);
        app.MapFallback("{**path}", (HttpContext http) => File(http, "404.html", StatusCodes.Status404NotFound));
    }

    private static async Task<IResult> Visit(HttpContext http, WebNode node, NodeLife life, IOptions<WebOptions> options)
    {
        if (!http.WebSockets.IsWebSocketRequest || !http.WebSockets.WebSocketRequestedProtocols.Contains(Wire.Subprotocol))
            return Results.Text($"This is a WebSocket with the subprotocol {Wire.Subprotocol}.\n", statusCode: StatusCodes.Status400BadRequest);
        if (!Headers.IsOriginAllowed(http.Request, options.Value.AllowedOrigins))
            return NotIn(Refusal.Origin, Results.Text("This origin may not connect here.\n", statusCode: StatusCodes.Status403Forbidden));
        if (node.IsDraining || node.IsFull || !life.IsReady)
            return NotIn(node.IsFull ? Refusal.Full : Refusal.Draining, Busy(http, "This node takes no visitors now.\n"));
        var address = Addresses.Of(http, options.Value);
        if (!node.Addresses.TryEnter(address, out var retryAfter))
            return NotIn(Refusal.Address, Busy(http, "Too many visitors, or too many at once.\n", retryAfter));
        WebSocket socket;
        try
        {
            if (LeanSocket.Of(http) is { } lean)
            {
                await lean.Accept(http, new WebSocketCreationOptions { IsServer = true, SubProtocol = Wire.Subprotocol, KeepAliveInterval = TimeSpan.Zero },
                    (accepted, stream) => node.Serve(accepted, address, stream));
                return Results.Empty;
            }
            var (ping, silence) = (options.Value.PingInterval, options.Value.SilenceLimit - options.Value.PingInterval);
            socket = await http.WebSockets.AcceptWebSocketAsync(
                new WebSocketAcceptContext { SubProtocol = Wire.Subprotocol, KeepAliveInterval = ping, KeepAliveTimeout = silence });
        }
        catch
        {
            node.Addresses.Leave(address);
            throw;
        }
        using (socket)
            await node.Serve(socket, address);
        return Results.Empty;

        IResult NotIn(Refusal why, IResult answer)
        {
            node.Metrics.Refused(why);
            return answer;
        }
    }

    /// <summary>Bounds the requests that cost more than a file: those for a page's bytes and numbers.</summary>
    public static void AddRequestLimit(this IServiceCollection services) => services.AddRateLimiter(limiter =>
    {
        limiter.AddPolicy(RequestLimit, http =>
        {
            var limits = http.RequestServices.GetRequiredService<IOptions<WebOptions>>().Value;
            return Addresses.Of(http, limits) is { } address
                ? RateLimitPartition.GetTokenBucketLimiter(address, _ => new TokenBucketRateLimiterOptions
                {
                    TokenLimit = limits.RequestsPerSecondPerAddress,
                    TokensPerPeriod = limits.RequestsPerSecondPerAddress,
                    ReplenishmentPeriod = TimeSpan.FromSeconds(1),
                })
                : RateLimitPartition.GetNoLimiter(IPAddress.None);
        });
        limiter.OnRejected = (rejected, _) =>
        {
            var wait = rejected.Lease.TryGetMetadata(MetadataName.RetryAfter, out var time) ? time : TimeSpan.FromSeconds(1);
            return new ValueTask(Busy(rejected.HttpContext, "Too many requests from your address.\n", wait, StatusCodes.Status429TooManyRequests).ExecuteAsync(rejected.HttpContext));
        };
    });

    private static async Task<IResult> Raw(HttpContext http, string page, WebNode node)
    {
        var (root, refusal) = await Root(http, page, node);
        if (root is null)
            return refusal!;
        http.Response.Headers.ContentDisposition = "attachment";
        return Results.Bytes(root.Frame[Blob.HeadSize..], IsText(root) ? "text/plain; charset=utf-8" : "application/octet-stream",
            entityTag: new EntityTagHeaderValue($"\"{page}\""), enableRangeProcessing: true);
    }

    private static async Task<IResult> PageFile(HttpContext http, string page, string? name, WebNode node)
    {
        var (root, refusal) = await Root(http, page, node);
        if (root is null)
            return refusal!;
        if (!PageDocument.TryRead(root.Frame[Blob.HeadSize..], node.Options.MaxBlob, out var document, out var why))
            return Results.Text(why + "\n", statusCode: StatusCodes.Status404NotFound);
        // The framework leaves an encoded slash as it came.
        var index = document.IndexOf(name) is >= 0 and var exact ? exact : document.IndexOf(name?.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase));
        if (index < 0)
            return Results.Text("This page has no file of that name.\n", statusCode: StatusCodes.Status404NotFound);
        var file = document.Files[index];
        http.Response.Body = new PipeStream(null, http.Response.BodyWriter);
        // Not by the framework's own parameter: it would log the name.
        var disposition = new ContentDispositionHeaderValue("attachment");
        disposition.SetHttpFileName(file.Name[(file.Name.LastIndexOf('/') + 1)..]);
        http.Response.Headers.ContentDisposition = disposition.ToString();
        return Results.Stream(new BlobStream(node, Parse(page), file, document.BlobSize, http.RequestAborted), "application/octet-stream",
            entityTag: new EntityTagHeaderValue($"\"{page}-{index}\""), enableRangeProcessing: true);
    }

    private static Task DoneWith(object root)
    {
        ((Blob)root).Done();
        return Task.CompletedTask;
    }

    // The root of a page, or what to answer instead.
    private static async Task<(Blob? Root, IResult? Refusal)> Root(HttpContext http, string page, WebNode node)
    {
        var wait = 2;
        if (http.Request.Query.TryGetValue("wait", out var asked)
            && !(int.TryParse(asked, NumberStyles.None, CultureInfo.InvariantCulture, out wait) && wait <= 30))
            return (null, Results.Text("wait is a whole number of seconds from 0 to 30.\n", statusCode: StatusCodes.Status400BadRequest));
        if (IsBlocked(node, page))
            return (null, Blocked(http));
        // Even with no time to wait, a holder who is there needs a moment to answer.
        var time = wait == 0 ? TimeSpan.FromMilliseconds(250) : TimeSpan.FromSeconds(wait);
        try
        {
            if (await node.Read(Parse(page), Parse(page), time, http.RequestAborted) is not { } root)
                return (null, Results.Text("Nobody who holds this page has given it in time.\n", statusCode: StatusCodes.Status404NotFound));
            http.Response.OnCompleted(DoneWith, root);
            return (root, null);
        }
        catch (TimeoutException)
        {
            return (null, Unreachable(http));
        }
    }

    private static async Task<IResult> Health(HttpContext http, string page, WebNode node)
    {
        if (IsBlocked(node, page))
            return Blocked(http);
        return await node.Count(Parse(page), NodePage.ReachedWithin) is (var holders, var waiters)
            ? Results.Json(new { page, holders, waiters })
            : Unreachable(http);
    }

    private static bool IsText(Blob blob)
    {
        try
        {
            return StrictUtf8.GetCharCount(blob.Content) >= 0;
        }
        catch (DecoderFallbackException)
        {
            return false;
        }
    }

    /// <summary>Lets through what is an address: the framework's own regex constraint does not tell upper case from lower.</summary>
    internal sealed class HashConstraint : IRouteConstraint
    {
        public bool Match(HttpContext? httpContext, IRouter? route, string routeKey, RouteValueDictionary values, RouteDirection routeDirection) =>
            values[routeKey] is string text && ContentHash.TryParse(text, out _);
    }

    private static ContentHash Parse(string page) => ContentHash.TryParse(page, out var hash) ? hash : throw new ArgumentException("The route lets no other through.", nameof(page));

    private static bool IsBlocked(WebNode node, string page) => node.IsBlocked(Parse(page));

    private static IResult Blocked(HttpContext http) => Results.Text("This page is not served here.\n", statusCode: StatusCodes.Status451UnavailableForLegalReasons);

    // Not 404 and not zero: that would say that nobody holds the page.
    private static IResult Unreachable(HttpContext http) => Busy(http, "The silos do not answer now.\n");

    private static IResult Busy(HttpContext http, string sentence, TimeSpan? retryAfter = null, int status = StatusCodes.Status503ServiceUnavailable)
    {
        http.Response.Headers.RetryAfter = Math.Max(1, Math.Ceiling((retryAfter ?? TimeSpan.FromSeconds(2)).TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        return Results.Text(sentence, statusCode: status);
    }

    // Where the client's "Report this page" leads.
    private static string WithReport(string html, string url) =>
        html.Replace("</head>", $"<meta name=\"report\" content=\"{HtmlEncoder.Default.Encode(url)}\"></head>", StringComparison.Ordinal);

    // The same for every page: what others show beside a link must say nothing of it. They want the picture's whole address.
    private static async Task<IResult> Shell(HttpContext http, IWebHostEnvironment site)
    {
        // No address is found in the browser's cache on disk; and a tab whose user has gone elsewhere is not kept in memory either:
        // its Worker stands still there with its line open, and would be counted among the holders and give nothing.
        http.Response.Headers.CacheControl = "no-store";
        var file = site.WebRootFileProvider.GetFileInfo("index.html");
        if (!file.Exists)
            return File(http, "index.html");
        using var reader = new StreamReader(file.CreateReadStream());
        var html = await reader.ReadToEndAsync(http.RequestAborted);
        if (Headers.Host(http.Request) is { } host)
            html = html.Replace(Preview, $"\"{http.Request.Scheme}://{host}{Preview[1..]}", StringComparison.Ordinal);
        if (http.RequestServices.GetRequiredService<IOptions<WebOptions>>().Value.ReportUrl is { } report)
            html = WithReport(html, report);
        return Results.Text(html, "text/html; charset=utf-8");
    }

    private static IResult File(HttpContext http, string name, int status = StatusCodes.Status200OK)
    {
        var file = http.RequestServices.GetRequiredService<IWebHostEnvironment>().WebRootFileProvider.GetFileInfo(name);
        http.Response.StatusCode = status;
        // An address must not be found in the browser's cache on disk.
        http.Response.Headers.CacheControl = "no-store";
        return file.Exists
            ? Results.Stream(file.CreateReadStream(), "text/html; charset=utf-8")
            : Results.Text("This is not an address here.\n", "text/html; charset=utf-8", statusCode: status);
    }
}
