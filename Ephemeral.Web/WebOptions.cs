using System.ComponentModel.DataAnnotations;
using System.Net;
using Ephemeral.Grains;
using Microsoft.Extensions.Options;

namespace Ephemeral.Web;

/// <summary>The limits of a web node and whom it lets in; section <c>Ephemeral</c>.</summary>
public sealed class WebOptions
{
    /// <summary>The largest blob in bytes. Default: 1 MiB, which is also the most that the protocol allows.</summary>
    [Range(1024, 1 << 20)]
    public int MaxBlob { get; set; } = 1 << 20;

    /// <summary>Open <c>get</c>s of one visitor. Default: 16.</summary>
    [Range(1, 256)]
    public int MaxGets { get; set; } = 16;

    /// <summary>Open <c>ask</c>s on one visitor. Default: 8.</summary>
    [Range(1, 64)]
    public int MaxAsks { get; set; } = 8;

    /// <summary>Pages that one visitor holds, claims or wants. Default: 64.</summary>
    [Range(1, 4096)]
    public int MaxPages { get; set; } = 64;

    /// <summary>Blobs that one visitor is known to have of the pages it is still fetching. Default: 8,192, which is 2 GiB in blobs of 256 KiB.</summary>
    [Range(Wire.MaxHave, 1_000_000)]
    public int MaxParts { get; set; } = 8192;

    /// <summary>The same, of all visitors of this node together; about 20 bytes each. Default: 2,000,000.</summary>
    [Range(Wire.MaxHave, 100_000_000)]
    public int MaxPartsInAll { get; set; } = 2_000_000;

    /// <summary>Visitors of this node; more are answered 503. Default: 50,000.</summary>
    [Range(1, 1_000_000)]
    public int MaxVisitors { get; set; } = 50_000;

    /// <summary>Visitors of this node from one address, of IPv6 from one /64; more are answered 503. Default: 256: many people share an address.</summary>
    [Range(1, 1_000_000)]
    public int MaxVisitorsPerAddress { get; set; } = 256;

    /// <summary>New visitors of this node in a second; more are answered 503. Default: 5,000.</summary>
    [Range(1, 1_000_000)]
    public int NewVisitorsPerSecond { get; set; } = 5000;

    /// <summary>The same, from one address. Default: 64.</summary>
    [Range(1, 1_000_000)]
    public int NewVisitorsPerSecondPerAddress { get; set; } = 64;

    /// <summary>Requests a second from one address for the bytes, the files and the numbers of pages; more are answered 429. Default: 100.</summary>
    [Range(1, 1_000_000)]
    public int RequestsPerSecondPerAddress { get; set; } = 100;

    /// <summary>Addresses and networks of the proxies in front, such as <c>10.0.0.0/8</c>: what they say in X-Forwarded-For is believed. Default: none.</summary>
    public string[] Proxies { get; set; } = [];

    /// <summary>Bytes queued for one visitor beyond what it asked for by <c>get</c>; over that it is closed with 1013. Default: 8 MiB.</summary>
    [Range(64 << 10, 1 << 30)]
    public int MaxQueuedBytes { get; set; } = 8 << 20;

    /// <summary>Bytes queued for all visitors, each blob counted once; over that those who read slowest are closed with 1013. Default: 512 MiB.</summary>
    [Range(2 << 20, long.MaxValue)]
    public long MaxQueuedBytesInAll { get; set; } = 512 << 20;

    /// <summary>Bytes of blobs that this node is receiving or has queued; new ones wait their turn. Default: 256 MiB.</summary>
    [Range(1 << 20, long.MaxValue)]
    public long BlobMemory { get; set; } = 256 << 20;

    /// <summary>Messages per second of one visitor, in the long run. Default: 1,000.</summary>
    [Range(1, 1_000_000)]
    public int MessagesPerSecond { get; set; } = 1000;

    /// <summary>Messages of one visitor at once. Default: 2,000.</summary>
    [Range(1, 1_000_000)]
    public int MessageBurst { get; set; } = 2000;

    /// <summary>Bytes per second of one visitor: messages beyond are refused, and blobs are read no faster. Default: 512 MiB.</summary>
    [Range(64 << 10, int.MaxValue)]
    public int BytesPerSecond { get; set; } = 512 << 20;

    /// <summary>How long a new visitor may say nothing; then it is closed with 1013. Default: 2 minutes.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan FirstMessageTime { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>How long one message or one answer may take from its first byte to its last; then its visitor is closed with 1013. Default: 1 minute.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan AnswerTime { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Newer versions of pages that one visitor may speak of in a minute, and at once: each goes to all who look at the page. Default: 30.</summary>
    [Range(1, 6000)]
    public int SuccessorsPerMinute { get; set; } = 30;

