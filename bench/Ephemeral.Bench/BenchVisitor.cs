using System.Buffers.Binary;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;

namespace Ephemeral.Bench;

/// <summary>One visitor on a plain TCP socket: the handshake by hand, so that little but the server is measured.</summary>
internal sealed class BenchVisitor : IDisposable
{
    private const int Head = 33;
    private readonly Socket _tcp = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly SemaphoreSlim _sending = new(1);
    private WebSocket _socket = null!;
    private ContinuedStream _stream = null!;
    private byte[] _buffer = new byte[4096];

    /// <summary>How many asks it has answered.</summary>
    public int Uploads { get; private set; }

    /// <summary>Called before it answers an ask.</summary>
    public Action? Asked { get; set; }

    /// <summary>Called with each status that it is told.</summary>
    public Action<Said>? Told { get; set; }

    /// <summary>Bytes of all frames that have come.</summary>
    public long ReceivedBytes { get; private set; }

    /// <summary>What it was told of the page's health.</summary>
    public Statuses Statuses { get; } = new();

    /// <summary>Why the server has closed the connection, once it has.</summary>
    public WebSocketCloseStatus? CloseStatus => _socket.CloseStatus;

    public async Task Connect(Uri server)
    {
        await _tcp.ConnectAsync(server.Host, server.Port);
        var stream = new NetworkStream(_tcp);
        await stream.WriteAsync(Encoding.ASCII.GetBytes(
            $"GET /ws HTTP/1.1\r\nHost: {server.Authority}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n" +
            $"Sec-WebSocket-Key: {Convert.ToBase64String(RandomNumberGenerator.GetBytes(16))}\r\nSec-WebSocket-Protocol: ephemeral.v1\r\n\r\n"));
        var length = 0;
        int end;
        while ((end = _buffer.AsSpan(0, length).IndexOf("\r\n\r\n"u8)) < 0)
            length += await stream.ReadAtLeastAsync(_buffer.AsMemory(length), 1);
        if (!_buffer.AsSpan().StartsWith("HTTP/1.1 101"u8))
            throw new InvalidOperationException("The server does not take this visitor: " + Encoding.ASCII.GetString(_buffer, 0, end));
        // The first frame may have come with the answer.
        var began = new MemoryStream(_buffer[(end + 4)..length]);
        _stream = new ContinuedStream(began, stream);
        _socket = WebSocket.CreateFromStream(_stream, new WebSocketCreationOptions { SubProtocol = "ephemeral.v1" });
    }

    public Task Say(string type, string page) => Send(Encoding.UTF8.GetBytes($$"""{"type":"{{type}}","page":"{{page}}"}"""), WebSocketMessageType.Text);

    /// <summary>Reads until the blob has come; its hash is checked.</summary>
    public async Task ReceiveBlob(string hash)
    {
        while (true)
        {
            var (type, frame) = await Receive();
            if (type != WebSocketMessageType.Binary)
                continue;
            if (Convert.ToHexStringLower(SHA256.HashData(frame.Span[Head..])) != hash)
                throw new InvalidOperationException("The server gave wrong bytes.");
            return;
        }
    }

    /// <summary>Holds a page: answers what is asked until the connection ends.</summary>
    /// <param name="frame">The root as it goes over the wire; many visitors share it.</param>
    /// <param name="proven">Ends when the server counts this visitor as a holder.</param>
    public async Task Hold(string page, byte[] frame, TaskCompletionSource? proven = null)
    {
        await Say("hold", page);
        await Answer(new Dictionary<string, byte[]> { [page] = frame }, proven);
    }

    /// <summary>The same, but ends when the server counts this visitor as a holder.</summary>
    public async Task BecomeHolder(string page, byte[] frame)
    {
        var proven = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _ = Hold(page, frame, proven);
        await proven.Task.WaitAsync(TimeSpan.FromSeconds(60));
    }

