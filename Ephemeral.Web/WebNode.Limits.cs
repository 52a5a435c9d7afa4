namespace Ephemeral.Web;

/// <summary>The part of a node that looks once a second for visitors who take too long, and makes room when memory is used up.</summary>
internal sealed partial class WebNode
{
    private const int Share = 8; // of what is bounded, that much is freed at a time
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan SlowAfter = TimeSpan.FromSeconds(2);

    private readonly ITimer _look;
    private readonly AfterCrowd _afterCrowd = new();
    private readonly List<Visitor> _closing = []; // what is being sent to them still counts
    private bool _wasCrowded;
    private int _relieving;

    // One timer for all visitors, and not one for each: what many idle ones cost is mostly that somebody wakes up.
    private void Look()
    {
        var now = Now;
        var (late, silent) = (new List<Visitor>(), new List<Visitor>());
        lock (_visitors)
            foreach (var visitor in _visitors)
                if (!visitor.KeepAlive(now))
                    silent.Add(visitor);
                else if (visitor.IsLate(now))
                    late.Add(visitor);
        silent.ForEach(visitor => visitor.Abort());
        foreach (var visitor in late)
            visitor.CutOff(ErrorCode.RateLimited, "This took too long.");
        _blocked.Look();
        _afterCrowd.Look(Frames.Look());
        Seals.Look();
        // Memory that is full for a moment is only well used.
        var isCrowded = Memory.IsCrowded;
        if (isCrowded && _wasCrowded)
            MakeRoomSoon();
        _wasCrowded = isCrowded;
    }

    // Called with locks held that must not be held together.
    private void MakeRoomSoon()
    {
        if (Interlocked.Exchange(ref _relieving, 1) == 0)
            ThreadPool.UnsafeQueueUserWorkItem(static node => node.MakeRoom(), this, preferLocal: false);
    }

    // Who has been giving or taking one and the same thing for seconds keeps the memory from all others: the slowest go first, and only as many
    // as need be. When even that is not enough, who has the most queued.
    private void MakeRoom()
    {
        _closing.RemoveAll(visitor => visitor.QueuedBytes == 0);
        var isCrowded = Memory.IsCrowded;
        var excess = Backlog.Excess - _closing.Sum(visitor => visitor.QueuedBytes);
        var needed = Math.Max(isCrowded ? Options.BlobMemory / Share : 0, excess > 0 ? excess + (Options.MaxQueuedBytesInAll / Share) : 0);
        var now = Now;
        var visitors = Visitors();
        var slow = visitors.Where(visitor => now - visitor.BusySince >= SlowAfter).OrderBy(visitor => visitor.BusySince).ToList();
        if (excess > 0)
            slow.AddRange(visitors.Except(slow).Where(visitor => visitor.QueuedBytes > 0).OrderByDescending(visitor => visitor.QueuedBytes));
        foreach (var visitor in slow.TakeWhile(_ => needed > 0))
        {
            needed -= visitor.QueuedBytes + (visitor.IsReceiving ? Options.MaxBlob : 0);
            visitor.Close(1013, discard: true);
            // Others wait for this memory now; else a slow reader may still hear why it is closed.
            if (isCrowded)
                visitor.Abort();
            _closing.Add(visitor);
        }
        Volatile.Write(ref _relieving, 0);
    }
}
