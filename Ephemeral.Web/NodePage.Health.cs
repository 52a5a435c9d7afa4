using System.Collections.Immutable;
using Ephemeral.Grains;

namespace Ephemeral.Web;

/// <summary>The part of a page that talks with its grain, and tells the visitors how the page is.</summary>
internal sealed partial class NodePage
{
    /// <summary>A silo that has died is replaced within seconds: whoever asks meanwhile waits for it.</summary>
    public static readonly TimeSpan ReachedWithin = TimeSpan.FromSeconds(5);

    private const int CrowdMember = 5_000;
    private static readonly TimeSpan AnnounceEvery = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan WaitingEvery = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan RenewEvery = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan TogetherEvery = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan TellEvery = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan TellAtLeastEvery = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromMilliseconds(800);
    private static readonly TimeSpan ReadAgain = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan Never = TimeSpan.MaxValue;

    private readonly IPageGrain _grain = node.Grains.GetGrain<IPageGrain>(hash.ToString());
    private PageHealth? _health;
    private (int Holders, int Claims, int Waiters, bool Parts) _announced;
    private bool _announcing;
    private int _announces;
    private bool _announceSoon;
    private int _failures;
    private TimeSpan _announcedAt = TimeSpan.MinValue / 2;
    private TimeSpan _renewAfter;
    private TimeSpan _toldAt = TimeSpan.MinValue / 2;
    private TimeSpan _answerBy = Never;
    private TimeSpan _scheduled = Never;
    private bool _tell;
    private TaskCompletionSource? _reached;
    private ImmutableArray<Successor> _successors = [];
    private ImmutableArray<Successor> _unsaid = []; // of them, what the grain has not been told

    // Until the grain has been told that nobody is left, the page stays; after some failures the lease tells it instead.
    private bool IsAnnounced => _announcing || (_announced != default && _failures < 5);

    private (int Holders, int Claims, int Waiters, bool Parts) Counts => (_holders, _claims, _waiters, HasGivers);

    /// <summary>Some who are still fetching the page say what they have of it.</summary>
    public bool HasGivers => _standing[(int)Standing.Fetching]?.Count > 0;

    /// <summary>The numbers over the whole cluster: what the grain counts elsewhere, and what is so here right now.</summary>
    private (int Holders, int Waiters) Total =>
        ((_health?.Holders - _health?.YourHolders ?? 0) + _holders, (_health?.Waiters - _health?.YourWaiters ?? 0) + _waiters);

