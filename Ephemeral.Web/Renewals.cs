using Ephemeral.Grains;
using Orleans.Runtime;
using Orleans.Runtime.Placement;

namespace Ephemeral.Web;

/// <summary>
/// Announcements that only say again what is known, and can wait for a moment: gathered, and sent to many pages of one silo in one call.
/// </summary>
internal sealed class Renewals : IDisposable
{
    private const int AtOnce = 256;
    private static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(250);

    private readonly WebNode _node;
    private readonly Lock _gate = new();
    private readonly Dictionary<SiloAddress, List<Renewal>> _waiting = [];
    private readonly ITimer _timer;
    private bool _armed;

    public Renewals(WebNode node)
    {
        _node = node;
        _timer = node.Time.CreateTimer(_ => SendAll(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Announces to a page that lives on that silo; null when it could not be reached.</summary>
    public Task<PageHealth?> Announce(ContentHash page, SiloAddress silo, Announcement said)
    {
        var renewal = new Renewal(new PageAnnouncement(page, said), new TaskCompletionSource<PageHealth?>(TaskCreationOptions.RunContinuationsAsynchronously));
        List<Renewal>? full = null;
        lock (_gate)
        {
            if (!_waiting.TryGetValue(silo, out var waiting))
                _waiting[silo] = waiting = [];
            waiting.Add(renewal);
            if (waiting.Count == AtOnce)
                _waiting.Remove(silo, out full);
            if (!_armed)
                _timer.Change(Longest, Timeout.InfiniteTimeSpan);
            _armed = true;
        }
        if (full is not null)
            _ = Send(silo, full);
        return renewal.Answer.Task;
    }

    public void Dispose() => _timer.Dispose();

    private void SendAll()
    {
        List<(SiloAddress Silo, List<Renewal> Renewals)> all;
        lock (_gate)
        {
            _armed = false;
            all = [.. _waiting.Select(silo => (silo.Key, silo.Value))];
            _waiting.Clear();
        }
        foreach (var (silo, renewals) in all)
            _ = Send(silo, renewals);
    }

    private async Task Send(SiloAddress silo, List<Renewal> renewals)
    {
        try
        {
            RequestContext.Set(IPlacementDirector.PlacementHintKey, silo);
            var pages = _node.Grains.GetGrain<ISiloPagesGrain>(silo.ToParsableString());
            var answers = await pages.Announce([.. renewals.Select(renewal => renewal.Said)]);
            foreach (var (renewal, health) in renewals.Zip(answers))
                renewal.Answer.TrySetResult(health);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            _node.LogUnreachable(e);
        }
        // Those that have no answer: each is announced by itself.
        foreach (var renewal in renewals)
            renewal.Answer.TrySetResult(null);
    }

    private sealed record Renewal(PageAnnouncement Said, TaskCompletionSource<PageHealth?> Answer);
}
