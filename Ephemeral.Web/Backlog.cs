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

    public void Add(int bytes, Blob? blob)
    {
        if (blob is not null)
        {
            if (!blob.EnterQueue())
                return;
            memory.Take(bytes);
        }
        if (Interlocked.Add(ref _bytes, bytes) > most)
            tooMuch();
    }

    public void Remove(int bytes, Blob? blob)
    {
        if (blob is not null)
        {
            if (!blob.LeaveQueue())
                return;
            memory.Release(bytes);
        }
        Interlocked.Add(ref _bytes, -bytes);
    }
}
