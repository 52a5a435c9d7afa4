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
    private volatile bool _isDisposed;

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
            if (there > 0 || result.IsCompleted)
                return count;
        }
    }

    /// <summary>Writes, clears what was written, and waits while the one at the other end reads too slowly.</summary>
    /// <exception cref="IOException">The stream was disposed, or the connection is gone.</exception>
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_isDisposed)
            throw new IOException("The connection is gone.");
        output.Write(buffer.Span);
        MemoryMarshal.AsMemory(buffer).Span.Clear();
        if (await output.FlushAsync(cancellationToken) is { IsCanceled: true } or { IsCompleted: true })
            throw new IOException("The connection is gone.");
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
            _isDisposed = true;
            input?.CancelPendingRead();
            output.CancelPendingFlush();
        }
        base.Dispose(disposing);
    }
}