    /// <summary>Gets of one visitor in a minute, and at once, that come to nothing: each is asked of holders in vain. At least <see cref="MaxGets"/> at once. Default: 30.</summary>
    [Range(1, 1_000_000)]
    public int VainGetsPerMinute { get; set; } = 30;

    /// <summary>Bytes per second that this node asks for only to see that claims are true. Default: 16 MiB.</summary>
    [Range(64 << 10, 1 << 30)]
    public int ProofBytesPerSecond { get; set; } = 16 << 20;

    /// <summary>How often a silent visitor is sent a WebSocket ping. Default: 25 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:10:00")]
    public TimeSpan PingInterval { get; set; } = TimeSpan.FromSeconds(25);

    /// <summary>After how long without any byte a visitor is given up; longer than <see cref="PingInterval"/>. Default: 60 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "01:00:00")]
    public TimeSpan SilenceLimit { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>Where the silo is: <c>embedded</c> in this process, or <c>external</c>. Default: embedded.</summary>
    [AllowedValues("embedded", "external", ErrorMessage = "embedded or external")]
    public string Silo { get; set; } = "embedded";

    /// <summary>
    /// An open WebSocket lets go of the request that it began as, which is a third of what an idle visitor costs. Default: true. With false, as
    /// under TLS in this process or over HTTP/2, it keeps it.
    /// </summary>
    public bool LeanSockets { get; set; } = true;

    /// <summary>A second address for the operator alone, such as <c>http://+:9090</c>, which serves <c>/metrics</c>. Default: none.</summary>
    [RegularExpression(@"http://[^/]+:\d+", ErrorMessage = "like http://+:9090")]
    public string? ManagementUrl { get; set; }

    /// <summary>For how long a stopping node goes on serving while its visitors move. Default: 20 seconds; 1 second with an embedded silo, as there is nowhere to move to.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan? DrainTime { get; set; }

    /// <summary>Origins besides this host's own that may open a WebSocket, such as <c>https://example.org</c>. Default: none.</summary>
    public string[] AllowedOrigins { get; set; } = [];

    /// <summary>Addresses that the operator does not serve. Read again when the configuration changes. Default: none.</summary>
    public string[] BlockedPages { get; set; } = [];

    /// <summary>A file with more of them, one a line; read again when it changes. Default: none.</summary>
    public string? BlockListFile { get; set; }

    /// <summary>Where "Report this page" leads, by https or mailto; <c>{page}</c> in it becomes the page's address. Default: none, and there is no such link.</summary>
    [RegularExpression(@"(https?://|mailto:)\S+", ErrorMessage = "like https://example.org/report?page={page} or mailto:abuse@example.org?subject={page}")]
    public string? ReportUrl { get; set; }
}

/// <summary>The rules that no attribute can say.</summary>
internal sealed class WebOptionsRules : IValidateOptions<WebOptions>
{
    public ValidateOptionsResult Validate(string? name, WebOptions options)
    {
        if (options.SilenceLimit <= options.PingInterval)
            return ValidateOptionsResult.Fail($"Ephemeral:SilenceLimit ({options.SilenceLimit}) must be longer than Ephemeral:PingInterval ({options.PingInterval}): a visitor answers a ping, and needs the time to.");
        if (options.BlobMemory < options.MaxBlob)
            return ValidateOptionsResult.Fail($"Ephemeral:BlobMemory ({options.BlobMemory}) must be at least Ephemeral:MaxBlob ({options.MaxBlob}): else no blob could ever pass.");
        if (Array.Find(options.AllowedOrigins, origin => !Uri.TryCreate(origin, UriKind.Absolute, out _)) is { } bad)
            return ValidateOptionsResult.Fail($"Ephemeral:AllowedOrigins has '{bad}', which is not an origin like https://example.org.");
        if (Array.FindIndex(options.BlockedPages, page => !ContentHash.TryParse(page, out _)) is >= 0 and var index)
            return ValidateOptionsResult.Fail($"Ephemeral:BlockedPages:{index} is not an address of 64 lower-case hex digits.");
        if (Array.FindIndex(options.Proxies, proxy => !IPNetwork.TryParse(proxy, out _) && !IPAddress.TryParse(proxy, out _)) is >= 0 and var at)
            return ValidateOptionsResult.Fail($"Ephemeral:Proxies:{at} is '{options.Proxies[at]}', which is neither an address like 10.1.2.3 nor a network like 10.0.0.0/8.");
        try
        {
            if (options.BlockListFile is { } file && !BlockList.TryRead(file, out _, out var why))
                return ValidateOptionsResult.Fail($"Ephemeral:BlockListFile is '{file}', of which {why}. Each line is an address, or begins with #.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return ValidateOptionsResult.Fail($"Ephemeral:BlockListFile is '{options.BlockListFile}', which can't be read: {e.Message} An empty file blocks nothing.");
        }
        return ValidateOptionsResult.Success;
    }
}
