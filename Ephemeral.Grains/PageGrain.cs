using Microsoft.Extensions.Options;
using Orleans.Runtime;

namespace Ephemeral.Grains;

/// <summary>The shell of <see cref="Page"/>: keeps it on a silo, tells its nodes, goes when nobody is left.</summary>
/// <remarks>
/// Renewals come from outside the grain's turns, as a turn costs ten times what they do; so whatever is done with the page is done under its lock. Orleans,
/// which does not see them, is not to take the grain for idle.
/// </remarks>
[GrainType("page"), CollectionAgeLimit(AlwaysActive = true)]
internal sealed class PageGrain(LivePages livePages, ILocalSiloDetails silo, IOptions<PageOptions> options, TimeProvider time)
    : Grain, IPageGrain, IGrainMigrationParticipant
{
    private const string StateKey = "page";

    private readonly Page _page = new(options.Value.Lease, options.Value.DoubtFor);
    private Guid _epoch = Guid.NewGuid();
    private volatile bool _onlyAskedAfter;
    private TimeSpan _nextTelling;
    private IGrainTimer? _telling;

    /// <summary>True when <see cref="Sweep"/> would have something to do. Read from outside the turn.</summary>
    public bool NeedsSweep(TimeSpan now) => _onlyAskedAfter || _page.NextExpiry <= now;

    /// <summary>A lower bound of the moment at which it will. Read from outside the turn, too.</summary>
    public TimeSpan NextExpiry => _page.NextExpiry;

    public ContentHash Hash { get; private set; }

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        if (!ContentHash.TryParse(this.GetPrimaryKeyString(), out var hash))
            throw new ArgumentException("A page's key is 64 lower-case hex digits.");
        Hash = hash;
        livePages.Add(this);
        livePages.Count(this, _page.Holders, _page.Waiters);
        return Task.CompletedTask;
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        livePages.Remove(this);
        return Task.CompletedTask;
    }

    // No await before the change and no interleaving: that is what makes leaving and joining in one moment safe.
    public Task<PageHealth> Announce(Announcement said)
    {
        lock (_page)
        {
            var hadHolders = _page.Holders > 0;
            _onlyAskedAfter = false;
            if (_page.Announce(said with { Observer = livePages.Shared(said.Node, said.Observer) }, Now))
                Changed(said.Node, urgent: !hadHolders);
            return Task.FromResult(HealthFor(said.Node));
        }
    }

    /// <summary>Renews a lease if the announcement says only what is known, and answers as if it had been announced; null if it must be. Called from outside the turn.</summary>
    public PageHealth? Renew(Announcement said)
    {
        lock (_page)
            return _page.Renew(said, Now) ? HealthFor(said.Node) : null;
    }

    // A page that was only asked after goes with the next sweep and not at once: a storm of such questions would otherwise
    // deactivate it so often that an announcement among them is forwarded from one activation to the next until it fails.
    public Task<PageHealth> GetHealth(Guid node)
    {
        lock (_page)
        {
            _onlyAskedAfter = _page.IsEmpty;
            if (_onlyAskedAfter)
                livePages.LookAt(this, TimeSpan.Zero);
            return Task.FromResult(HealthFor(node));
        }
    }

    public Task Doubt(Guid node)
    {
        lock (_page)
        {
            _page.Doubt(node, Now);
            livePages.LookAt(this, _page.NextExpiry);
            DeactivateIfEmpty();
            return Task.CompletedTask;
        }
    }

    public Task Sweep()
    {
        lock (_page)
        {
            var nodes = _page.Nodes.Count();
            if (_page.Sweep(Now))
            {
                livePages.LeasesExpired(nodes - _page.Nodes.Count());
                Changed(Guid.Empty, urgent: false);
            }
            DeactivateIfEmpty();
            return Task.CompletedTask;
        }
    }

    // A silo that stops sends its pages to others, with all they know: same epoch, so the nodes need not announce again.
    void IGrainMigrationParticipant.OnDehydrate(IDehydrationContext context)
    {
        lock (_page)
            context.TryAddValue(StateKey, _page.Save(_epoch));
    }

    void IGrainMigrationParticipant.OnRehydrate(IRehydrationContext context)
    {
        if (!context.TryGetValue<PageState>(StateKey, out var state) || state is null)
            return;
        _epoch = state.Epoch;
        _page.Restore(state, Now);
    }

    private TimeSpan Now => time.GetElapsedTime(0);

    private void Changed(Guid by, bool urgent)
    {
        livePages.Count(this, _page.Holders, _page.Waiters);
        if (DeactivateIfEmpty())
            return;
        // A first holder is told at once: somebody may be waiting. Other news wait their turn, and only the newest is told.
        if (urgent || Now >= _nextTelling)
            Tell(except: by);
        else
            _telling ??= this.RegisterGrainTimer(() => { Tell(Guid.Empty); return Task.CompletedTask; },
                new GrainTimerCreationOptions { DueTime = _nextTelling - Now, Period = Timeout.InfiniteTimeSpan });
    }

    private void Tell(Guid except)
    {
        lock (_page)
        {
            _telling?.Dispose();
            _telling = null;
            foreach (var said in _page.Nodes.Where(said => said.Node != except))
            {
                _nextTelling = Now + options.Value.TellEvery;
                _ = said.Observer.PageChanged(Hash, HealthFor(said.Node));
            }
        }
    }

    private PageHealth HealthFor(Guid node)
    {
        var said = _page.SaidBy(node);
        return new PageHealth(_epoch, _page.Sequence, silo.SiloAddress, _page.Holders, _page.Waiters,
            said?.Holders ?? 0, said?.Waiters ?? 0, _page.SourcesFor(node, Random.Shared), _page.Successors);
    }

    private bool DeactivateIfEmpty()
    {
        if (!_page.IsEmpty)
            return false;
        DeactivateOnIdle();
        return true;
    }
}
