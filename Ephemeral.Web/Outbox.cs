using System.Buffers;
using System.Net.WebSockets;
using Ephemeral.Grains;

namespace Ephemeral.Web;

/// <summary>What waits to be sent to one visitor: bounded in bytes, written by one writer, which exists only while there is something to write.</summary>
/// <param name="isLean">The socket is one of ours, on a <see cref="PipeStream"/>.</param>
/// <param name="overflow">Called once when more is queued than one visitor may have beyond its <c>get</c>s; the outbox then takes nothing more.</param>
/// <param name="room">Called, outside any lock, each time a blob has been written.</param>
internal sealed class Outbox(WebSocket socket, WebNode node, bool isLean, Action overflow, Action room) : IThreadPoolWorkItem
{
    // Larger blobs go out as fragments of one message, so that a slow reader ties up this much, not the blob's size twice.
    private const int Fragment = 64 << 10;
    private const int LargestHead = 14; // of a WebSocket frame

    private readonly Lock _gate = new();
    private readonly Queue<Item> _items = new(1);
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _bytes;
    private long _creditBytes;
    private bool _writing;
    private long _writingSince = long.MaxValue;
    private bool _full;
    private WebSocketCloseStatus? _close;

    /// <summary>Bytes of every kind that wait to be sent.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>Since when the visitor is taking what is being sent to it, on the node's clock; <see cref="TimeSpan.MaxValue"/> while nothing is.</summary>
    public TimeSpan WritingSince => new(Volatile.Read(ref _writingSince));

    /// <summary>The code that the connection is closed with from here; null while it isn't.</summary>
    public int? CloseCode => (int?)_close;

    /// <summary>Ends when the close frame is out, or can't be sent.</summary>
    public Task Closed => _closed.Task;

    /// <summary>Queues a text frame.</summary>
    public void Text(byte[] utf8) => Add(new Item(utf8, null, null, false));

    /// <summary>Queues a blob; <paramref name="onCredit"/> when the visitor asked for it by <c>get</c>.</summary>
    public void Blob(Blob blob, bool onCredit)
    {
        blob.Use();
        if (!Add(new Item(blob.Frame, blob, null, onCredit)))
            blob.Done();
    }

    /// <summary>Queues a status; if the slot's last one is still waiting, the newer one takes its place.</summary>
    public void Status(StatusSlot slot, byte[] utf8)
    {
        lock (_gate)
        {
            var waiting = slot.Waiting is not null;
            slot.Waiting = utf8;
            if (waiting)
                return;
        }
        Add(new Item(utf8, null, slot, false));
    }

    /// <summary>Sends what is queued and then a close frame; with <paramref name="discard"/> only the close frame.</summary>
    public void Close(int status, bool discard)
    {
        lock (_gate)
        {
            if (_close is not null)
                return;
            _close = (WebSocketCloseStatus)status;
            if (discard)
                Discard();
            StartWriting();
        }
    }

    void IThreadPoolWorkItem.Execute() => _ = Write();

    private bool Add(Item item)
    {
        lock (_gate)
        {
            if (_full || _close is not null)
                return false;
            _bytes += item.Bytes.Length;
            if (item.OnCredit)
                _creditBytes += item.Bytes.Length;
            _full = _bytes - _creditBytes > node.Options.MaxQueuedBytes;
            if (!_full)
            {
                _items.Enqueue(item);
                node.Backlog.Add(item.Bytes.Length, item.Blob);
                StartWriting();
                return true;
            }
        }
        overflow();
        return false;
    }

    private void Discard()
    {
        while (_items.TryDequeue(out var item))
        {
            _bytes -= item.Bytes.Length;
            Forget(item);
        }
    }

    private void Forget(Item item)
    {
        node.Backlog.Remove(item.Bytes.Length, item.Blob);
        item.Blob?.Done();
    }

    private void StartWriting()
    {
        if (_writing)
            return;
        _writing = true;
        // Never on the caller's thread: it may hold the lock of a page that ten thousand others wait for.
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    private async Task Write()
    {
        Item item = default;
        try
        {
            while (true)
            {
                ReadOnlyMemory<byte> bytes;
                lock (_gate)
                {
                    if (!_items.TryDequeue(out item))
                    {
                        _writing = false;
                        Volatile.Write(ref _writingSince, long.MaxValue);
                        if (_close is null)
                            return;
                        break;
                    }
                    bytes = item.Bytes;
                    Volatile.Write(ref _writingSince, node.Now.Ticks);
                    if (item.Slot is { } slot)
                    {
                        bytes = slot.Waiting!;
                        slot.Waiting = null;
                    }
                }
                var type = bytes.Span[0] == Wire.BlobFrame ? WebSocketMessageType.Binary : WebSocketMessageType.Text;
                for (; bytes.Length > Fragment; bytes = bytes[Fragment..])
                {
                    await socket.SendAsync(bytes[..Fragment], type, endOfMessage: false, CancellationToken.None);
                    ForgetSent(Fragment);
                }
                await socket.SendAsync(bytes, type, endOfMessage: true, CancellationToken.None);
                ForgetSent(bytes.Length);
                var size = item.Bytes.Length;
                Forget(item);
                lock (_gate)
                {
                    _bytes -= size;
                    if (item.OnCredit)
                        _creditBytes -= size;
                }
                item = default;
                if (type == WebSocketMessageType.Binary)
                {
                    node.Metrics.Sent(size);
                    room();
                }
            }
            await socket.CloseOutputAsync(_close.Value, null, CancellationToken.None);
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or ObjectDisposedException or IOException or InvalidOperationException)
        {
            // The visitor is gone; its read loop ends by the same cause and takes it off every page.
            socket.Abort();
            lock (_gate)
            {
                Forget(item);
                Discard();
                (_bytes, _full) = (0, true);
            }
        }
        _closed.TrySetResult();
    }

    // The framework copies what it sends into an array of the shared pool, and gives that back with all that is in it. On our own stream it is cleared
    // there; on the framework's: who rents next on the same thread mostly gets the same one.
    private void ForgetSent(int length)
    {
        if (isLean)
            return;
        var array = ArrayPool<byte>.Shared.Rent(length + LargestHead);
        array.AsSpan(0, length + LargestHead).Clear();
        ArrayPool<byte>.Shared.Return(array);
    }

    private readonly record struct Item(ReadOnlyMemory<byte> Bytes, Blob? Blob, StatusSlot? Slot, bool OnCredit);
}

/// <summary>The place of a page's status in an outbox: at most one waits there, the newest.</summary>
internal sealed class StatusSlot
{
    public byte[]? Waiting { get; set; }
}
