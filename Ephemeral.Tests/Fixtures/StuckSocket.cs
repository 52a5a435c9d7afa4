using System.Net.WebSockets;
using System.Text.Json;
using System.Threading.Channels;

namespace Ephemeral.Tests.Fixtures;

/// <summary>The server's side of a connection to a visitor that says what a test tells it to, and to whom no blob ever gets through.</summary>
internal sealed class StuckSocket : WebSocket
{
    private readonly Channel<byte[]> _says = Channel.CreateUnbounded<byte[]>();
    private readonly TaskCompletionSource _gone = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _stuck = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends when the server is about to send a blob.</summary>
    public Task Stuck => _stuck.Task;

    public override WebSocketCloseStatus? CloseStatus => null;
    public override string? CloseStatusDescription => null;
    public override WebSocketState State => _gone.Task.IsCompleted ? WebSocketState.Aborted : WebSocketState.Open;
    public override string? SubProtocol => "ephemeral.v1";

    public void Say(object message) => _says.Writer.TryWrite(JsonSerializer.SerializeToUtf8Bytes(message));

    public override void Abort()
    {
        _gone.TrySetResult();
        _says.Writer.TryComplete();
    }

    public override async ValueTask<ValueWebSocketReceiveResult> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (!await _says.Reader.WaitToReadAsync(cancellationToken))
            throw new WebSocketException("The visitor is gone.");
        if (buffer.IsEmpty)
            return new ValueWebSocketReceiveResult(0, WebSocketMessageType.Text, endOfMessage: false);
        var said = await _says.Reader.ReadAsync(cancellationToken);
        said.CopyTo(buffer);
        return new ValueWebSocketReceiveResult(said.Length, WebSocketMessageType.Text, endOfMessage: true);
    }

    public override async ValueTask SendAsync(ReadOnlyMemory<byte> buffer, WebSocketMessageType messageType, bool endOfMessage, CancellationToken cancellationToken)
    {
        if (messageType != WebSocketMessageType.Binary)
            return;
        _stuck.TrySetResult();
        await _gone.Task;
        throw new WebSocketException("The visitor is gone.");
    }

    public override Task<WebSocketReceiveResult> ReceiveAsync(ArraySegment<byte> buffer, CancellationToken cancellationToken) => throw new NotSupportedException();
    public override Task SendAsync(ArraySegment<byte> buffer, WebSocketMessageType messageType, bool endOfMessage, CancellationToken cancellationToken) => throw new NotSupportedException();
    public override Task CloseAsync(WebSocketCloseStatus closeStatus, string? statusDescription, CancellationToken cancellationToken) => Task.CompletedTask;
    public override Task CloseOutputAsync(WebSocketCloseStatus closeStatus, string? statusDescription, CancellationToken cancellationToken) => Task.CompletedTask;
    public override void Dispose() => Abort();
}
