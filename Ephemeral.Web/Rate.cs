namespace Ephemeral.Web;

/// <summary>A token bucket on the node's own clock: a struct, since every idle visitor has some.</summary>
internal struct Rate
{
    private double _spent;
    private TimeSpan _at;

    /// <summary>Spends if the bucket allows it; otherwise says in <paramref name="retryAfter"/> when it would.</summary>
    public bool TrySpend(double amount, double perSecond, double burst, TimeSpan now, out TimeSpan retryAfter)
    {
        var spent = Math.Max(0, _spent - (now - _at).TotalSeconds * perSecond) + amount;
        retryAfter = TimeSpan.FromSeconds(Math.Max(0, (spent - burst) / perSecond));
        if (spent > burst)
            return false;
        (_spent, _at) = (spent, now);
        return true;
    }
}
