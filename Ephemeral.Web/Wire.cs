using System.Buffers;
using System.Text.Json;
using Ephemeral.Grains;

namespace Ephemeral.Web;

/// <summary>What a visitor can say.</summary>
internal enum MessageType { Want, Hold, Release, Get, Cancel, Miss, Have, Successor, Watch, Unwatch }

/// <summary>One message of a visitor. <paramref name="Root"/> is false in a <c>want</c> of one who has the root already; <paramref name="Blobs"/> are those of a <c>have</c>.</summary>
internal readonly record struct Message(MessageType Type, ContentHash Page, ContentHash Blob, bool Root, IReadOnlyList<ContentHash> Blobs, Successor? Successor = null);

/// <summary>What a visitor is to a page.</summary>
internal enum VisitorState { None, Waiter, Claimed, Holder }

/// <summary>The errors of the protocol: one closed list.</summary>
internal enum ErrorCode { BadMessage, TooLarge, BadContent, NotAsked, TooMany, RateLimited, Blocked, Unavailable }

/// <summary>Frames to messages and back; the twin of <c>docs/protocol.md</c> and <c>Client/src/wire.ts</c>.</summary>
internal static class Wire
{
    public const string Subprotocol = "ephemeral.v1";
    public const int MaxText = 4096;
    public const byte BlobFrame = 1;
    public const string PulseFeature = "pulse";
    public const string PartsFeature = "parts";
    public const string SuccessorsFeature = "successors";
    public const int MaxHave = 48;
    private const long MaxSafeInteger = (1L << 53) - 1; // what every JSON reader takes exactly

    private static readonly string[] States = ["none", "waiter", "claimed", "holder"];

    /// <summary>The errors' names, by their number.</summary>
    public static readonly string[] Codes =
        ["bad-message", "too-large", "bad-content", "not-asked", "too-many", "rate-limited", "blocked", "unavailable"];

    /// <summary>The close code that goes with an error that ends the connection.</summary>
    public static int CloseCode(ErrorCode code) => code switch
    {
        ErrorCode.BadMessage or ErrorCode.NotAsked => 1008,
        ErrorCode.TooLarge => 1009,
        ErrorCode.BadContent => 4001,
        ErrorCode.RateLimited => 1013,
        _ => throw new ArgumentOutOfRangeException(nameof(code), code, "This error does not end a connection."),
    };

    /// <summary>Reads a text frame; false with a plain sentence where it is no message.</summary>
    public static bool TryRead(ReadOnlySpan<byte> utf8, out Message message, out string why)
    {
        message = default;
        MessageType? type = null;
        ContentHash? page = null, blob = null;
        List<ContentHash>? blobs = null;
        ContentHash? next = null;
        string? signature = null;
        long version = 0;
        bool root = true, pageSeen = false, blobSeen = false, rootBad = false;
        try
        {
            var json = new Utf8JsonReader(utf8);
            if (!json.Read() || json.TokenType != JsonTokenType.StartObject)
            {
                why = "A message is one JSON object.";
                return false;
            }
            while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
            {
                if (json.ValueTextEquals("type"u8))
                {
                    json.Read();
                    type = ReadType(ref json);
                }
                else if (json.ValueTextEquals("page"u8))
                {
                    json.Read();
                    (page, pageSeen) = (ReadHash(ref json), true);
                }
                else if (json.ValueTextEquals("blob"u8))
                {
                    json.Read();
                    (blob, blobSeen) = (ReadHash(ref json), true);
                }
                else if (json.ValueTextEquals("root"u8))
                {
                    json.Read();
                    rootBad = json.TokenType is not (JsonTokenType.True or JsonTokenType.False);
                    root = json.TokenType != JsonTokenType.False;
                }
                else if (json.ValueTextEquals("next"u8))
                {
                    json.Read();
                    next = ReadHash(ref json);
                }
                else if (json.ValueTextEquals("version"u8))
                {
                    json.Read();
                    version = json.TokenType == JsonTokenType.Number && json.TryGetInt64(out var number) ? number : 0;
                }
                else if (json.ValueTextEquals("signature"u8))
                {
                    json.Read();
                    signature = ReadSignature(ref json);
                }
                else if (json.ValueTextEquals("blobs"u8))
                {
                    json.Read();
                    blobs = ReadHashes(ref json);
                }
                else
                {
                    json.Read();
                }
                json.Skip();
            }
            if (json.Read())
                throw new JsonException();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            why = "The message is not JSON.";
            return false;
        }

        why = type switch
        {
            null => "The message has no type that is known here.",
            MessageType.Watch or MessageType.Unwatch => "",
            _ when page is null => pageSeen ? "The page is not 64 lower-case hex digits." : "The message names no page.",
            MessageType.Get or MessageType.Cancel or MessageType.Miss when blob is null =>
                blobSeen ? "The blob is not 64 lower-case hex digits." : "The message names no blob.",
            MessageType.Have when blobs is null => $"The field blobs is a list of at most {MaxHave} names of 64 lower-case hex digits.",
            MessageType.Successor when next is null || next == page => "The field next is another page, of 64 lower-case hex digits.",
            MessageType.Successor when version is < 1 or > MaxSafeInteger => "The field version is a whole number from 1 to 2^53 - 1.",
            MessageType.Successor when signature is null => $"The field signature is base64url of at most {Grains.Successor.MaxSignature} characters.",
            MessageType.Want when rootBad => "The field root is true or false.",
            _ => "",
        };
        if (why.Length > 0)
            return false;
        message = new Message(type!.Value, page.GetValueOrDefault(), blob.GetValueOrDefault(), root, blobs ?? (IReadOnlyList<ContentHash>)[],
            type == MessageType.Successor ? new Successor(next!.Value, version, signature!) : null);
        return true;
    }

