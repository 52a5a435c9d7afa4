using System.Buffers.Binary;
using System.Security.Cryptography;
using Ephemeral.Grains;

namespace Ephemeral.Web;

/// <summary>
/// Seals what goes from this web node to another, and opens what comes: the buffers of Orleans' network layer, in both nodes and in the silo between
/// them, keep what has passed until something else takes its place. Keys are drawn anew every few seconds and never written
/// down, so what lies there cannot be read any more. It does not tell one node from another: who may speak to a silo is let in.
/// </summary>
internal sealed class Seals(TimeProvider time) : IDisposable
{
    /// <summary>How long one key is taken for what begins.</summary>
    public static readonly TimeSpan Lasts = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private SealKey? _key;
    private TimeSpan _until;

    /// <summary>The key of the moment. Who takes it says <see cref="SealKey.Done"/>.</summary>
    public SealKey Take()
    {
        lock (_gate)
        {
            if (_key is null)
                (_key, _until) = (new SealKey(), time.GetElapsedTime(0) + Lasts);
            _key.Use();
            return _key;
        }
    }

    /// <summary>Forgets a key whose time is over.</summary>
    public void Look()
    {
        lock (_gate)
            if (_key is not null && time.GetElapsedTime(0) >= _until)
                Forget();
    }

    public void Dispose()
    {
        lock (_gate)
            Forget();
    }

    private void Forget()
    {
        _key?.Done();
        _key = null;
    }
}

/// <summary>A node's key pair of the moment, and what it has in common with those of other nodes. It is erased when nobody uses it any more.</summary>
internal sealed class SealKey : IDisposable
{
    private const int SecretSize = 32;
    private const int TagSize = 16;
    private const int NonceSize = 12;

    private readonly ECDiffieHellman _pair = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
    private readonly Lock _gate = new();
    private readonly Dictionary<(ContentHash Other, bool Gives), Secret> _secrets = [];
    private int _users = 1;

    public SealKey() => Public = _pair.ExportSubjectPublicKeyInfo();

    /// <summary>It can't be used any more.</summary>
    public bool IsErased { get; private set; }

    /// <summary>What the other node is told of it.</summary>
    public byte[] Public { get; }

    /// <summary>One more uses it.</summary>
    public void Use() => Interlocked.Increment(ref _users);

    /// <summary>One of its users never touches it again.</summary>
    public void Done()
    {
        if (Interlocked.Decrement(ref _users) == 0)
            Dispose();
    }

    /// <summary>Nothing that was sealed with it can be opened any more.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            IsErased = true;
            _pair.Dispose();
            foreach (var secret in _secrets.Values)
                CryptographicOperations.ZeroMemory(secret.Bytes);
            _secrets.Clear();
        }
    }

    /// <summary>Seals a blob of that name for the node with the other public key.</summary>
    /// <exception cref="CryptographicException">That is no public key.</exception>
    public SealedBlob Seal(Blob blob, ContentHash name, byte[] other)
    {
        var secret = SecretWith(other, gives: true);
        var number = Interlocked.Increment(ref secret.Sealed);
        // Not one of our frames: when it has been sent is not known here, and nothing in it has to be cleared.
        var (bytes, tag) = (GC.AllocateUninitializedArray<byte>(blob.Content.Length), new byte[TagSize]);
        using var cipher = new AesGcm(secret.Bytes, TagSize);
        cipher.Encrypt(Nonce(number, stackalloc byte[NonceSize]), blob.Content, bytes, tag, Bytes(name, stackalloc byte[ContentHash.Size]));
        return new SealedBlob(Public, number, bytes, tag);
    }

    /// <summary>Opens a blob of that name, which another node has sealed for this key, with one user.</summary>
    /// <exception cref="CryptographicException">It was sealed for another key, as another blob, or was changed on its way.</exception>
    public Blob Open(SealedBlob blob, ContentHash name, Frames frames)
    {
        var secret = SecretWith(blob.Key, gives: false);
        var length = Blob.HeadSize + blob.Bytes.Length;
        var frame = frames.Take(length);
        try
        {
            frame[0] = Wire.BlobFrame;
            var head = Bytes(name, frame.AsSpan(1, ContentHash.Size));
            using var cipher = new AesGcm(secret.Bytes, TagSize);
            cipher.Decrypt(Nonce(blob.Number, stackalloc byte[NonceSize]), blob.Bytes, blob.Tag, frame.AsSpan(Blob.HeadSize, blob.Bytes.Length), head);
            return frames.ToBlob(frame, length);
        }
        catch
        {
            frames.Return(frame, length);
            throw;
        }
    }

    // Each direction has a secret of its own, and numbers what it seals: no number comes twice under one.
    private Secret SecretWith(byte[] other, bool gives)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(IsErased, this);
            if (_secrets.TryGetValue((ContentHash.Of(other), gives), out var known))
                return known;
            using var pair = ECDiffieHellman.Create();
            pair.ImportSubjectPublicKeyInfo(other, out _);
            using var others = pair.PublicKey;
            var agreed = _pair.DeriveRawSecretAgreement(others);
            var secret = new Secret();
            HKDF.DeriveKey(HashAlgorithmName.SHA256, agreed, secret.Bytes, salt: [], info: gives ? [.. Public, .. other] : [.. other, .. Public]);
            CryptographicOperations.ZeroMemory(agreed);
            return _secrets[(ContentHash.Of(other), gives)] = secret;
        }
    }

    private static ReadOnlySpan<byte> Nonce(long number, Span<byte> nonce)
    {
        nonce.Clear();
        BinaryPrimitives.WriteInt64BigEndian(nonce[(NonceSize - sizeof(long))..], number);
        return nonce;
    }

    private static ReadOnlySpan<byte> Bytes(ContentHash name, Span<byte> bytes)
    {
        name.CopyTo(bytes);
        return bytes;
    }

    private sealed class Secret
    {
        // Where the collector doesn't leave copies of it.
        public readonly byte[] Bytes = GC.AllocateArray<byte>(SecretSize, pinned: true);
        public long Sealed;
    }
}
