using Ephemeral.Grains;

namespace Ephemeral.Web;

/// <summary>
/// A file of a page as a stream that is read where somebody reads it: a few blobs ahead and no further, so that a file costs the
/// same memory however large it is and however slow its reader.
/// </summary>
/// <remarks>
/// Reading throws an <see cref="OperationCanceledException"/> when nobody gives a blob, or one has another size than the page lists:
/// the framework ends the connection then, so that nobody takes a part for the whole.
/// </remarks>
internal sealed class BlobStream(WebNode node, ContentHash page, PageFile file, int blobSize, CancellationToken gone) : Stream
{
    private const int Ahead = 4;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly CancellationTokenSource _closed = CancellationTokenSource.CreateLinkedTokenSource(gone);
    private readonly Queue<Task<Blob?>> _coming = [];
    private int _next;
    private Blob? _blob;
    private long _position;

    public override bool CanRead => true;
    public override bool CanSeek => true;
    public override bool CanWrite => false;
    public override long Length => file.Size;

    public override long Position
    {
        get => _position;
        set
        {
            _position = value;
            _next = (int)(value / blobSize);
            Drop();
        }
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var left = Length - _position;
        if (left <= 0 || buffer.Length == 0)
            return 0;
        var start = (int)(_position % blobSize);
        _blob ??= await Next();
        var content = _blob.Frame[Blob.HeadSize..];
        // The blob has the name that the page lists, but the page may lie about its size.
        if (content.Length != Math.Min(blobSize, left + start))
            throw new OperationCanceledException("The page's files don't have the sizes that it lists.");
        var count = Math.Min(buffer.Length, content.Length - start);
        content.Slice(start, count).CopyTo(buffer);
        _position += count;
        if (start + count == content.Length)
        {
            _blob.Done();
            _blob = null;
        }
        return count;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override long Seek(long offset, SeekOrigin origin) => Position = origin switch
    {
        SeekOrigin.Begin => offset,
        SeekOrigin.Current => _position + offset,
        _ => Length + offset,
    };

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("Only read asynchronously.");
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();
    public override void Flush() { }

    protected override void Dispose(bool disposing)
    {
        // The framework disposes it twice.
        if (disposing && !_closed.IsCancellationRequested)
            _closed.Cancel();
        Drop();
        base.Dispose(disposing);
    }

    // What was read, or is still coming, is not needed any more.
    private void Drop()
    {
        _blob?.Done();
        _blob = null;
        while (_coming.TryDequeue(out var coming))
            _ = Done(coming);

        static async Task Done(Task<Blob?> coming)
        {
            await ((Task)coming).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (coming.IsCompletedSuccessfully)
                coming.Result?.Done();
        }
    }

    private async Task<Blob> Next()
    {
        while (_coming.Count < Ahead && _next < file.Blobs.Count)
            _coming.Enqueue(node.Read(page, file.Blobs[_next++], Patience, _closed.Token));
        try
        {
            return await _coming.Dequeue() ?? throw new OperationCanceledException("Nobody who holds the page has given a part of the file in time.");
        }
        catch (TimeoutException e)
        {
            throw new OperationCanceledException(e.Message, e);
        }
    }
}
