using System.Security.Cryptography;
using System.Text.Json;
using CsCheck;
using Xunit;

namespace Ephemeral.Tests;

/// <summary>The second implementation of what an author signs reads the vectors that the browser's client reads (vectors.test.ts).</summary>
public sealed class AuthorTests
{
    private static readonly JsonElement Vectors =
        JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "page-format.vectors.json"))).RootElement.GetProperty("authors");

    public static TheoryData<string> Names => [.. Vectors.EnumerateArray().Select(vector => vector.GetProperty("name").GetString()!)];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_vector_is_signed_or_not(string name)
    {
        var vector = Vectors.EnumerateArray().Single(vector => vector.GetProperty("name").GetString() == name);
        Assert.Equal(vector.GetProperty("signed").GetBoolean(), SignedSuccessor.IsSigned(vector.GetProperty("author"),
            Text("page"), Text("next"), vector.GetProperty("version").GetInt64(), Text("signature")));

        string Text(string field) => vector.GetProperty(field).GetString()!;
    }

    [Fact]
    public void What_is_signed_is_so_for_these_pages_and_this_version_alone()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var another = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var (author, stranger) = (SignedSuccessor.Author(key), SignedSuccessor.Author(another));
        var address = Gen.Byte.Array[32].Select(Convert.ToHexStringLower);
        Gen.Select(address, address, Gen.Long[1, (1L << 53) - 1]).Where((page, next, _) => page != next).Sample((page, next, version) =>
        {
            var signature = SignedSuccessor.Sign(key, page, next, version);
            Assert.True(SignedSuccessor.IsSigned(author, page, next, version, signature));
            Assert.False(SignedSuccessor.IsSigned(author, next, page, version, signature));
            Assert.False(SignedSuccessor.IsSigned(author, page, next, version + 1, signature));
            Assert.False(SignedSuccessor.IsSigned(stranger, page, next, version, signature));
        }, iter: 50);
    }
}
