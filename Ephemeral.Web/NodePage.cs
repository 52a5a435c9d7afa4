using System.Collections.Immutable;
using Ephemeral.Grains;

namespace Ephemeral.Web;

/// <summary>
/// One page on this node: its visitors here, the blobs under way for them, what the grain was told and what it answered.
/// Everything of a page is guarded by one lock, <see cref="Gate"/>; nothing waits inside it.
/// </summary>
internal sealed partial class NodePage(WebNode node, ContentHash hash)
{
    private static readonly TimeSpan ServedLately = TimeSpan.FromSeconds(1);

    private readonly List<Membership> _members = new(1);
    private Dictionary<ContentHash, Flight>? _flights;
    private Dictionary<ContentHash, Upload>? _uploads;
    private int _holders;
    private int _claims;
    private int _waiters;
    private int _givers; // waiters with parts
    private Membership? _onTrial;
    private int _rootWanted;
    private int _readers;

    public Lock Gate { get; } = new();
    public ContentHash Hash => hash;
    public Guid NodeId => node.Id;
    public TimeSpan Now => node.Now;
    public bool RootWanted => _rootWanted > 0;
    public ImmutableArray<Source> Sources => _health?.Sources ?? [];

    /// <summary>True once the page has left the node's table: take a new one.</summary>
    public bool Removed { get; private set; }

    /// <summary>Adds a visitor, which is nothing to the page yet; null when the page has left the table.</summary>
    public Membership? Join(Visitor visitor)
    {
        lock (Gate)
        {
            if (Removed)
                return null;
            var membership = new Membership(visitor, this) { Index = _members.Count };
            _members.Add(membership);
            return membership;
        }
    }

    /// <summary>The visitor wants the page, and with <paramref name="root"/> the root's bytes.</summary>
    public bool Want(Membership member, bool root)
    {
        lock (Gate)
        {
            if (member.State != VisitorState.Waiter)
                member.RootSent = false;
            SetState(member, VisitorState.Waiter);
            SetWantsRoot(member, root && !member.RootSent);
            member.AwaitsStatus = true;
            Changed();
            Hint();
        }
        return true;
    }

    /// <summary>The visitor says that it has the page.</summary>
    public bool Hold(Membership member)
    {
        lock (Gate)
        {
            var isNews = member.State is not (VisitorState.Claimed or VisitorState.Holder);
            SetState(member, member.Proven ? VisitorState.Holder : VisitorState.Claimed);
            SetWantsRoot(member, false);
            member.AwaitsStatus = true;
            Changed();
            if (isNews && !member.Proven)
                node.Prover.Add(member);
            Hint();
        }
        return true;
    }

    /// <summary>The visitor is nothing to the page any more.</summary>
    public void Leave(Membership member)
    {
        lock (Gate)
        {
            if (member.Index < 0)
                return;
            SetState(member, VisitorState.None);
            SetWantsRoot(member, false);
            var last = _members[^1];
            _members[last.Index = member.Index] = last;
            _members.RemoveAt(_members.Count - 1);
            member.Index = -1;
            if (_uploads?.Count > 0)
                foreach (var upload in _uploads.Values.ToList())
                    upload.Left(member);
            if (_flights?.Count > 0)
                foreach (var flight in _flights.Values.ToList())
                    flight.RemoveGetter(member.Visitor);
            Changed();
            Hint();
        }
    }

    /// <summary>A waiter can give these blobs already; the first that there is no room to remember, if there is one.</summary>
    public ContentHash? Have(Membership member, IReadOnlyList<ContentHash> blobs)
    {
        lock (Gate)
        {
            // A holder has them all.
            if (member.State != VisitorState.Waiter)
                return null;
            var isNews = member.Parts == 0;
            ContentHash? refused = null;
            foreach (var blob in blobs)
            {
                if (member.CanGive(blob))
                    continue;
                if (member.Parts >= node.Options.MaxParts || !node.TakePart())
                {
                    refused = blob;
                    break;
                }
                member.AddPart(blob);
                FlightOf(blob)?.Hint();
            }
            if (isNews && member.Parts > 0)
            {
                _givers++;
                Hint();
                Act();
            }
            return refused;
        }
    }

    /// <summary>Somebody here says that they have this blob.</summary>
    public bool CanGive(ContentHash blob) => _holders + _claims > 0 || (_givers > 0 && _members.Exists(member => member.CanGive(blob)));

    /// <summary>The visitor has answered an ask with the right bytes; the root proves its claim.</summary>
    public void AnsweredWell(Membership member, ContentHash blob)
    {
        lock (Gate)
        {
            member.AnsweredWell = true;
            member.LastUntil = default;
            if (blob != hash || member.Proven)
                return;
            member.Proven = true;
            if (member.State != VisitorState.Claimed)
                return;
            SetState(member, VisitorState.Holder);
            member.AwaitsStatus = true;
            Changed();
        }
    }

