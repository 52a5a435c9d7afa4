using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Ephemeral.Bench;

/// <summary>One visitor on a plain TCP socket: the handshake by hand, so that little but the server is measured.</summary>
internal sealed class BenchVisitor : IDisposable
{
    private const int Head = 33;
    private readonly Socket _tcp = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly SemaphoreSlim _sending = new(1);
    private WebSocket _socket = null!;
    private byte[] _buffer = new byte[4096];

    /// <summary>How many asks it has answered.</summary>
    public int Uploads { get; private set; }

    public async Task Connect(Uri server)
    {
        await _tcp.ConnectAsync(server.Host, server.Port);
        var stream = new NetworkStream(_tcp);
        await stream.WriteAsync(Encoding.ASCII.GetBytes(
            $"GET /ws HTTP/1.1\r\nHost: {server.Authority}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n" +
            $"Sec-WebSocket-Key: {Convert.ToBase64String(RandomNumberGenerator.GetBytes(16))}\r\nSec-WebSocket-Protocol: ephemeral.v1\r\n\r\n"));
        // Byte by byte at the end, so that nothing of the first frame is swallowed.
        var head = new List<byte>(256);
        var one = new byte[1];
        while (head.Count < 4 || head[^4] != '\r' || head[^3] != '\n' || head[^2] != '\r' || head[^1] != '\n')
        {
            await stream.ReadExactlyAsync(one);
            head.Add(one[0]);
        }
        var answer = Encoding.ASCII.GetString([.. head]);
        if (!answer.StartsWith("HTTP/1.1 101", StringComparison.Ordinal))
            throw new InvalidOperationException("The server does not take this visitor: " + answer.Split('\r')[0]);
        _socket = WebSocket.CreateFromStream(stream, new WebSocketCreationOptions { SubProtocol = "ephemeral.v1" });
    }

    public Task Say(string type, string page) => Send(Encoding.UTF8.GetBytes($$"""{"type":"{{type}}","page":"{{page}}"}"""), WebSocketMessageType.Text);

    /// <summary>Reads until the blob has come; its hash is checked.</summary>
    public async Task<byte[]> ReceiveBlob(string hash)
    {
        while (true)
        {
            var (type, length) = await Receive();
            if (type != WebSocketMessageType.Binary)
                continue;
            var content = _buffer.AsSpan(Head, length - Head);
            if (Convert.ToHexStringLower(SHA256.HashData(content)) != hash)
                throw new InvalidOperationException("The server gave wrong bytes.");
            return content.ToArray();
        }
    }

    /// <summary>Holds a page: answers what is asked until the connection ends.</summary>
    /// <param name="proven">Ends when the server counts this visitor as a holder.</param>
    public async Task Hold(string page, byte[] content, TaskCompletionSource? proven = null)
    {
        var frame = new byte[Head + content.Length];
        frame[0] = 1;
        Convert.FromHexString(page).CopyTo(frame, 1);
        content.CopyTo(frame, Head);
        await Say("hold", page);
        try
        {
            while (true)
            {
                var (type, length) = await Receive();
                if (type == WebSocketMessageType.Close)
                    return;
                if (type != WebSocketMessageType.Text)
                    continue;
                using var message = JsonDocument.Parse(_buffer.AsMemory(0, length));
                var root = message.RootElement;
                switch (root.GetProperty("type").GetString())
                {
                    case "ask":
                        Uploads++;
                        await Send(frame, WebSocketMessageType.Binary);
                        break;
                    case "status" when root.GetProperty("you").GetString() == "holder":
                        proven?.TrySetResult();
                        break;
                }
            }
        }
        catch (Exception e) when (e is WebSocketException or ObjectDisposedException or IOException or OperationCanceledException)
        {
            // The scenario is over.
        }
    }

    public void Dispose()
    {
        _socket?.Dispose();
        _tcp.Dispose();
        _sending.Dispose();
    }

    private async Task Send(byte[] bytes, WebSocketMessageType type)
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

    private async Task<(WebSocketMessageType Type, int Length)> Receive()
    {
        for (var length = 0; ;)
        {
            if (length == _buffer.Length)
                Array.Resize(ref _buffer, _buffer.Length * 4);
            var part = await _socket.ReceiveAsync(_buffer.AsMemory(length), CancellationToken.None);
            length += part.Count;
            if (part.EndOfMessage)
                return (part.MessageType, length);
        }
    }
}
