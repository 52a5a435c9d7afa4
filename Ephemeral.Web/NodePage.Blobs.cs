using Ephemeral.Grains;

namespace Ephemeral.Web;

/// <summary>The part of a page on a node that brings blobs: what is under way, and who is asked.</summary>
internal sealed partial class NodePage
{
    // Choosing looks at so many of each standing, and at more only while it has found nobody fit.
    private const int LookAt = 32;
    private static readonly TimeSpan ServedLately = TimeSpan.FromSeconds(1);

    private Dictionary<ContentHash, Flight>? _flights;
    private Dictionary<ContentHash, Upload>? _uploads;
    private int _rootSent; // waiters who have been sent the root
    private TimeSpan _rootSentAt;
    private Membership? _onTrial;
    private int _readers;

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
        Blob? read = null;
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
                    return reader.IsCompletedSuccessfully ? read = await reader : null;
                await Task.WhenAny(reader, Task.Delay(left < ReadAgain ? left : ReadAgain, node.Time, gone));
                if (reader.IsCompletedSuccessfully)
                    return read = await reader;
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
                // It came in the moment in which nobody waited for it any more.
                if (read is null && reader.IsCompletedSuccessfully)
                    reader.Result.Done();
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
        var key = node.Seals.Take();
        try
        {
            var reply = await source.Observer.Fetch(hash, blob, key.Public);
            return new Fetched(reply.Blob is { } came ? key.Open(came, blob, node.Frames) : null, reply.Pending, reply.Coming, reply.Misses);
        }
        finally
        {
            key.Done();
            node.Memory.Release(node.Options.MaxBlob);
        }
    }

    /// <summary>
    /// The best one to ask that has not been tried: of equals the one who has given least and keeps up, and else a random one. Of a
    /// crowd it is the best of some: where many are good, looking at all of them finds nobody better.
    /// </summary>
    public Membership? Choose(ContentHash blob, HashSet<Membership> tried, bool balance)
    {
        Membership? best = null;
        // One at a time: however many of them turn out mute, the other blobs come from those who are known.
        var tries = blob != hash && _onTrial?.IsTried(Now) != true;
        var (bestRank, now) = ((Rank: int.MaxValue, Load: 0), Now);
        for (var standing = 0; standing < Membership.Standings && bestRank.Rank >= Membership.BestRank((Standing)standing); standing++)
        {
            if (_standing[standing] is not { Count: > 0 } members)
                continue;
            var start = Random.Shared.Next(members.Count);
            for (var i = 0; i < members.Count && (i < LookAt || bestRank.Rank > Membership.LeastFitRank((Standing)standing)) && bestRank != default; i++)
            {
                var member = members[(start + i) % members.Count];
                if (!member.CanGive(blob) || tried.Contains(member))
                    continue;
                if ((member.Rank(now, balance, tries), member.Load(now)) is var rank && rank.CompareTo(bestRank) < 0)
                    (best, bestRank) = (member, rank);
            }
        }
        if (best is { State: VisitorState.Waiter, AnsweredWell: false })
            _onTrial = best;
        return best;
    }

    /// <summary>One that has shown that it holds the page, goes last for now, and has not been tried.</summary>
    public Membership? ChooseLast(HashSet<Membership> tried)
    {
        var now = Now;
        return Find(Standing.HoldsWell) ?? Find(Standing.Holds);

        Membership? Find(Standing standing) => _standing[(int)standing]?.Find(member => member.LastUntil > now && !tried.Contains(member));
    }

    /// <summary>True when those who could be asked have given enough of late, and others are about to say that they hold the page.</summary>
    public bool HoldersComeSoon()
    {
        var now = Now;
        return _rootSent > 0 && now - _rootSentAt < ServedLately
            && !Exists(Standing.HoldsWell, now) && !Exists(Standing.Holds, now);

        bool Exists(Standing standing, TimeSpan now) =>
            _standing[(int)standing]?.Exists(member => !member.HasGivenEnough(now) && member.LastUntil <= now) == true;
    }

    /// <summary>Gives the root to all who wait for it here.</summary>
    /// <param name="sought">Since when there has been somebody to ask.</param>
    public void DeliverRoot(Blob root, TimeSpan sought)
    {
        var members = _wantRoot;
        if (members is null)
            return;
        _wantRoot = null;
        (_rootSent, _rootSentAt) = (_rootSent + members.Count, Now);
        foreach (var member in members)
        {
            // Who waited for a first holder was not kept waiting by us; the grain's answer who holds is our time.
            node.Metrics.Content(Now - (sought - member.WantsRootSince < ServedLately ? member.WantsRootSince : sought));
            member.WantsRoot = false;
            member.RootSent = true;
            member.Proven = true;
            member.Visitor.SendRoot(hash, root);
        }
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
            flight.Joined();
        return joined;
    }

    private Upload UploadFor(ContentHash blob, out bool isNew)
    {
        isNew = UploadOf(blob) is null;
        return isNew ? (_uploads ??= [])[blob] = new Upload(this, blob) : UploadOf(blob)!;
    }
}
