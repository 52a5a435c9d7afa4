using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Ephemeral.Tests;

/// <summary>What an author says follows a page, as <c>docs/page-format.md</c> describes it, written from that description alone.</summary>
public static class SignedSuccessor
{
    private const string Kind = "ECDSA-P-256-SHA-256";
    private const int PointSize = 65;
    private const int SignatureSize = 64;
    private const byte Uncompressed = 4;

    /// <summary>The field <c>author</c> of a page's header.</summary>
    public static JsonElement Author(ECDsa key)
    {
        var point = key.ExportParameters(includePrivateParameters: false).Q;
        return JsonSerializer.SerializeToElement(new { kind = Kind, key = Base64Url.EncodeToString([Uncompressed, .. point.X!, .. point.Y!]) });
    }

    public static string Sign(ECDsa key, string page, string next, long version) =>
        Base64Url.EncodeToString(key.SignData(Said(page, next, version), HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation));

    /// <summary>Whether that author has signed that <paramref name="next"/> is that version of <paramref name="page"/>.</summary>
    public static bool IsSigned(JsonElement author, string page, string next, long version, string signature)
    {
        if (author.GetProperty("kind").GetString() != Kind || Read(author.GetProperty("key").GetString()!, PointSize) is not [Uncompressed, .. var point] || Read(signature, SignatureSize) is not { } signed)
            return false;
        try
        {
            using var key = ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = new() { X = point[..32], Y = point[32..] } });
            return key.VerifyData(Said(page, next, version), signed, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        }
        catch (CryptographicException)
        {
            return false; // Not a point of the curve.
        }
    }

    private static byte[] Said(string page, string next, long version) => Encoding.ASCII.GetBytes($"ephemeral successor 1\n{page}\n{next}\n{version}");

    // Without padding, and of so many bytes.
    private static byte[]? Read(string text, int size) =>
        !text.Contains('=', StringComparison.Ordinal) && Base64Url.IsValid(text, out var length) && length == size ? Base64Url.DecodeFromChars(text) : null;
}
