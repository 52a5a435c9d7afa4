using System.IO.Pipelines;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;

namespace Ephemeral.Web;

/// <summary>
/// A connection whose WebSocket outlives the request that it began as. Kestrel keeps all of a request while its endpoint runs: a third
/// of what an idle visitor costs. Here the endpoint returns when the handshake is done, and the connection itself serves the WebSocket.
/// </summary>
/// <remarks>
/// Only public types, but how Kestrel ends a request is documented nowhere: that it completes the transport (which is not passed on
/// here), reads nothing of what followed the handshake, and goes on to tick (which is dropped here). <c>LeanSocketTests</c> and every
/// test over the wire would show a runtime that does otherwise; <see cref="WebOptions.LeanSockets"/> switches back.
/// </remarks>
internal sealed class LeanSocket : IConnectionHeartbeatFeature, IDuplexPipe
{
    // Kestrel ticks once a second.
    private const int TicksToSendTheRest = 5;
    private static readonly byte[] HandshakeSuffix = Encoding.ASCII.GetBytes("258EAFA5-E914-47DA-95CA-C5AB0DC85B11");

    private readonly ConnectionContext _connection;
    private readonly IDuplexPipe _transport;
    private readonly Lock _gate = new();
    private List<(Action<object> Tick, object State)>? _ticked = [];
    private Reader? _input;
    private Writer? _output;
    private Func<PipeStream, Task>? _serve;
    private int _ticksLeft = -1;

    private LeanSocket(ConnectionContext connection)
    {
        (_connection, _transport) = (connection, connection.Transport);
        (_input, _output) = (new Reader(this), new Writer(this));
    }

    PipeReader IDuplexPipe.Input => _input!;
    PipeWriter IDuplexPipe.Output => _output!;

    /// <summary>The connection middleware.</summary>
    public static ConnectionDelegate Use(ConnectionDelegate next) => connection => new LeanSocket(connection).Run(next);

    /// <summary>The connection of this request, if its WebSocket can be served without it: not under TLS in this process or over HTTP/2.</summary>
    public static LeanSocket? Of(HttpContext http) =>
        http.Features.Get<ITlsConnectionFeature>() is null && http.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true }
            ? http.Features.Get<LeanSocket>()
            : null;

    /// <summary>Answers a handshake that the framework has found to be one, and serves its WebSocket after the request.</summary>
    public async Task Accept(HttpContext http, WebSocketCreationOptions options, Func<WebSocket, PipeStream, Task> serve)
    {
        var headers = http.Response.Headers;
        headers.Connection = "Upgrade";
        headers.Upgrade = "websocket";
        headers.SecWebSocketAccept = Convert.ToBase64String(Answer(http.Request.Headers.SecWebSocketKey.ToString()));
        headers.SecWebSocketProtocol = options.SubProtocol;
        await http.Features.GetRequiredFeature<IHttpUpgradeFeature>().UpgradeAsync();
        _serve = async stream =>
        {
            using var socket = WebSocket.CreateFromStream(stream, options);
            await serve(socket, stream);
        };
    }

    void IConnectionHeartbeatFeature.OnHeartbeat(Action<object> action, object state)
    {
        lock (_gate)
            _ticked?.Add((action, state));
    }

    // RFC 6455, section 4.2.2: it is no secret that the hash protects.
#pragma warning disable CA5350
    private static byte[] Answer(string key) => SHA1.HashData([.. Encoding.ASCII.GetBytes(key), .. HandshakeSuffix]);
#pragma warning restore CA5350

    private async Task Run(ConnectionDelegate next)
    {
        var features = _connection.Features;
        features.Get<IConnectionHeartbeatFeature>()?.OnHeartbeat(static state => ((LeanSocket)state).Tick(), this);
        features.Set<IConnectionHeartbeatFeature>(this);
        features.Set(this);
        _connection.Transport = this;
        try
        {
            await next(_connection);
        }
        finally
        {
            if (_serve is not null)
                await Serve(_serve);
        }
    }

    private async Task Serve(Func<PipeStream, Task> serve)
    {
        _connection.Transport = _transport;
        _connection.Features.Set<LeanSocket>(null);
        lock (_gate)
            _ticked = null;
        (_input, _output, _serve) = (null, null, null);
        await serve(new PipeStream(_transport.Input, _transport.Output));
        // What is written still goes out, but not for as long as somebody likes who doesn't read.
        _ticksLeft = TicksToSendTheRest;
    }

    private void Tick()
    {
        // Every second for every connection: those with a WebSocket cost nothing here.
        if (Volatile.Read(ref _ticked) is not null)
        {
            (Action<object> Tick, object State)[] ticked;
            lock (_gate)
                ticked = [.. _ticked ?? []];
            foreach (var (tick, state) in ticked)
                tick(state);
        }
        if (_ticksLeft > 0 && --_ticksLeft == 0)
            _connection.Abort();
    }

    // What the request sees of the transport: all of it but its end, once there is a WebSocket.
    private sealed class Reader(LeanSocket of) : PipeReader
    {
        private readonly PipeReader _reader = of._transport.Input;

        public override void AdvanceTo(SequencePosition consumed) => _reader.AdvanceTo(consumed);
        public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) => _reader.AdvanceTo(consumed, examined);
        public override void CancelPendingRead() => _reader.CancelPendingRead();
        public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) => _reader.ReadAsync(cancellationToken);
        public override bool TryRead(out ReadResult result) => _reader.TryRead(out result);

        public override void Complete(Exception? exception = null)
        {
            if (of._serve is null)
                _reader.Complete(exception);
        }
    }

    private sealed class Writer(LeanSocket of) : PipeWriter
    {
        private readonly PipeWriter _writer = of._transport.Output;

        public override bool CanGetUnflushedBytes => _writer.CanGetUnflushedBytes;
        public override long UnflushedBytes => _writer.UnflushedBytes;
        public override void Advance(int bytes) => _writer.Advance(bytes);
        public override void CancelPendingFlush() => _writer.CancelPendingFlush();
        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => _writer.FlushAsync(cancellationToken);
        public override Memory<byte> GetMemory(int sizeHint = 0) => _writer.GetMemory(sizeHint);
        public override Span<byte> GetSpan(int sizeHint = 0) => _writer.GetSpan(sizeHint);

        public override void Complete(Exception? exception = null)
        {
            if (of._serve is null)
                _writer.Complete(exception);
        }
    }
}
