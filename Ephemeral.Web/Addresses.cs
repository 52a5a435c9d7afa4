using System.Net;
using System.Net.Sockets;

namespace Ephemeral.Web;

/// <summary>
/// How many visitors each address has here, and how fast new ones come. Of IPv6 a /64 is one address: a household has that many.
/// Not the framework's rate limiters: they keep an object for each address that a timer visits ten times a second, and know no clock but the machine's.
/// </summary>
internal sealed class Addresses(WebOptions limits, TimeProvider time)
{
    private static readonly TimeSpan ForgetEvery = TimeSpan.FromSeconds(10);
    private static readonly string[] Forwarding = ["X-Forwarded-For", "X-Real-IP", "Forwarded"];

    private readonly Lock _gate = new();
    private readonly Dictionary<IPAddress, Entry> _entries = [];
    private Rate _all;
    private TimeSpan _forgetAt = ForgetEvery;

    /// <summary>Whose limits this request counts against; null if nobody's.</summary>
    /// <remarks>A program on this very machine is free of them while no proxy is configured: trials and tests. What came through some proxy is not.</remarks>
    public static IPAddress? Of(HttpContext http, WebOptions limits)
    {
        if (http.Connection.RemoteIpAddress is not { } address)
            return null;
        if (IPAddress.IsLoopback(address) && limits.Proxies.Length == 0 && !Forwarding.Any(http.Request.Headers.ContainsKey))
            return null;
        if (address.IsIPv4MappedToIPv6)
            return address.MapToIPv4();
        if (address.AddressFamily != AddressFamily.InterNetworkV6)
            return address;
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out _);
        bytes[8..].Clear();
        return new IPAddress(bytes);
    }

    /// <summary>Lets one more visitor in, or says when to try again. Who is let in leaves by <see cref="Leave"/>.</summary>
    public bool TryEnter(IPAddress? address, out TimeSpan retryAfter)
    {
        var now = time.GetElapsedTime(0);
        lock (_gate)
        {
            var entry = address is null ? default : _entries.GetValueOrDefault(address);
            retryAfter = ForgetEvery;
            if (address is not null && (entry.Visitors >= limits.MaxVisitorsPerAddress
                    || !entry.New.TrySpend(1, limits.NewVisitorsPerSecondPerAddress, limits.NewVisitorsPerSecondPerAddress, now, out retryAfter))
                || !_all.TrySpend(1, limits.NewVisitorsPerSecond, limits.NewVisitorsPerSecond, now, out retryAfter))
                return false;
            if (address is null)
                return true;
            if (now >= _forgetAt)
                Forget(now);
            _entries[address] = entry with { Visitors = entry.Visitors + 1, LastAt = now };
            return true;
        }
    }

    public void Leave(IPAddress? address)
    {
        if (address is null)
            return;
        lock (_gate)
            _entries[address] = _entries[address] with { Visitors = _entries[address].Visitors - 1 };
    }

    // Whose last visitor came over a second ago has its whole rate again: nothing of it needs to be known.
    private void Forget(TimeSpan now)
    {
        foreach (var (address, entry) in _entries)
            if (entry.Visitors == 0 && now - entry.LastAt > TimeSpan.FromSeconds(1))
                _entries.Remove(address);
        _forgetAt = now + ForgetEvery;
    }

    private record struct Entry(int Visitors, TimeSpan LastAt)
    {
        public Rate New;
    }
}