    /// <summary>Ends when the grain has answered for the first time, or nobody waits for that any more.</summary>
    public Task Reached()
    {
        lock (Gate)
            return _health is not null || Removed ? Task.CompletedTask : (_reached ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
    }

    /// <summary>The status for somebody who is that to the page; null while the grain has not answered yet.</summary>
    public byte[]? Status(VisitorState you)
    {
        lock (Gate)
            return _health is null ? null : Wire.Status(hash, Total.Holders, Total.Waiters, you);
    }

    /// <summary>The numbers, asked of the grain unless they are known here; null if it could not be reached, which is not the same as nobody.</summary>
    public async Task<(int Holders, int Waiters)?> Count(TimeSpan within)
    {
        var known = await IsReached(within);
        lock (Gate)
            return known ? Total : null;
    }

    /// <summary>One of the holders here says that there is a newer version.</summary>
    public void Succeed(Membership member, Successor successor)
    {
        lock (Gate)
        {
            if (member.State != VisitorState.Holder || _successors.Contains(successor))
                return;
            _unsaid = Successor.Merge(_unsaid, [successor]);
            Learn(Successor.Merge(_successors, [successor]), except: member);
            AnnounceSoon();
        }
    }

    /// <summary>Announces as soon as the pace allows.</summary>
    public void AnnounceSoon()
    {
        _announceSoon = true;
        Schedule();
    }

    /// <summary>The grain has pushed its health.</summary>
    public void Push(PageHealth health)
    {
        lock (Gate)
        {
            // Of another epoch it may be older than what is known: only an answer to an announcement tells.
            if (_health is not null && _health.Epoch != health.Epoch)
                AnnounceSoon();
            else
                Accept(health);
        }
    }

    /// <summary>Called by the agenda at the time that the page asked for.</summary>
    public void Due(TimeSpan due)
    {
        lock (Gate)
        {
            if (due != _scheduled)
                return;
            _scheduled = Never;
            Act();
        }
    }

    /// <summary>Announces once more that nobody is here, if that has not been said. For a node that is stopping.</summary>
    public Task LastAnnounce()
    {
        lock (Gate)
            return _announced == default ? Task.CompletedTask : Announce();
    }

    /// <summary>How urgent it is to announce again when only these silos are alive: 2 somebody waits, if only for the first answer, 1 a single holder is left, 0 it can wait.</summary>
    public int UrgencyWithout(ImmutableArray<SiloAddress> alive)
    {
        lock (Gate)
            return _health is null ? (_announcing ? 2 : 0) : alive.Contains(_health.Silo) ? 0 : RootWanted || _flights?.Count > 0 ? 2 : Total.Holders <= 1 ? 1 : 0;
    }

    /// <summary>Announces anew, whatever became of an announcement that is under way.</summary>
    public Task AnnounceAgain()
    {
        lock (Gate)
            return Removed ? Task.CompletedTask : Announce();
    }

    private async Task<bool> IsReached(TimeSpan within)
    {
        for (var until = Now + within; _health is null && !await Refresh();)
        {
            if (Now >= until)
                return false;
            await Task.Delay(ReadAgain, node.Time);
        }
        return true;
    }

    /// <returns>False if the grain could not be reached.</returns>
    private async Task<bool> Refresh()
    {
        try
        {
            var health = await _grain.GetHealth(node.Id).WaitAsync(AnswerWithin, node.Time);
            lock (Gate)
                Accept(health, fresh: true);
            return true;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            node.LogUnreachable(e);
            return false;
        }
    }

    private void Accept(PageHealth health, bool fresh = false)
    {
        var isSameEpoch = _health?.Epoch == health.Epoch;
        if (isSameEpoch ? health.Sequence < _health!.Sequence : _health is not null && !fresh)
            return;
        var isNews = !isSameEpoch || health.Sequence > _health!.Sequence;
        var before = Total;
        _health = health;
        _reached?.TrySetResult();
        _reached = null;
        _tell |= Total != before;
        if (isNews)
        {
            Learn(Successor.Merge(health.Successors, _unsaid));
            Hint();
        }
        Act();
    }

    // What is known elsewhere takes the place of what was known here, so that all nodes come to know the same.
    private void Learn(ImmutableArray<Successor> known, Membership? except = null)
    {
        var before = _successors;
        _successors = known;
        foreach (var successor in known.Except(before))
        {
            var text = Wire.Successor(hash, successor);
            foreach (var member in _members)
                if (member != except && member.State != VisitorState.None)
                    member.Visitor.Send(text);
        }
    }

    private void TellSuccessors(Membership member)
    {
        foreach (var successor in _successors)
            member.Visitor.Send(Wire.Successor(hash, successor));
    }

    // The visitors here have changed.
    private void Changed()
    {
        _tell = true;
        if (_answerBy == Never && _awaiting is not null)
            _answerBy = Now + AnswerWithin;
        Act();
        RemoveIfUnused();
    }

    private void Act()
    {
        var now = Now;
        if (AnnounceDue <= now)
            _ = Announce(renews: Counts == _announced && !_announceSoon && !RootWanted && _health is not null);
        if (_answerBy <= now || (_answerBy != Never && _health is not null))
            Tell(onlyAwaiting: !(_tell && TellDue <= now));
        else if (_tell && TellDue <= now && _health is not null)
            Tell(onlyAwaiting: false);
        Schedule();
    }

    private void Schedule()
    {
        var due = AnnounceDue;
        if (_answerBy < due)
            due = _answerBy;
        if (_tell && _health is not null && _members.Count > 0 && TellDue < due)
            due = TellDue;
        if (due >= _scheduled)
            return;
        _scheduled = due;
        node.Agenda.Add(this, due);
    }

    private TimeSpan AnnounceDue
    {
        get
        {
            if (_announcing || Removed)
                return Never;
            var pace = _failures == 0 ? AnnounceEvery : AnnounceEvery * (1 << Math.Min(_failures, 3));
            if (Counts is var counts && (counts != _announced || _announceSoon))
            {
                if (counts == default && _announced == default)
                    return Never;
                // The first holder or claim here is said at once: somebody elsewhere may be waiting for it.
                var isFirst = (_holders > 0 && _announced.Holders == 0) || (_claims > 0 && _announced is { Holders: 0, Claims: 0 })
                    || (HasGivers && _announced is { Holders: 0, Claims: 0, Parts: false });
                return isFirst && _failures == 0 ? Now : _announcedAt + pace;
            }
            if (counts == default)
                return Never;
            return RootWanted && FlightOf(hash) is null ? _announcedAt + WaitingEvery : Together(_announcedAt + _renewAfter);
        }
    }

    // What is in no hurry happens for many pages at once: waking up costs more than a renewal.
    private static TimeSpan Together(TimeSpan due) => due + TogetherEvery - new TimeSpan(due.Ticks % TogetherEvery.Ticks);

    // How often the visitors here are told: the more there are, the less often, but always within two seconds.
    private TimeSpan TellDue
    {
        get
        {
            var pace = TellEvery * Math.Max(1, (double)_members.Count * 8 / CrowdMember);
            return _toldAt + (pace < TellAtLeastEvery ? pace : TellAtLeastEvery);
        }
    }

    private void Tell(bool onlyAwaiting)
    {
        var texts = new byte[]?[4];
        foreach (var member in onlyAwaiting ? _awaiting ?? [] : _members)
        {
            member.AwaitsStatus = false;
            if (member.Index < 0)
                continue;
            var you = (int)member.State;
            texts[you] ??= Wire.Status(hash, Total.Holders, Total.Waiters, member.State);
            member.Visitor.SendStatus(member.Status, texts[you]!);
        }
        _awaiting = null;
        _answerBy = Never;
        if (onlyAwaiting)
            return;
        _toldAt = Now;
        _tell = false;
    }

    // A renewal is in no hurry, and news need not wait for its answer: what is said later counts.
    private async Task Announce(bool renews = false)
    {
        _announcing = !renews;
        _announceSoon = false;
        var mine = ++_announces;
        _announcedAt = Now;
        _renewAfter = RenewEvery * (0.8 + Random.Shared.NextDouble() * 0.4);
        var counts = Counts;
        var said = new Announcement(node.Id, node.Reference, _holders, _claims, _waiters, node.NextVersion(), counts.Parts, _successors);
        var saying = _unsaid;
        var health = _health;
        if (!renews)
            await Task.Yield();
        try
        {
            health = renews ? await node.Renewals.Announce(hash, health!.Silo, said) : await _grain.Announce(said);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            node.LogUnreachable(e);
            health = null;
        }
        lock (Gate)
        {
            if (mine != _announces)
                return;
            _announcing = false;
            _failures = health is null ? _failures + 1 : 0;
            if (health is not null)
            {
                _announced = counts;
                _unsaid = _unsaid.RemoveRange(saying);
                Accept(health, fresh: true);
            }
            else
            {
                // What the grain heard of this is not known: say it again.
                _announceSoon = true;
                Act();
            }
            RemoveIfUnused();
        }
    }
}
