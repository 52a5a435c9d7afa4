using System.Net.WebSockets;
using Ephemeral.Web;

namespace Ephemeral.Micro;

/// <summary>A WebSocket on which the same frame comes so many times and then a close; what is sent vanishes.</summary>
/// <param name="before">Called before each frame.</param>
internal sealed class ScriptedSocket(byte[]? frame = null, int times = 0, Action? before = null) : WebSocket
{
    private WebSocketState _state = WebSocketState.Open;
    private int _at;

    public override WebSocketState State => _state;
    public override WebSocketCloseStatus? CloseStatus => null;
    public override string? CloseStatusDescription => null;
    public override string? SubProtocol => Wire.Subprotocol;

    // A receive into nothing comes before each frame, as the server does it.
    public override ValueTask<ValueWebSocketReceiveResult> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (times == 0 || frame is null)
        {
            _state = WebSocketState.Closed;
            return new(new ValueWebSocketReceiveResult(0, WebSocketMessageType.Close, endOfMessage: true));
        }
        var type = frame[0] == Wire.BlobFrame ? WebSocketMessageType.Binary : WebSocketMessageType.Text;
        if (buffer.Length == 0)
        {
            before?.Invoke();
            return new(new ValueWebSocketReceiveResult(0, type, endOfMessage: false));
        }
        var count = Math.Min(buffer.Length, frame.Length - _at);
        frame.AsSpan(_at, count).CopyTo(buffer.Span);
        _at += count;
        var ends = _at == frame.Length;
        if (ends)
            (_at, times) = (0, times - 1);
        return new(new ValueWebSocketReceiveResult(count, type, ends));
    }

    public override Task<WebSocketReceiveResult> ReceiveAsync(ArraySegment<byte> buffer, CancellationToken cancellationToken) => throw new NotSupportedException();
    public override ValueTask SendAsync(ReadOnlyMemory<byte> buffer, WebSocketMessageType messageType, bool endOfMessage, CancellationToken cancellationToken) => default;
    public override Task SendAsync(ArraySegment<byte> buffer, WebSocketMessageType messageType, bool endOfMessage, CancellationToken cancellationToken) => Task.CompletedTask;
    public override Task CloseAsync(WebSocketCloseStatus closeStatus, string? statusDescription, CancellationToken cancellationToken) => Task.CompletedTask;
    public override Task CloseOutputAsync(WebSocketCloseStatus closeStatus, string? statusDescription, CancellationToken cancellationToken) => Task.CompletedTask;
    public override void Abort() => _state = WebSocketState.Aborted;
    public override void Dispose() { }
}
