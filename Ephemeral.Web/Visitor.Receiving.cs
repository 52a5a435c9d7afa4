using System.Buffers;
using System.Net.WebSockets;
using Ephemeral.Grains;

namespace Ephemeral.Web;

/// <summary>The part of a visitor that takes frames off the socket: what is too long, malformed or unasked goes no further.</summary>
internal sealed partial class Visitor
{
    private const int LeastGrown = 16 << 10;
    private const int MaxStrayFrames = 16;
    private const int MaxStrayBytes = 4 << 20;
    private const int MaxEmptyParts = 16;
    private const int MaxSetOff = 4;
    private static readonly TimeSpan SetOffFor = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan StrayWindow = TimeSpan.FromMinutes(1);

    private Queue<(TimeSpan At, int Frames, int Bytes)>? _strays;
    private List<Task>? _setOff; // by its messages, at grains
    private ContentHash? _receiving;
    private long _since;
    private bool _hasSpoken;
    private int _emptyParts;
    // A page's blobs are of one size, but for the last: where the guess is right, a blob is received into its place.
    private int _lastFrame = LeastGrown;

    /// <summary>A blob that was asked of it is coming.</summary>
    public bool IsReceiving => _receiving is not null;

    // Since when it is expected to say its first word, or to end what it has begun to say. Read by others without a lock.
    private TimeSpan Since
    {
        get => new(Volatile.Read(ref _since));
        set => Volatile.Write(ref _since, value.Ticks);
    }

    /// <summary>It has taken too long to say anything, or to end what it has begun to say.</summary>
    public bool IsLate(TimeSpan now) => now - Since >= (_hasSpoken ? _node.Options.AnswerTime : _node.Options.FirstMessageTime);

