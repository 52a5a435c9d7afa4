using System.Collections.Immutable;
using Ephemeral.Grains;

namespace Ephemeral.Web;

/// <summary>
/// One page on this node: its visitors here, the blobs under way for them, what the grain was told and what it answered.
/// Everything of a page is guarded by one lock, <see cref="Gate"/>; nothing waits inside it.
/// </summary>
internal sealed partial class NodePage(WebNode node, ContentHash hash)
{
    private readonly List<Membership> _members = new(1);
    // Those who can be asked, by their standing; a list is made when it is first needed.
    private readonly List<Membership>?[] _standing = new List<Membership>?[Membership.Standings];
    private List<Membership>? _awaiting;
    private HashSet<Membership>? _wantRoot;
    private int _holders;
    private int _claims;
    private int _waiters;

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

    /// <summary>Who is on this page here.</summary>
    public List<Visitor> Visitors()
    {
        lock (Gate)
            return _members.ConvertAll(member => member.Visitor);
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
        _reached?.TrySetResult();
        node.Remove(this);
    }
}
