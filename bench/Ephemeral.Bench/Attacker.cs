using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Ephemeral.Bench;

/// <summary>A visitor that keeps to no rules: writes whatever bytes it is told to, and notes what it gets for them.</summary>
internal sealed class Attacker : IDisposable
{
    private readonly Socket _tcp = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly ConcurrentDictionary<string, long> _got;
    private NetworkStream? _stream;
    private TaskCompletionSource _looked = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <param name="got">Where it notes error codes, close codes and refusals.</param>
    public Attacker(ConcurrentDictionary<string, long> got) => _got = got;

    /// <summary>The connection has ended, from whichever side.</summary>
    public bool IsOver { get; private set; }

    /// <summary>Called with the blob of each ask.</summary>
    public Func<string, Task>? Asked { get; set; }

    public async Task<bool> Connect(Uri server, bool reads = true, string? from = null)
    {
        if (!reads)
            _tcp.ReceiveBufferSize = 4096;
        await _tcp.ConnectAsync(server.Host, server.Port);
        _stream = new NetworkStream(_tcp);
        var forwarded = from is null ? "" : $"X-Forwarded-For: {from}\r\n";
        await Raw(Encoding.ASCII.GetBytes($"GET /ws HTTP/1.1\r\nHost: {server.Authority}\r\n{forwarded}Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n" +
            $"Sec-WebSocket-Key: {Convert.ToBase64String(RandomNumberGenerator.GetBytes(16))}\r\nSec-WebSocket-Protocol: ephemeral.v1\r\n\r\n"));
        var head = new byte[2048];
        var length = 0;
        while (!head.AsSpan(0, length).EndsWith("\r\n\r\n"u8) && await _stream.ReadAsync(head.AsMemory(length, 1)) == 1)
            length++;
        var status = Encoding.ASCII.GetString(head, 9, 3);
        if (status != "101")
        {
            Note(status);
            IsOver = true;
            return false;
        }
        if (reads)
            _ = Read();
        return true;
    }

    /// <summary>Opens a connection and says nothing yet.</summary>
    public async Task ConnectBare(Uri server)
    {
        await _tcp.ConnectAsync(server.Host, server.Port);
        _stream = new NetworkStream(_tcp);
    }

    /// <summary>Writes bytes as they are. A connection that has ended takes them in silence.</summary>
    public async Task Raw(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            await _stream!.WriteAsync(bytes);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            IsOver = true;
        }
    }

    /// <summary>Waits until the server has looked at all of that, which the answer to a ping says. A connection that says nothing for a second is given up.</summary>
    public async Task Looked()
    {
        var looked = _looked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await Frame(0x89, []);
        if (!IsOver)
            await Task.WhenAny(looked.Task, Task.Delay(1000, CancellationToken.None));
        IsOver |= !looked.Task.IsCompleted;
    }

    public Task Text(string text) => Frame(0x81, Encoding.UTF8.GetBytes(text));

    public Task Say(string type, string page) => Text($$"""{"type":"{{type}}","page":"{{page}}"}""");

    public Task Get(string page, byte[] blob) => Text($$"""{"type":"get","page":"{{page}}","blob":"{{Convert.ToHexStringLower(blob)}}"}""");

    /// <summary>One frame: its first byte and its payload, under a mask of zeros.</summary>
    public Task Frame(byte first, ReadOnlySpan<byte> payload) => Raw(FrameOf(first, payload));

    public static byte[] FrameOf(byte first, ReadOnlySpan<byte> payload)
    {
        var size = payload.Length < 126 ? 2 : payload.Length <= ushort.MaxValue ? 4 : 10;
        var frame = new byte[size + 4 + payload.Length];
        frame[0] = first;
        frame[1] = (byte)(0x80 | (size == 2 ? payload.Length : size == 4 ? 126 : 127));
        if (size == 4)
            BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(2), (ushort)payload.Length);
        else if (size == 10)
            BinaryPrimitives.WriteUInt64BigEndian(frame.AsSpan(2), (ulong)payload.Length);
        payload.CopyTo(frame.AsSpan(size + 4));
        return frame;
    }

    public void Dispose()
    {
        // A reset and no farewell.
        _tcp.LingerState = new LingerOption(true, 0);
        _stream?.Dispose();
        _tcp.Dispose();
    }

    private async Task Read()
    {
        var head = new byte[10];
        var payload = new byte[70_000];
        try
        {
            while (true)
            {
                await _stream!.ReadExactlyAsync(head.AsMemory(0, 2));
                long length = head[1] & 0x7f;
                if (length == 126)
                {
                    await _stream.ReadExactlyAsync(head.AsMemory(2, 2));
                    length = BinaryPrimitives.ReadUInt16BigEndian(head.AsSpan(2));
                }
                else if (length == 127)
                {
                    await _stream.ReadExactlyAsync(head.AsMemory(2, 8));
                    length = (long)BinaryPrimitives.ReadUInt64BigEndian(head.AsSpan(2));
                }
                if (length > payload.Length)
                    payload = new byte[length];
                await _stream.ReadExactlyAsync(payload.AsMemory(0, (int)length));
                if ((head[0] & 0x0f) == 8)
                {
                    Note(length >= 2 ? BinaryPrimitives.ReadUInt16BigEndian(payload).ToString() : "close");
                    break;
                }
                if ((head[0] & 0x0f) == 10)
                    _looked.TrySetResult();
                if ((head[0] & 0x0f) == 1)
                    await Heard(payload.AsMemory(0, (int)length));
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or EndOfStreamException)
        {
            // Cut off, or over.
        }
        IsOver = true;
        _looked.TrySetResult();
    }

    private async Task Heard(ReadOnlyMemory<byte> text)
    {
        using var message = JsonDocument.Parse(text);
        switch (message.RootElement.GetProperty("type").GetString())
        {
            case "error":
                Note(message.RootElement.GetProperty("code").GetString()!);
                break;
            case "ask" when Asked is not null:
                await Asked(message.RootElement.GetProperty("blob").GetString()!);
                break;
        }
    }

    private void Note(string what) => _got.AddOrUpdate(what, 1, (_, count) => count + 1);
}
