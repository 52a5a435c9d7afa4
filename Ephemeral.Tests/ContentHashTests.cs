using System.Text;
using Ephemeral.Grains;
using Xunit;

namespace Ephemeral.Tests;

public class ContentHashTests
{
    private const string OfHello = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
    private const string OfNothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    [Theory]
    [InlineData("hello", OfHello)]
    [InlineData("", OfNothing)]
    public void Is_the_sha256_of_the_bytes(string text, string hash) =>
        Assert.Equal(hash, ContentHash.Of(Encoding.UTF8.GetBytes(text)).ToString());

    [Fact]
    public void Parses_what_it_prints()
    {
        Assert.True(ContentHash.TryParse(OfHello, out var fromText));
        Assert.True(ContentHash.TryParse(Encoding.ASCII.GetBytes(OfHello), out var fromBytes));
        Assert.Equal(OfHello, fromText.ToString());
        Assert.Equal(fromText, fromBytes);
        Span<byte> bytes = stackalloc byte[ContentHash.Size];
        fromText.CopyTo(bytes);
        Assert.Equal(fromText, new ContentHash(bytes));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("2cf24dba")]
    [InlineData("2CF24DBA5FB0A30E26E83B2AC5B9E29E1B161E5C1FA7425E73043362938B9824")]
    [InlineData("2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b982g")]
    [InlineData("2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b98244")]
    [InlineData("２cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824")]
    public void Refuses_anything_but_64_lower_case_hex_digits(string? text) => Assert.False(ContentHash.TryParse(text, out _));

    // Strangers choose names: those that begin or end alike must not fall into one place of a table.
    [Theory]
    [InlineData(0)]
    [InlineData(8)]
    [InlineData(16)]
    [InlineData(24)]
    public void Names_that_differ_in_one_part_are_spread_over_a_table(int part)
    {
        var codes = Enumerable.Range(0, 1000).Select(i =>
        {
            var bytes = new byte[ContentHash.Size];
            BitConverter.GetBytes((long)i).CopyTo(bytes, part);
            return new ContentHash(bytes).GetHashCode();
        });
        Assert.InRange(codes.Distinct().Count(), 990, 1000);
    }

    [Fact]
    public void Tells_hashes_apart_by_every_part()
    {
        var all = Enumerable.Range(0, 1000).Select(i => ContentHash.Of(BitConverter.GetBytes(i))).ToHashSet();
        Assert.Equal(1000, all.Count);
    }
}