    /// <summary>A visitor gets a further blob.</summary>
    public void Get(Membership member, ContentHash blob)
    {
        lock (Gate)
            if (member.Index >= 0)
                FlightFor(blob, flight => flight.AddGetter(member.Visitor));
    }

    /// <summary>A visitor no longer needs that.</summary>
    public void CancelGet(Membership member, ContentHash blob)
    {
        lock (Gate)
            FlightOf(blob)?.RemoveGetter(member.Visitor);
    }

    /// <summary>A blob for somebody who is not counted; waits for at most <paramref name="wait"/>, and before that until the grain is reached if it can't be at once.</summary>
    /// <exception cref="TimeoutException">The grain could not be reached: whether somebody has it is not known.</exception>
    public async Task<Blob?> Read(ContentHash blob, TimeSpan wait, CancellationToken gone)
    {
        Task<Blob> reader;
        lock (Gate)
        {
            _readers++;
            reader = FlightFor(blob, static flight => flight.AddReader());
        }
        try
        {
            var until = Now + wait;
            if (!CanGive(blob) && !await Refresh())
            {
                if (!await IsReached(ReachedWithin))
                    throw new TimeoutException("The silos do not answer now.");
                until = Now + wait;
            }
            while (true)
            {
                var left = until - Now;
                // Delays count in whole milliseconds: less than one would be none, and this would spin.
                if (left < TimeSpan.FromMilliseconds(1))
                    return reader.IsCompletedSuccessfully ? await reader : null;
                await Task.WhenAny(reader, Task.Delay(left < ReadAgain ? left : ReadAgain, node.Time, gone));
                if (reader.IsCompletedSuccessfully)
                    return await reader;
                gone.ThrowIfCancellationRequested();
                if (!CanGive(blob))
                    await Refresh();
            }
        }
        finally
        {
            lock (Gate)
            {
                _readers--;
                FlightOf(blob)?.RemoveReader(reader);
                RemoveIfUnused();
            }
        }
    }

    /// <summary>For another node: asks this node's holders, for a while.</summary>
    public async Task<Fetched> Serve(ContentHash blob, TimeSpan wait)
    {
        Upload upload;
        Task<Fetched> outcome;
        lock (Gate)
        {
            if (!CanGive(blob))
                return Fetched.Nothing;
            upload = UploadFor(blob, out var isNew);
            outcome = upload.Join();
            if (isNew)
                upload.Start();
        }
        await Task.WhenAny(outcome, Task.Delay(wait, node.Time));
        lock (Gate)
        {
            if (outcome.IsCompleted)
                return outcome.Result;
            upload.Part(outcome);
            return new Fetched(null, Pending: true, Coming: upload.IsComing, upload.Misses);
        }
    }

    /// <summary>Fetches from another node.</summary>
    public async Task<Fetched> Fetch(Source source, ContentHash blob)
    {
        await node.Memory.Acquire(node.Options.MaxBlob);
        try
        {
            return await source.Observer.Fetch(hash, blob);
        }
        finally
        {
            node.Memory.Release(node.Options.MaxBlob);
        }
    }

    /// <summary>The best one to ask that has not been tried: of equals the one of whom the least is asked, and else a random one.</summary>
    public Membership? Choose(ContentHash blob, HashSet<Membership> tried, bool balance)
    {
        Membership? best = null;
        // One at a time: however many of them turn out mute, the other blobs come from those who are known.
        var tries = blob != hash && _onTrial?.IsTried(Now) != true;
        var (bestRank, now, start) = ((Rank: int.MaxValue, Asks: 0), Now, _members.Count == 0 ? 0 : Random.Shared.Next(_members.Count));
        for (var i = 0; i < _members.Count && bestRank != default; i++)
        {
            var member = _members[(start + i) % _members.Count];
            if (!member.CanGive(blob) || tried.Contains(member))
                continue;
            if ((member.Rank(now, balance, tries), member.Visitor.OpenAsks) is var rank && rank.CompareTo(bestRank) < 0)
                (best, bestRank) = (member, rank);
        }
        if (best is { State: VisitorState.Waiter, AnsweredWell: false })
            _onTrial = best;
        return best;
    }

    /// <summary>True when those who could be asked have given enough of late, and others are about to say that they hold the page.</summary>
    public bool HoldersComeSoon()
    {
        var now = Now;
        var served = false;
        foreach (var member in _members)
        {
            if (member.State is VisitorState.Holder && !member.HasGivenEnough(now) && member.LastUntil <= now)
                return false;
            served |= member is { State: VisitorState.Waiter, RootSent: true } && now - member.RootSentAt < ServedLately;
        }
        return served;
    }

