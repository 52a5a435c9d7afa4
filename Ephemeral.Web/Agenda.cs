namespace Ephemeral.Web;

/// <summary>When each page of this node is to be looked at next: one timer for all of them.</summary>
internal sealed class Agenda : IDisposable
{
    private readonly Lock _gate = new();
    private readonly PriorityQueue<NodePage, TimeSpan> _due = new();
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private TimeSpan _armed = TimeSpan.MaxValue;

    public Agenda(TimeProvider time)
    {
        _time = time;
        _timer = time.CreateTimer(_ => Run(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Calls the page's <see cref="NodePage.Due"/> at that moment.</summary>
    public void Add(NodePage page, TimeSpan due)
    {
        lock (_gate)
        {
            _due.Enqueue(page, due);
            if (due < _armed)
                Arm(due);
        }
    }

    public void Dispose() => _timer.Dispose();

    private void Run()
    {
        while (Next() is var (page, due) && page is not null)
            page.Due(due);
    }

    private (NodePage? Page, TimeSpan Due) Next()
    {
        lock (_gate)
        {
            if (!_due.TryPeek(out var page, out var due))
            {
                _armed = TimeSpan.MaxValue;
                return default;
            }
            if (due <= _time.GetElapsedTime(0))
            {
                // Armed again at the end of this, and not for each that is added meanwhile.
                _armed = TimeSpan.MinValue;
                return (_due.Dequeue(), due);
            }
            Arm(due);
            return default;
        }
    }

    private void Arm(TimeSpan due)
    {
        _armed = due;
        var wait = due - _time.GetElapsedTime(0);
        // Timers count in whole milliseconds: rounded up, or it would fire just before its time and be armed again.
        _timer.Change(TimeSpan.FromMilliseconds(Math.Max(0, Math.Ceiling(wait.TotalMilliseconds))), Timeout.InfiniteTimeSpan);
    }
}
