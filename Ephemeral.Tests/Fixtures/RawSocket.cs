using System.Buffers.Binary;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Xunit;

namespace Ephemeral.Tests;

/// <summary>A WebSocket client down to the frame, for what a well-behaved one hides: pings, pongs, and fragments with control frames between them.</summary>
public sealed class RawSocket : IDisposable
{
    public const int Continuation = 0, Text = 1, Binary = 2, Close = 8, Ping = 9, Pong = 10, End = -1;

    private readonly TcpClient _tcp;
    private readonly NetworkStream _stream;

    private RawSocket(TcpClient tcp) => (_tcp, _stream) = (tcp, tcp.GetStream());

    /// <param name="first">What the same connection asks for before, by HEAD.</param>
    /// <param name="together">Frames that are sent in one go with the handshake.</param>
    public static async Task<RawSocket> Connect(Uri address, string? first = null, params byte[] together)
    {
        using var patience = new CancellationTokenSource(TestVisitor.Patience);
        var tcp = new TcpClient { NoDelay = true };
        await tcp.ConnectAsync(address.Host, address.Port, patience.Token);
        var socket = new RawSocket(tcp);
        if (first is not null)
        {
            await socket._stream.WriteAsync(Encoding.ASCII.GetBytes($"HEAD {first} HTTP/1.1\r\nHost: {address.Authority}\r\n\r\n"), patience.Token);
            Assert.StartsWith("HTTP/1.1 200", await socket.ReadHead(patience.Token), StringComparison.Ordinal);
        }

        var key = Convert.ToBase64String(RandomNumberGenerator.GetBytes(16));
        await socket._stream.WriteAsync((byte[])[.. Encoding.ASCII.GetBytes(
            $"GET {address.AbsolutePath} HTTP/1.1\r\nHost: {address.Authority}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" +
            $"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Protocol: {TestVisitor.Subprotocol}\r\n\r\n"), .. together], patience.Token);
        Assert.StartsWith("HTTP/1.1 101", await socket.ReadHead(patience.Token), StringComparison.Ordinal);
        return socket;
    }

    public Task SendJson(object message) => Send(Text, JsonSerializer.SerializeToUtf8Bytes(message));

    public async Task Send(int opcode, byte[] payload, bool final = true) => await _stream.WriteAsync(Frame(opcode, payload, final));

    /// <summary>A frame as a client sends it.</summary>
    public static byte[] Frame(int opcode, byte[] payload, bool final = true)
    {
        using var frame = new MemoryStream();
        frame.WriteByte((byte)(opcode | (final ? 0x80 : 0)));
        if (payload.Length < 126)
        {
            frame.WriteByte((byte)(0x80 | payload.Length));
        }
        else
        {
            var length = new byte[8];
            BinaryPrimitives.WriteUInt64BigEndian(length, (ulong)payload.Length);
            frame.WriteByte(0x80 | 127);
            frame.Write(length);
        }

        // A mask of zeros is a mask: the payload goes as it is.
        frame.Write(new byte[4]);
        frame.Write(payload);
        return frame.ToArray();
    }

    /// <summary>The next frame, or opcode End at the end of the connection.</summary>
    public async Task<(int Opcode, byte[] Payload)> Read()
    {
        using var patience = new CancellationTokenSource(TestVisitor.Patience);
        try
        {
            var head = await ReadBytes(2, patience.Token);
            var length = head[1] & 0x7f;
            if (length == 126) length = BinaryPrimitives.ReadUInt16BigEndian(await ReadBytes(2, patience.Token));
            else if (length == 127) length = (int)BinaryPrimitives.ReadUInt64BigEndian(await ReadBytes(8, patience.Token));
            return (head[0] & 0x0f, await ReadBytes(length, patience.Token));
        }
        catch (IOException)
        {
            return (End, []);
        }
    }

    public async Task<byte[]> ReadUntil(int opcode, Func<string, bool>? text = null)
    {
        while (true)
        {
            var (got, payload) = await Read();
            if (got == opcode && (text is null || text(Encoding.UTF8.GetString(payload)))) return payload;
            if (got is End or Close) throw new InvalidOperationException($"The connection ended before a frame with opcode {opcode} came.");
        }
    }

    public Task ReadAsk(TestBlob blob) => ReadUntil(Text, text => text.Contains("\"ask\"", StringComparison.Ordinal) && text.Contains($"\"blob\":\"{blob.Name}\"", StringComparison.Ordinal));

    /// <summary>Waits until the server has read all that was sent before, in the middle of a message too.</summary>
    public async Task PingPong()
    {
        var mark = RandomNumberGenerator.GetBytes(8);
        await Send(Ping, mark);
        byte[] pong;
        do pong = await ReadUntil(Pong);
        while (!pong.AsSpan().SequenceEqual(mark));
    }

    /// <summary>Resets the connection, as when a machine loses its power and comes back.</summary>
    public void Reset()
    {
        _tcp.LingerState = new LingerOption(true, 0);
        _tcp.Dispose();
    }

    public void Dispose() => _tcp.Dispose();

    private async Task<string> ReadHead(CancellationToken cancellation)
    {
        var head = new StringBuilder();
        var one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            await _stream.ReadExactlyAsync(one, cancellation);
            head.Append((char)one[0]);
        }

        return head.ToString();
    }

    private async Task<byte[]> ReadBytes(int count, CancellationToken cancellation)
    {
        var bytes = new byte[count];
        await _stream.ReadExactlyAsync(bytes, cancellation);
        return bytes;
    }
}
