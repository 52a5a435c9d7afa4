using System.Security.Cryptography;
using System.Text;

namespace Ephemeral.Tests;

/// <summary>Bytes with their name. Every test makes its own, so that no test meets the pages of another.</summary>
public sealed class TestBlob(byte[] bytes)
{
    public const int HeadLength = 33;

    public byte[] Bytes { get; } = bytes;

    public string Name { get; } = Convert.ToHexStringLower(SHA256.HashData(bytes));

    public static TestBlob Empty { get; } = new([]);

    public static TestBlob Fresh(int size = 64) => new(RandomNumberGenerator.GetBytes(size));

    public static TestBlob[] Several(int count, int size = 64) => [.. Enumerable.Range(0, count).Select(_ => Fresh(size))];

    public static TestBlob Text(string text) => new(Encoding.UTF8.GetBytes(text));

    /// <summary>The binary frame of the protocol: 0x01, the name, the bytes.</summary>
    public byte[] Frame() => FrameOf(Name, Bytes);

    /// <summary>A frame that names one blob and carries another: a lie, unless they fit.</summary>
    public static byte[] FrameOf(string name, byte[] bytes) => [0x01, .. Convert.FromHexString(name), .. bytes];

    public override string ToString() => $"{Name[..8]}… ({Bytes.Length} bytes)";
}