    /// <summary>The first message on every connection.</summary>
    public static byte[] Welcome(WebOptions limits) => Write("welcome"u8, limits, static (json, limits) =>
    {
        json.WriteNumber("protocol"u8, 1);
        json.WriteNumber("maxBlob"u8, limits.MaxBlob);
        json.WriteNumber("maxGets"u8, limits.MaxGets);
        json.WriteNumber("maxAsks"u8, limits.MaxAsks);
        json.WriteNumber("maxPages"u8, limits.MaxPages);
        json.WriteStartArray("features"u8);
        json.WriteStringValue(PulseFeature);
        json.WriteStringValue(PartsFeature);
        json.WriteStringValue(SuccessorsFeature);
        json.WriteEndArray();
    });

    /// <summary>The health of a page.</summary>
    public static byte[] Status(ContentHash page, int holders, int waiters, VisitorState you) => Write("status"u8, (page, holders, waiters, you), static (json, health) =>
    {
        WriteHash(json, "page"u8, health.page);
        json.WriteNumber("holders"u8, health.holders);
        json.WriteNumber("waiters"u8, health.waiters);
        json.WriteString("you"u8, States[(int)health.you]);
    });

    /// <summary>Please send this blob.</summary>
    public static byte[] Ask(ContentHash page, ContentHash blob) => Write("ask"u8, (page, blob), static (json, ask) =>
    {
        WriteHash(json, "page"u8, ask.page);
        WriteHash(json, "blob"u8, ask.blob);
    });

    /// <summary>What went wrong, in one plain sentence.</summary>
    public static byte[] Error(ErrorCode code, string sentence, ContentHash? page = null, ContentHash? blob = null, TimeSpan? retryAfter = null) =>
        Write("error"u8, (code, sentence, page, blob, retryAfter), static (json, error) =>
        {
            json.WriteString("code"u8, Codes[(int)error.code]);
            json.WriteString("message"u8, error.sentence);
            if (error.page is { } page)
                WriteHash(json, "page"u8, page);
            if (error.blob is { } blob)
                WriteHash(json, "blob"u8, blob);
            if (error.retryAfter is { } time)
                json.WriteNumber("retryAfterMs"u8, (long)Math.Ceiling(time.TotalMilliseconds));
        });

    /// <summary>This node is going away.</summary>
    public static byte[] Goodbye(TimeSpan retryAfter) => Write("goodbye"u8, retryAfter, static (json, retryAfter) =>
        json.WriteNumber("retryAfterMs"u8, (long)retryAfter.TotalMilliseconds));

