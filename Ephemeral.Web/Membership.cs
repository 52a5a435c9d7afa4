using Ephemeral.Grains;

namespace Ephemeral.Web;

/// <summary>Those who can be asked for a page's blobs, the best first; their ranks say it more exactly.</summary>
internal enum Standing { None = -1, Fetching, HoldsWell, Holds, Claims }

/// <summary>What one visitor is to one page. Guarded by the page's lock.</summary>
internal sealed class Membership(Visitor visitor, NodePage page)
{
    /// <summary>How many standings there are in which one can be asked.</summary>
    public const int Standings = (int)Standing.Claims + 1;

    private static readonly TimeSpan UploadWindow = TimeSpan.FromSeconds(5);
    private const int UploadsInWindow = 2;

    private static readonly TimeSpan GivenHalves = TimeSpan.FromSeconds(30);
    private const int Busy = 1 << 30;

    private TimeSpan _windowStart;
    private int _uploads;
    private TimeSpan _givenSince;
    private int _given;
    // Of each name the first eight bytes: enough, for who is asked for another blob says miss.
    private HashSet<ulong>? _parts;

    public Visitor Visitor => visitor;
    public NodePage Page => page;
    public VisitorState State { get; set; }

    /// <summary>Its place in the page's list.</summary>
    public int Index { get; set; }

    /// <summary>In which of the page's lists of those who can be asked it is, and where there.</summary>
    public Standing Standing { get; set; } = Standing.None;
    public int Place { get; set; }

    /// <summary>In which of them it belongs.</summary>
    public Standing StandsNow => State switch
    {
        VisitorState.Holder => AnsweredWell ? Standing.HoldsWell : Standing.Holds,
        VisitorState.Claimed => Standing.Claims,
        VisitorState.Waiter when Parts > 0 => Standing.Fetching,
        _ => Standing.None,
    };

    /// <summary>It waits for the root's bytes.</summary>
    public bool WantsRoot { get; set; }

    /// <summary>Since when it does.</summary>
    public TimeSpan WantsRootSince { get; set; }

    /// <summary>It has been sent the root in this spell of waiting.</summary>
    public bool RootSent { get; set; }

    /// <summary>This node has seen that it has the page.</summary>
    public bool Proven { get; set; }

    /// <summary>It has answered an ask well.</summary>
    public bool AnsweredWell { get; set; }

    /// <summary>It is asked for the first time, and has neither answered nor been silent for long.</summary>
    public bool IsTried(TimeSpan now) => State == VisitorState.Waiter && !AnsweredWell && LastUntil <= now && visitor.OpenAsks > 0;

    /// <summary>Until when it goes last, for being silent or having missed.</summary>
    public TimeSpan LastUntil { get; set; }

    /// <summary>Its <c>want</c>, <c>hold</c> or <c>release</c> has not been answered by a status yet.</summary>
    public bool AwaitsStatus { get; set; }

    public StatusSlot Status { get; } = new();

    /// <summary>How many blobs it is known to have while it is a waiter.</summary>
    public int Parts => _parts?.Count ?? 0;

    /// <summary>It says that it has this blob, or all of them.</summary>
    public bool CanGive(ContentHash blob) =>
        State is VisitorState.Holder or VisitorState.Claimed || (State is VisitorState.Waiter && _parts?.Contains(blob.Head) == true);

    /// <summary>It has this blob already; false if that was known.</summary>
    public bool AddPart(ContentHash blob) => (_parts ??= []).Add(blob.Head);

    /// <summary>It holds the page now, or has let go of it.</summary>
    public void ForgetParts() => _parts = null;

    /// <summary>It has given enough of late: others may take a turn.</summary>
    public bool HasGivenEnough(TimeSpan now) => now - _windowStart < UploadWindow && _uploads >= UploadsInWindow;

    /// <summary>Counts an upload asked of it for somebody else.</summary>
    public void CountUpload(TimeSpan now)
    {
        if (now - _windowStart >= UploadWindow)
            (_windowStart, _uploads) = (now, 0);
        _uploads++;
        (_given, _givenSince) = (Given(now) + 1, now - _givenSince >= GivenHalves ? now : _givenSince);
    }

    /// <summary>
    /// Of equal rank the one with less is asked: who has given least of late, so that an upload that somebody else could make
    /// does not fall on the holder again; of those who can't keep up the one of whom the least is asked.
    /// </summary>
    public int Load(TimeSpan now) => visitor.AnswersSoon ? Given(now) : Busy + visitor.OpenAsks;

    // Halved every so often: who has been here for long owes nothing less than who has only come.
    private int Given(TimeSpan now) => _given >> (int)Math.Min(30, (now - _givenSince) / GivenHalves);

    /// <summary>
    /// How good it is to ask: lower is better. Who answered well comes before who was served here, before who only claims;
    /// of the former those first who are still fetching and keep up, so that the holder uploads a page about once; who was silent or
    /// missed goes last for a minute. With <paramref name="balance"/>, who has given enough steps behind
    /// others who can give too, so that a crowd does not fall on its first holder. With <paramref name="tries"/>, somebody
    /// who is still fetching and has never been asked comes first, too.
    /// </summary>
    public int Rank(TimeSpan now, bool balance, bool tries) =>
        LastUntil > now ? 6
        : visitor.AsksFull && !visitor.AnswersSoon ? 5
        : State == VisitorState.Claimed ? 4
        : balance && HasGivenEnough(now) ? 3
        : !AnsweredWell && !(tries && State == VisitorState.Waiter) ? 2
        : State == VisitorState.Holder || !visitor.AnswersSoon ? 1
        : 0;

    /// <summary>The best rank that one of this standing can have.</summary>
    public static int BestRank(Standing standing) => standing switch { Standing.Fetching => 0, Standing.HoldsWell => 1, Standing.Holds => 2, _ => 4 };

    /// <summary>The worst rank of one of this standing that is neither silent nor busy.</summary>
    public static int LeastFitRank(Standing standing) => standing == Standing.Claims ? 4 : 3;
}
