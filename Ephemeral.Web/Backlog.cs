using Ephemeral.Grains;

namespace Ephemeral.Web;

/// <summary>The bytes that wait to be sent to all visitors of a node together. A blob counts once, however many wait for it.</summary>
/// <param name="most">Above it <paramref name="tooMuch"/> is called, with whatever locks are held by who adds.</param>
internal sealed class Backlog(long most, BlobMemory memory, Action tooMuch)
{
    private long _bytes;

    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>How many bytes there are too many, or less than zero.</summary>
    public long Excess => Bytes - most;

    public void Add(byte[] bytes, Blob? blob)
    {
        if (blob is not null)
        {
            if (!blob.EnterQueue())
                return;
            memory.Take(bytes.Length);
        }
        if (Interlocked.Add(ref _bytes, bytes.Length) > most)
            tooMuch();
    }

    public void Remove(byte[] bytes, Blob? blob)
    {
        if (blob is not null)
        {
            if (!blob.LeaveQueue())
                return;
            memory.Release(bytes.Length);
        }
        Interlocked.Add(ref _bytes, -bytes.Length);
    }
}