    /// <summary>Gives the root to all who wait for it here.</summary>
    /// <param name="sought">Since when there has been somebody to ask.</param>
    public void DeliverRoot(Blob root, TimeSpan sought)
    {
        foreach (var member in _members)
        {
            if (!member.WantsRoot)
                continue;
            // Who waited for a first holder was not kept waiting by us; the grain's answer who holds is our time.
            node.Metrics.Content(Now - (sought - member.WantsRootSince < ServedLately ? member.WantsRootSince : sought));
            SetWantsRoot(member, false);
            member.RootSent = true;
            member.RootSentAt = Now;
            member.Proven = true;
            member.Visitor.SendRoot(hash, root);
        }
    }

    /// <summary>Who is on this page here.</summary>
    public List<Visitor> Visitors()
    {
        lock (Gate)
            return _members.ConvertAll(member => member.Visitor);
    }

    /// <summary>A blob is asked of one more than the first.</summary>
    public void CountRetry() => node.Metrics.Retried();

    public Flight? FlightOf(ContentHash blob) => _flights?.GetValueOrDefault(blob);
    public Upload? UploadOf(ContentHash blob) => _uploads?.GetValueOrDefault(blob);

    public void Join(Flight flight, out Upload? upload)
    {
        upload = UploadFor(flight.Blob, out var isNew);
        upload.Flight = flight;
        if (isNew)
            upload.Start();
    }

    public void Remove(Flight flight)
    {
        if (FlightOf(flight.Blob) == flight)
            _flights!.Remove(flight.Blob);
        RemoveIfUnused();
    }

    public void Remove(Upload upload)
    {
        if (UploadOf(upload.Blob) == upload)
            _uploads!.Remove(upload.Blob);
        RemoveIfUnused();
    }

    /// <summary>A timer whose ticks come under the page's lock.</summary>
    public ITimer StartTicker(TimeSpan first, Action tick, TimeSpan? period = null) =>
        node.Time.CreateTimer(_ =>
        {
            lock (Gate)
                tick();
        }, null, first, period ?? first);

    /// <summary>A node did not answer.</summary>
    public void Doubt(Source source, Exception e)
    {
        node.LogFetchFailed(e);
        _ = _grain.Doubt(source.Node);
    }

    /// <summary>Some calls that are under way were lost with a silo.</summary>
    public void RetryFlights()
    {
        lock (Gate)
            foreach (var flight in _flights?.Values.ToList() ?? [])
                flight.CallsLost();
    }

    // Somebody new may have a blob that is waited for.
    private void Hint()
    {
        if (_flights?.Count > 0)
            foreach (var flight in _flights.Values.ToList())
                flight.Hint();
        if (RootWanted && FlightOf(hash) is null && (CanGive(hash) || !Sources.IsEmpty))
            FlightFor(hash, static flight => flight);
    }

    private T FlightFor<T>(ContentHash blob, Func<Flight, T> join)
    {
        var known = FlightOf(blob);
        var flight = known ?? ((_flights ??= [])[blob] = new Flight(this, blob));
        var joined = join(flight);
        if (known is null)
            flight.Start();
        else
            flight.Hint();
        return joined;
    }

    private Upload UploadFor(ContentHash blob, out bool isNew)
    {
        isNew = UploadOf(blob) is null;
        return isNew ? (_uploads ??= [])[blob] = new Upload(this, blob) : UploadOf(blob)!;
    }

    private void SetState(Membership member, VisitorState state)
    {
        if (member.State == VisitorState.Waiter && state != VisitorState.Waiter && member.Parts > 0)
        {
            node.GiveParts(member.Parts);
            member.ForgetParts();
            _givers--;
        }
        Count(member.State, -1);
        member.State = state;
        Count(state, 1);

        void Count(VisitorState of, int by)
        {
            if (of == VisitorState.Holder)
                _holders += by;
            else if (of == VisitorState.Claimed)
                _claims += by;
            else if (of == VisitorState.Waiter)
                _waiters += by;
        }
    }

    private void SetWantsRoot(Membership member, bool wants)
    {
        if (member.WantsRoot == wants)
            return;
        _rootWanted += wants ? 1 : -1;
        member.WantsRoot = wants;
        if (wants)
            member.WantsRootSince = Now;
    }

    private void RemoveIfUnused()
    {
        if (_members.Count > 0 || _readers > 0 || _flights?.Count > 0 || _uploads?.Count > 0 || IsAnnounced || Removed)
            return;
        Removed = true;
        node.Remove(this);
    }
}
