using Ephemeral.Grains;

namespace Ephemeral.Web;

/// <summary>Who asked a visitor for a blob and hears what became of it. Called without any of the visitor's locks held.</summary>
internal interface IAsker
{
    /// <summary>The visitor sent it; the hash is right.</summary>
    void Answered(Ask ask, Blob blob);

    /// <summary>The visitor does not have it.</summary>
    void Missed(Ask ask);
}

/// <summary>One wish for one blob of one visitor.</summary>
internal sealed class Ask(Membership of, ContentHash blob, IAsker asker, TimeSpan now)
{
    public Membership Of { get; } = of;
    public ContentHash Blob { get; } = blob;
    public IAsker Asker { get; } = asker;

    /// <summary>Since when it is open.</summary>
    public TimeSpan Since { get; } = now;

    /// <summary>How many bytes of asked blobs the visitor had sent when it was last looked at.</summary>
    public long BytesSeen { get; set; } = of.Visitor.AskedBytes;

    /// <summary>When it last showed a sign of life, the moment of asking at first.</summary>
    public TimeSpan AliveAt { get; set; } = now;

    /// <summary>It waits for one of its visitor's places.</summary>
    public bool Waits { get; set; }

    public bool IsForRoot => Blob == Of.Page.Hash;
}

/// <summary>
/// What is asked of one visitor. A blob stays asked until its answer, or for a minute after nobody here waits for it any
/// more, and so long it takes one of the visitor's places: a mute visitor is never asked more than that.
/// Not thread-safe: its visitor locks.
/// </summary>
internal sealed class Asks(int places)
{
    private static readonly TimeSpan LateFor = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan FirstGuess = TimeSpan.FromMilliseconds(60);
    // So much of an answer's time goes into what the next is expected to take.
    private const double Weight = 0.25;

    private readonly List<Place> _places = [];
    // Roots go first: with one of them a visitor has something to show, and none of what is asked for by others holds it up.
    private Queue<Ask>? _roots;
    private Queue<Ask>? _others;
    private int _waiting;
    private TimeSpan _pace = FirstGuess;
    private TimeSpan _answeredAt;

    public bool Full => _places.Count >= places;
    public int Count => _places.Count + _waiting;

    /// <summary>What is asked of the visitor now, and one more, would be answered within half a second, going by its last answers.</summary>
    public bool AnswersSoon => Count < 2 * places && Count * _pace < Soon;

    /// <summary>Adds an ask. True when it must be sent; false when it waits for a place, or joins one for the same blob that is open.</summary>
    public bool Add(Ask ask, TimeSpan now)
    {
        Forget(now);
        if (_places.Find(place => place.Is(ask.Of.Page.Hash, ask.Blob) && place.Asks.Count > 0) is { } open)
        {
            open.Asks.Add(ask);
            return false;
        }
        if (Full)
        {
            ((ask.IsForRoot ? ref _roots : ref _others) ??= []).Enqueue(ask);
            ask.Waits = true;
            _waiting++;
            return false;
        }
        _places.Add(new Place(ask));
        return true;
    }

    /// <summary>The next ask that has waited and now has a place; it must be sent.</summary>
    public Ask? Next(TimeSpan now)
    {
        Forget(now);
        while (!Full && (_roots?.TryDequeue(out var ask) == true || _others?.TryDequeue(out ask) == true))
        {
            if (!ask.Waits)
                continue;
            ask.Waits = false;
            _waiting--;
            if (Add(ask, now))
                return ask;
        }
        return null;
    }

    /// <summary>Nobody waits for this ask any more. Its answer may still come, and is then late.</summary>
    public void GiveUp(Ask ask, TimeSpan now)
    {
        foreach (var place in _places)
            if (place.Asks.Remove(ask) && place.Asks.Count == 0)
                place.LateUntil = now + LateFor;
        if (!ask.Waits)
            return;
        ask.Waits = false;
        _waiting--;
    }

    /// <summary>Is this blob asked of the visitor, whether or not anybody still waits for it?</summary>
    public bool IsAsked(ContentHash blob, TimeSpan now)
    {
        Forget(now);
        return _places.Exists(place => place.Blob == blob);
    }

    /// <summary>The asks that one frame of this blob would answer.</summary>
    public List<Ask> Awaiting(ContentHash blob)
    {
        var asks = new List<Ask>(1);
        foreach (var place in _places)
            if (place.Blob == blob)
                asks.AddRange(place.Asks);
        return asks;
    }

    /// <summary>
    /// Takes the asks that one frame of this blob answers: all of them, whatever page they are for. The frame uses up one
    /// place; for the others the visitor will send the same blob again, and that will be late.
    /// </summary>
    public List<Ask> Take(ContentHash blob, TimeSpan now)
    {
        var taken = new List<Ask>();
        Place? used = null;
        foreach (var place in _places.Where(place => place.Blob == blob).OrderByDescending(place => place.Asks.Count))
        {
            used ??= place;
            if (place.Asks.Count > 0)
                place.LateUntil = now + LateFor;
            taken.AddRange(place.Asks);
            place.Asks.Clear();
        }
        if (used is not null)
            _places.Remove(used);
        Measure(taken, now);
        return taken;
    }

    // How long one answer takes while there is something to answer. A root says little: it may be tiny.
    private void Measure(List<Ask> answered, TimeSpan now)
    {
        if (answered.Find(ask => !ask.IsForRoot) is { } ask)
            _pace += Weight * (now - (ask.Since > _answeredAt ? ask.Since : _answeredAt) - _pace);
        _answeredAt = now;
    }

    /// <summary>Takes the asks that a miss answers; null if it answers none, not even one that nobody waits for any more.</summary>
    public List<Ask>? TakeMissed(ContentHash page, ContentHash blob)
    {
        var place = _places.Where(place => place.Is(page, blob)).MaxBy(place => place.Asks.Count);
        if (place is null)
            return null;
        _places.Remove(place);
        return place.Asks;
    }

    private void Forget(TimeSpan now) => _places.RemoveAll(place => place.Asks.Count == 0 && place.LateUntil <= now);

    private sealed class Place(Ask first)
    {
        public ContentHash Page { get; } = first.Of.Page.Hash;
        public ContentHash Blob { get; } = first.Blob;
        public List<Ask> Asks { get; } = [first];
        public TimeSpan LateUntil { get; set; }

        public bool Is(ContentHash page, ContentHash blob) => Page == page && Blob == blob;
    }
}
