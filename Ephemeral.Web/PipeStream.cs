using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.InteropServices;

namespace Ephemeral.Web;

/// <summary>
/// A transport as the stream that a WebSocket wants, and the body of an answer as the stream that a file is copied to. Disposing it ends what waits
/// in it, so that whoever serves it can end.
/// </summary>
/// <remarks>
/// What is written is cleared where it was: the framework writes from arrays of the shared pool, and gives them back with all that is in them. Nobody
/// may write to it from memory that is used again.
/// </remarks>
/// <param name="input">Null for one that is only written to.</param>
/// <param name="output">Where what is written goes.</param>
internal sealed class PipeStream(PipeReader? input, PipeWriter output) : Stream
{
    private static ReadOnlySpan<byte> EmptyPing => [0x89, 0]; // RFC 6455, section 5.5.2

    private readonly Lock _gate = new();
    private volatile bool _isDisposed;
    private volatile bool _isWriting;
    private bool _hasRead;

    public override bool CanRead => input is not null;
    public override bool CanWrite => true;
    public override bool CanSeek => false;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <summary>Reads what there is. With an empty buffer: waits until there is something, and holds no memory meanwhile.</summary>
    /// <exception cref="IOException">The stream was disposed, or the connection was reset.</exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            var result = await input!.ReadAsync(cancellationToken);
            if (_isDisposed)
            {
                input.AdvanceTo(result.Buffer.Start);
                throw new IOException("The connection was given up.");
            }
            var (there, count) = (result.Buffer.Length, (int)Math.Min(buffer.Length, result.Buffer.Length));
            var taken = result.Buffer.Slice(0, count);
            taken.CopyTo(buffer.Span);
            // From here on the memory is somebody else's.
            input.AdvanceTo(taken.End);
            if (there > 0)
                _hasRead = true;
            if (there > 0 || result.IsCompleted)
                return count;
        }
    }

    /// <summary>Writes, clears what was written, and waits while the one at the other end reads too slowly.</summary>
    /// <exception cref="IOException">The stream was disposed, or the connection is gone.</exception>
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ValueTask<FlushResult> flush;
        lock (_gate)
        {
            if (_isDisposed)
                throw new IOException("The connection is gone.");
            _isWriting = true;
            output.Write(buffer.Span);
            flush = output.FlushAsync(cancellationToken);
        }
        MemoryMarshal.AsMemory(buffer).Span.Clear();
        try
        {
            if (await flush is { IsCanceled: true } or { IsCompleted: true })
                throw new IOException("The connection is gone.");
        }
        finally
        {
            _isWriting = false;
        }
    }

    /// <summary>Something has come since this was called last.</summary>
    public bool HasRead() => Interlocked.Exchange(ref _hasRead, false);

    /// <summary>Sends a WebSocket's ping, which goes between the frames, as each of them is one write; false while one is on its way.</summary>
    public bool Ping()
    {
        lock (_gate)
        {
            if (_isDisposed || _isWriting)
                return false;
            try
            {
                output.Write(EmptyPing);
                // Not waited for: where there is no room, the next frame waits, and only one may.
#pragma warning disable CA2012
                _ = output.FlushAsync();
#pragma warning restore CA2012
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                // Whatever ended the connection, who reads from it will hear of it.
            }
            return true;
        }
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public override void Flush() { }
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("Only read asynchronously.");
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("Only written asynchronously.");
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (!_isDisposed)
        {
            lock (_gate)
                _isDisposed = true;
            input?.CancelPendingRead();
            output.CancelPendingFlush();
        }
        base.Dispose(disposing);
    }
}