    /// <summary>Feature <c>pulse</c>: how the whole site is.</summary>
    public static byte[] Pulse(SitePulse pulse) => Write("pulse"u8, pulse, static (json, pulse) =>
    {
        json.WriteNumber("pages"u8, pulse.Pages);
        json.WriteNumber("holders"u8, pulse.Holders);
    });

    /// <summary>Feature <c>successors</c>: somebody says that there is a newer version.</summary>
    public static byte[] Successor(ContentHash page, Successor successor) => Write("successor"u8, (page, successor), static (json, said) =>
    {
        json.WriteString("page"u8, said.page.ToString());
        json.WriteString("next"u8, said.successor.Next.ToString());
        json.WriteNumber("version"u8, said.successor.Version);
        json.WriteString("signature"u8, said.successor.Signature);
    });

    private static MessageType? ReadType(ref Utf8JsonReader json) =>
        json.TokenType != JsonTokenType.String ? null
        : json.ValueTextEquals("want"u8) ? MessageType.Want
        : json.ValueTextEquals("hold"u8) ? MessageType.Hold
        : json.ValueTextEquals("release"u8) ? MessageType.Release
        : json.ValueTextEquals("get"u8) ? MessageType.Get
        : json.ValueTextEquals("cancel"u8) ? MessageType.Cancel
        : json.ValueTextEquals("miss"u8) ? MessageType.Miss
        : json.ValueTextEquals("have"u8) ? MessageType.Have
        : json.ValueTextEquals("successor"u8) ? MessageType.Successor
        : json.ValueTextEquals("watch"u8) ? MessageType.Watch
        : json.ValueTextEquals("unwatch"u8) ? MessageType.Unwatch
        : null;

    private static ContentHash? ReadHash(ref Utf8JsonReader json)
    {
        // Escapes such as \u0061 are JSON too, and take up to six bytes a digit.
        Span<byte> utf8 = stackalloc byte[ContentHash.Size * 2 * 6];
        return json.TokenType == JsonTokenType.String && json.ValueSpan.Length <= utf8.Length
            && ContentHash.TryParse(utf8[..json.CopyString(utf8)], out var hash) ? hash : null;
    }

    // Null for what is none. It goes on to browsers as it is.
    private static string? ReadSignature(ref Utf8JsonReader json) =>
        json.TokenType == JsonTokenType.String && json.GetString() is { Length: > 0 and <= Grains.Successor.MaxSignature } text
            && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_') ? text : null;

    // Null for what is no such list. The reader stands at its end, or where it stood.
    private static List<ContentHash>? ReadHashes(ref Utf8JsonReader json)
    {
        if (json.TokenType != JsonTokenType.StartArray)
            return null;
        var hashes = new List<ContentHash>(MaxHave);
        var good = true;
        while (json.Read() && json.TokenType != JsonTokenType.EndArray)
        {
            if (hashes.Count < MaxHave && ReadHash(ref json) is { } hash)
                hashes.Add(hash);
            else
                good = false;
            json.Skip();
        }
        return good ? hashes : null;
    }

    // One writer a thread: only the frame itself is allocated. The fields' functions must not close over anything either.
    [ThreadStatic]
    private static ArrayBufferWriter<byte>? _buffer;

    [ThreadStatic]
    private static Utf8JsonWriter? _writer;

    private static byte[] Write<T>(ReadOnlySpan<byte> type, T of, Action<Utf8JsonWriter, T> fields)
    {
        var buffer = _buffer ??= new ArrayBufferWriter<byte>(512);
        var json = _writer ??= new Utf8JsonWriter(buffer);
        buffer.ResetWrittenCount();
        json.Reset();
        json.WriteStartObject();
        json.WriteString("type"u8, type);
        fields(json, of);
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    private static void WriteHash(Utf8JsonWriter json, ReadOnlySpan<byte> name, ContentHash hash)
    {
        Span<byte> bytes = stackalloc byte[ContentHash.Size], utf8 = stackalloc byte[ContentHash.Size * 2];
        hash.CopyTo(bytes);
        Convert.TryToHexStringLower(bytes, utf8, out _);
        json.WriteString(name, utf8);
    }
}