    private async Task<bool> Receive()
    {
        // A receive into nothing: an idle visitor holds no buffer.
        var start = await _socket.ReceiveAsync(Memory<byte>.Empty, CancellationToken.None);
        (_hasSpoken, _emptyParts, Since) = (true, 0, _node.Now);
        if (start.MessageType == WebSocketMessageType.Close)
            return false;
        if (start.EndOfMessage)
            return Fail(ErrorCode.BadMessage, "An empty frame says nothing.");

        var buffer = ArrayPool<byte>.Shared.Rent(Wire.MaxText + 1);
        try
        {
            var least = start.MessageType == WebSocketMessageType.Text ? buffer.Length : Blob.HeadSize;
            var (length, ended) = await Fill(buffer.AsMemory(0, least), 0);
            if (start.MessageType == WebSocketMessageType.Binary)
                return length < Blob.HeadSize || buffer[0] != Wire.BlobFrame
                    ? Fail(ErrorCode.BadMessage, "A binary frame is the byte 1, 32 bytes of hash, then the blob.")
                    : await ReceiveBlob(buffer.AsMemory(0, length), ended);
            return !ended || length > Wire.MaxText
                ? Fail(ErrorCode.BadMessage, $"A text frame has at most {Wire.MaxText} bytes.")
                : Handle(buffer.AsSpan(0, length));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer, clearArray: true);
        }
    }

    private async Task<(int Length, bool Ended)> Fill(Memory<byte> buffer, int length)
    {
        while (length < buffer.Length)
        {
            var part = await _socket.ReceiveAsync(buffer[length..], CancellationToken.None);
            length += part.Count;
            if (part.EndOfMessage)
                return (length, true);
            if (IsEmptyAgain(part))
                break;
        }
        return (length, false);
    }

    // A message may be cut into many parts, but not endlessly into parts with nothing in them.
    private bool IsEmptyAgain(ValueWebSocketReceiveResult part) => part is { Count: 0, EndOfMessage: false } && ++_emptyParts > MaxEmptyParts;

    // Who sends more than it may, or than the silos keep up with, is not read from for a while: it feels that itself, and nobody else does.
    private Task Pace()
    {
        if (!_bytes.TrySpend(0, _node.Options.BytesPerSecond, _node.Options.BytesPerSecond, _node.Now, out var wait))
            return Task.Delay(wait + TimeSpan.FromMilliseconds(1), _node.Time); // a part of a millisecond would be none
        _setOff?.RemoveAll(work => work.IsCompleted);
        return _setOff?.Count >= MaxSetOff ? WaitFor(_setOff) : Task.CompletedTask;
    }

    private async Task WaitFor(List<Task> setOff)
    {
        var first = await Task.WhenAny([Task.Delay(SetOffFor, _node.Time), .. setOff]);
        // With no silo that answers, it is heard all the same.
        if (!setOff.Contains(first))
            setOff.Clear();
    }

    // Asking or telling a page's grain costs a hundred times what a message does that is only looked at.
    private void SetOff(Task work)
    {
        if (!work.IsCompleted)
            (_setOff ??= new(1)).Add(work);
    }

    private async Task<bool> ReceiveBlob(ReadOnlyMemory<byte> head, bool ended)
    {
        var hash = new ContentHash(head.Span[1..Blob.HeadSize]);
        if (!IsAsked(hash))
            return await SkipStray(hash, ended);

        var maxBlob = _node.Options.MaxBlob;
        await _node.Memory.Acquire(maxBlob);
        (_receiving, Since) = (hash, _node.Now);
        byte[]? frame = _node.Frames.Take(Math.Max(_lastFrame, head.Length));
        try
        {
            head.CopyTo(frame);
            var length = Blob.HeadSize;
            while (!ended && length - Blob.HeadSize <= maxBlob)
            {
                if (length == frame.Length)
                    frame = Resize(frame, Math.Min(Math.Max(frame.Length * 4, LeastGrown), Blob.HeadSize + maxBlob + 1));
                var part = await _socket.ReceiveAsync(frame.AsMemory(length), CancellationToken.None);
                length += part.Count;
                AskedBytes += part.Count;
                ended = part.EndOfMessage;
                if (IsEmptyAgain(part))
                    return Fail(ErrorCode.BadMessage, "A frame came in too many empty parts.");
            }
            _bytes.TrySpend(length, _node.Options.BytesPerSecond, double.MaxValue, _node.Now, out _);
            if (length - Blob.HeadSize > maxBlob)
                return Fail(ErrorCode.TooLarge, $"A blob has at most {maxBlob} bytes.", hash);
            _lastFrame = length;
            return Answer(hash, ref frame, length);
        }
        finally
        {
            _receiving = null;
            if (frame is not null)
                _node.Frames.Return(frame, frame.Length);
            _node.Memory.Release(maxBlob);
            SendWaitingAsks();
        }
    }

    // The blob is checked here, at the holder's own node, before anybody else sees a byte of it. A late one is not even hashed.
    // The frame is null when the blob has taken it over.
    private bool Answer(ContentHash hash, ref byte[]? frame, int length)
    {
        _node.Metrics.Received(length);
        List<Ask> asks;
        lock (_gate)
        {
            asks = _asks.Awaiting(hash);
            if (asks.Count == 0)
                _asks.Take(hash, _node.Now);
        }
        if (asks.Count == 0)
            return true;
        if (ContentHash.Of(frame.AsSpan(Blob.HeadSize..length)) != hash)
        {
            _node.Metrics.Lie();
            return Fail(ErrorCode.BadContent, "The bytes do not have the hash that the frame names.", hash);
        }
        // What it proves comes first: in between, nobody finds it unproven and the blob no longer asked of it.
        foreach (var ask in asks)
            ask.Of.Page.AnsweredWell(ask.Of, hash);
        lock (_gate)
            asks = _asks.Take(hash, _node.Now);
        // A small blob doesn't keep the array of a large one.
        if (Frames.SizeFor(length) < frame!.Length)
            frame = Resize(frame, length);
        var blob = _node.Frames.ToBlob(frame, length);
        frame = null;
        foreach (var ask in asks)
            ask.Asker.Answered(ask, blob);
        blob.Done();
        return true;
    }

    private bool IsAsked(ContentHash hash)
    {
        lock (_gate)
            return _asks.IsAsked(hash, _node.Now);
    }

    private async Task<bool> SkipStray(ContentHash blob, bool ended)
    {
        if (!CountStray(frames: 1, bytes: 0))
            return Fail(ErrorCode.NotAsked, "Too many frames that nobody asked for.", blob);
        Refuse(ErrorCode.NotAsked, "Nobody asked you for this blob; it was thrown away.", blob: blob);
        var buffer = _node.Frames.Take(64 << 10);
        try
        {
            while (!ended)
            {
                var part = await _socket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None);
                ended = part.EndOfMessage;
                if (IsEmptyAgain(part) || !CountStray(frames: 0, part.Count))
                    return Fail(ErrorCode.NotAsked, "Too much that nobody asked for.", blob);
            }
            return true;
        }
        finally
        {
            _node.Frames.Return(buffer, buffer.Length);
        }
    }

    private bool CountStray(int frames, int bytes)
    {
        var now = _node.Now;
        _strays ??= new Queue<(TimeSpan, int, int)>();
        while (_strays.TryPeek(out var oldest) && oldest.At <= now - StrayWindow)
            _strays.Dequeue();
        _strays.Enqueue((now, frames, bytes));
        return _strays.Sum(stray => stray.Frames) <= MaxStrayFrames && _strays.Sum(stray => stray.Bytes) <= MaxStrayBytes;
    }

    private byte[] Resize(byte[] frame, int length)
    {
        var other = _node.Frames.Take(length);
        frame.AsSpan(0, Math.Min(frame.Length, other.Length)).CopyTo(other);
        _node.Frames.Return(frame, frame.Length);
        return other;
    }
}
