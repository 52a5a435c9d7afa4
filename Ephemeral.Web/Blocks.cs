using System.Buffers;
using Microsoft.AspNetCore.Connections;

namespace Ephemeral.Web;

/// <summary>
/// The memory that Kestrel reads and writes sockets by. Its own has blocks of 4 KiB: a large page then takes eight times as many
/// calls into the kernel; and it hands blocks on with what was in them. An idle connection has none.
/// </summary>
internal sealed class Blocks(Frames frames) : MemoryPool<byte>, IMemoryPoolFactory<byte>
{
    private const int BlockSize = 32 << 10;

    public override int MaxBufferSize => Array.MaxLength;

    public MemoryPool<byte> Create(MemoryPoolOptions? options = null) => this;

    public override IMemoryOwner<byte> Rent(int minBufferSize = -1) => new Block(frames, frames.Take(Math.Max(minBufferSize, BlockSize)));

    protected override void Dispose(bool disposing)
    {
        // All blocks are among the frames, or with those who give them back.
    }

    private sealed class Block(Frames frames, byte[] array) : IMemoryOwner<byte>
    {
        private byte[]? _array = array;

        public Memory<byte> Memory => _array;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _array, null) is { } array)
                frames.Return(array, array.Length);
        }
    }
}
