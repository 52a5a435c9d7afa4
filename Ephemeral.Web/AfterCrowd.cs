namespace Ephemeral.Web;

/// <summary>Has the collector give back what a crowd has left, once it has gone: in a process at rest nothing else would make it look.</summary>
/// <param name="collect">Gives back all that can be; that stops everything for a moment.</param>
/// <param name="heap">The bytes that were ever allocated, those that the heap has now, and had after it was last collected like that.</param>
internal sealed class AfterCrowd(Action collect, Func<(long Allocated, long Size, long SizeAfterLast)> heap)
{
    // What goes little by little is not worth it.
    private const long WorthCollecting = 32 << 20;
    private const long LittleDropped = 1 << 20;
    private const long LittleAllocated = 4 << 20;
    private const int CalmLooks = 3;

    private long _allocated;
    private long _dropped;
    private int _calm;

    public AfterCrowd()
        : this(static () => GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true),
            static () => (GC.GetTotalAllocatedBytes(), GC.GetGCMemoryInfo().TotalCommittedBytes, GC.GetGCMemoryInfo(GCKind.FullBlocking).TotalCommittedBytes))
    {
    }

    /// <summary>Looks how things are, once a second. Not called by two at once.</summary>
    /// <param name="dropped">The bytes of frames that were given up since the last look.</param>
    public void Look(long dropped)
    {
        var (allocated, size, sizeAfterLast) = heap();
        _calm = dropped < LittleDropped && allocated - _allocated < LittleAllocated ? _calm + 1 : 0;
        _allocated = allocated;
        _dropped += dropped;
        if (_calm < CalmLooks)
            return;
        if (_dropped >= WorthCollecting || size - sizeAfterLast >= 2 * WorthCollecting)
            collect();
        _dropped = 0;
    }
}
