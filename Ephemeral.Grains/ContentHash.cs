using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace Ephemeral.Grains;

/// <summary>The SHA-256 of a blob: its name, and for a root blob the page's address. Printed as 64 lower-case hex digits.</summary>
[GenerateSerializer, Immutable, Alias("ephemeral.content-hash")]
public readonly record struct ContentHash
{
    /// <summary>The size of a hash in bytes.</summary>
    public const int Size = 32;

    private static readonly SearchValues<byte> Digits = SearchValues.Create("0123456789abcdef"u8);

    [Id(0)] private readonly ulong _a;
    [Id(1)] private readonly ulong _b;
    [Id(2)] private readonly ulong _c;
    [Id(3)] private readonly ulong _d;

    /// <summary>Reads a hash from its 32 bytes.</summary>
    public ContentHash(ReadOnlySpan<byte> bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(bytes.Length, Size);
        _a = BinaryPrimitives.ReadUInt64BigEndian(bytes);
        _b = BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]);
        _c = BinaryPrimitives.ReadUInt64BigEndian(bytes[16..]);
        _d = BinaryPrimitives.ReadUInt64BigEndian(bytes[24..]);
    }

    /// <summary>The first eight of its bytes.</summary>
    public ulong Head => _a;

    /// <summary>Hashes content.</summary>
    public static ContentHash Of(ReadOnlySpan<byte> content)
    {
        Span<byte> bytes = stackalloc byte[Size];
        SHA256.HashData(content, bytes);
        return new ContentHash(bytes);
    }

    /// <summary>Reads 64 lower-case hex digits; anything else is refused.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out ContentHash hash)
    {
        hash = default;
        Span<byte> utf8 = stackalloc byte[Size * 2];
        return text is { Length: Size * 2 } && Ascii.FromUtf16(text, utf8, out _) == OperationStatus.Done && TryParse(utf8, out hash);
    }

    /// <inheritdoc cref="TryParse(string?, out ContentHash)"/>
    public static bool TryParse(ReadOnlySpan<byte> utf8, out ContentHash hash)
    {
        hash = default;
        if (utf8.Length != Size * 2 || utf8.ContainsAnyExcept(Digits))
            return false;
        Span<byte> bytes = stackalloc byte[Size];
        Convert.FromHexString(utf8, bytes, out _, out _);
        hash = new ContentHash(bytes);
        return true;
    }

    /// <summary>Writes the 32 bytes.</summary>
    public void CopyTo(Span<byte> bytes)
    {
        BinaryPrimitives.WriteUInt64BigEndian(bytes, _a);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], _b);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[16..], _c);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[24..], _d);
    }

    // Strangers choose the hashes they ask for: the seeded combination keeps them from filling one bucket.
    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(_a, _b, _c, _d);

    /// <inheritdoc/>
    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[Size];
        CopyTo(bytes);
        return Convert.ToHexStringLower(bytes);
    }
}