    /// <summary>Answers what is asked until the connection ends.</summary>
    /// <param name="frames">The roots of the pages that it holds; there may be others later.</param>
    /// <param name="proven">Ends when the server counts this visitor as a holder of as many pages.</param>
    public async Task Answer(IReadOnlyDictionary<string, byte[]> frames, TaskCompletionSource? proven = null)
    {
        var counted = new HashSet<string>();
        try
        {
            while (true)
            {
                var (type, text) = await Receive();
                if (type == WebSocketMessageType.Close)
                    return;
                if (type != WebSocketMessageType.Text)
                    continue;
                var said = Said.Read(text.Span);
                if (said.Type == SaidType.Ask && said.Blob != said.Page)
                {
                    await Send(Encoding.UTF8.GetBytes($$"""{"type":"miss","page":"{{said.Page}}","blob":"{{said.Blob}}"}"""), WebSocketMessageType.Text);
                }
                else if (said.Type == SaidType.Ask && frames.TryGetValue(said.Page!, out var frame))
                {
                    Uploads++;
                    Asked?.Invoke();
                    await Send(frame, WebSocketMessageType.Binary);
                }
                else if (said.Type == SaidType.Status)
                {
                    Statuses.Add(said.Holders);
                    Told?.Invoke(said);
                    if (said.IsHolder && proven is not null && counted.Add(said.Page!) && counted.Count == frames.Count)
                        proven.TrySetResult();
                }
            }
        }
        catch (Exception e) when (e is WebSocketException or ObjectDisposedException or IOException or OperationCanceledException)
        {
            // The scenario is over.
        }
    }

    /// <summary>A blob as it goes over the wire, and its name.</summary>
    public static (string Hash, byte[] Frame) Blob(int bytes)
    {
        var frame = RandomNumberGenerator.GetBytes(Head + bytes);
        frame[0] = 1;
        var hash = SHA256.HashData(frame.AsSpan(Head));
        hash.CopyTo(frame, 1);
        return (Convert.ToHexStringLower(hash), frame);
    }

    /// <summary>A binary message as a client's bytes on the wire: with the head of a WebSocket frame, and masked.</summary>
    public static byte[] Masked(byte[] frame)
    {
        const int HeadSize = 14;
        var mask = RandomNumberGenerator.GetBytes(4);
        byte[] masked = [0x82, 0xFF, 0, 0, 0, 0, 0, 0, 0, 0, .. mask, .. frame];
        BinaryPrimitives.WriteInt64BigEndian(masked.AsSpan(2), frame.Length);
        for (var i = 0; i < frame.Length; i++)
            masked[HeadSize + i] ^= mask[i % 4];
        return masked;
    }

    public void Dispose()
    {
        _socket?.Dispose();
        _tcp.Dispose();
        _sending.Dispose();
    }

    /// <summary>Sends what <see cref="Masked"/> has made, so that a holder of a large page costs this program no more than to hand its bytes over.</summary>
    public Task SendMasked(byte[] masked) => _stream.WriteAsync(masked).AsTask();

    public async Task Send(byte[] bytes, WebSocketMessageType type)
    {
        await _sending.WaitAsync();
        try
        {
            await _socket.SendAsync(bytes.AsMemory(), type, endOfMessage: true, CancellationToken.None);
        }
        finally
        {
            _sending.Release();
        }
    }

    /// <summary>The next message; its bytes are good until the next call.</summary>
    public async Task<(WebSocketMessageType Type, ReadOnlyMemory<byte> Bytes)> Receive()
    {
        for (var length = 0; ;)
        {
            if (length == _buffer.Length)
                Array.Resize(ref _buffer, _buffer.Length < 128 << 10 ? 128 << 10 : _buffer.Length * 4);
            var part = await _socket.ReceiveAsync(_buffer.AsMemory(length), CancellationToken.None);
            length += part.Count;
            if (!part.EndOfMessage)
                continue;
            ReceivedBytes += length;
            return (part.MessageType, _buffer.AsMemory(0, length));
        }
    }
}

/// <summary>Reads what has come already, then goes on with the connection. What is written at once, as each frame is, stays together.</summary>
internal sealed class ContinuedStream(MemoryStream began, Stream rest) : Stream
{
    private readonly SemaphoreSlim _writing = new(1);

    public override bool CanRead => true;
    public override bool CanWrite => true;
    public override bool CanSeek => false;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        began.Position < began.Length ? began.ReadAsync(buffer, cancellationToken) : rest.ReadAsync(buffer, cancellationToken);

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        await _writing.WaitAsync(cancellationToken);
        try
        {
            await rest.WriteAsync(buffer, cancellationToken);
        }
        finally
        {
            _writing.Release();
        }
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    public override void Flush() => rest.Flush();
    public override Task FlushAsync(CancellationToken cancellationToken) => rest.FlushAsync(cancellationToken);
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        began.Dispose();
        rest.Dispose();
        _writing.Dispose();
        base.Dispose(disposing);
    }
}
