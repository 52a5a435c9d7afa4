using System.Collections.Immutable;
using Ephemeral.Grains;

namespace Ephemeral.Web;

/// <summary>
/// One page on this node: its visitors here, the blobs under way for them, what the grain was told and what it answered.
/// Everything of a page is guarded by one lock, <see cref="Gate"/>; nothing waits inside it.
/// </summary>
internal sealed partial class NodePage(WebNode node, ContentHash hash)
{
    // Choosing looks at so many of each standing, and at more only while it has found nobody fit.
    private const int LookAt = 32;
    private static readonly TimeSpan ServedLately = TimeSpan.FromSeconds(1);

    private readonly List<Membership> _members = new(1);
    // Those who can be asked, by their standing; a list is made when it is first needed.
    private readonly List<Membership>?[] _standing = new List<Membership>?[Membership.Standings];
    private List<Membership>? _awaiting;
    private HashSet<Membership>? _wantRoot;
    private Dictionary<ContentHash, Flight>? _flights;
    private Dictionary<ContentHash, Upload>? _uploads;
    private int _holders;
    private int _claims;
    private int _waiters;
    private int _rootSent; // waiters who have been sent the root
    private TimeSpan _rootSentAt;
    private Membership? _onTrial;
    private int _readers;

    public Lock Gate { get; } = new();
    public ContentHash Hash => hash;
    public Guid NodeId => node.Id;
    public TimeSpan Now => node.Now;
    public bool RootWanted => _wantRoot?.Count > 0;
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
            var isNew = member.State == VisitorState.None;
            SetState(member, VisitorState.Waiter);
            SetWantsRoot(member, root && !member.RootSent);
            AwaitStatus(member);
            if (isNew)
                TellSuccessors(member);
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
            var isNew = member.State == VisitorState.None;
            SetState(member, member.Proven ? VisitorState.Holder : VisitorState.Claimed);
            SetWantsRoot(member, false);
            AwaitStatus(member);
            if (isNew)
                TellSuccessors(member);
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
            if (_members.Count == 0)
                _successors = _unsaid = [];
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
                Place(member);
                Hint();
                Act();
            }
            return refused;
        }
    }

    /// <summary>Somebody here says that they have this blob.</summary>
    public bool CanGive(ContentHash blob) =>
        _holders + _claims > 0 || _standing[(int)Standing.Fetching]?.Exists(member => member.CanGive(blob)) == true;

    /// <summary>The visitor has answered an ask with the right bytes; the root proves its claim.</summary>
    public void AnsweredWell(Membership member, ContentHash blob)
    {
        lock (Gate)
        {
            member.AnsweredWell = true;
            member.LastUntil = default;
            Place(member);
            if (blob != hash || member.Proven)
                return;
            member.Proven = true;
            if (member.State != VisitorState.Claimed)
                return;
            SetState(member, VisitorState.Holder);
            AwaitStatus(member);
            Changed();
        }
    }

    /// <summary>The root has come, as the proof of a claim: whoever waits for it need not wait for another one who was asked.</summary>
    public void Came(Blob root)
    {
        lock (Gate)
            UploadOf(hash)?.Came(root);
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
        if (member.State == VisitorState.Waiter && state != VisitorState.Waiter)
        {
            if (member.RootSent)
                _rootSent--;
            if (member.Parts > 0)
                node.GiveParts(member.Parts);
            member.ForgetParts();
        }
        Count(member.State, -1);
        member.State = state;
        Count(state, 1);
        Place(member);

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

    // Puts a member into the list of those that stand as it does now.
    private void Place(Membership member)
    {
        var standing = member.StandsNow;
        if (standing == member.Standing)
            return;
        if (member.Standing != Standing.None)
        {
            var left = _standing[(int)member.Standing]!;
            var last = left[^1];
            left[last.Place = member.Place] = last;
            left.RemoveAt(left.Count - 1);
        }
        member.Standing = standing;
        if (standing == Standing.None)
            return;
        var joined = _standing[(int)standing] ??= new(1);
        member.Place = joined.Count;
        joined.Add(member);
    }

    private void SetWantsRoot(Membership member, bool wants)
    {
        if (member.WantsRoot == wants)
            return;
        if (wants)
            (_wantRoot ??= []).Add(member);
        else
            _wantRoot!.Remove(member);
        member.WantsRoot = wants;
        if (wants)
            member.WantsRootSince = Now;
    }

    // Who has left by the time that it could be told is not told.
    private void AwaitStatus(Membership member)
    {
        if (!member.AwaitsStatus)
            (_awaiting ??= new(1)).Add(member);
        member.AwaitsStatus = true;
    }

    private void RemoveIfUnused()
    {
        if (_members.Count > 0 || _readers > 0 || _flights?.Count > 0 || _uploads?.Count > 0 || IsAnnounced || Removed)
            return;
        Removed = true;
        node.Remove(this);
    }
}
