using System.Net;
using System.Net.Sockets;

namespace Freshet.Server.Sessions;

/// <summary>
/// Slows down who guesses. The first <see cref="FreeTries"/> failures of an address cost it a short delay each; then it has to wait, twice as long after
/// each further one, up to 15 minutes, and is answered 429 until then. A try counts before it is looked at, so tries side by side gain nothing.
/// An IPv6 network of 64 bits is one address. It remembers <see cref="AddressesMax"/> addresses, and each for 15 minutes after its last failure.
/// </summary>
internal sealed class LoginGuard(TimeProvider clock)
{
    public const int FreeTries = 5;
    public const int AddressesMax = 10_000;
    public static readonly TimeSpan Delay = TimeSpan.FromMilliseconds(250);

    private static readonly TimeSpan WaitFirst = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan WaitMax = TimeSpan.FromMinutes(15);

    private readonly Dictionary<string, Tries> _tries = [];
    private readonly Lock _lock = new();

    private sealed record Tries(int Count, DateTimeOffset Last, DateTimeOffset Until);

    /// <summary>Counts a try; says how many seconds the address has to wait first, 0 where it need not.</summary>
    public int Begin(string address)
    {
        var now = clock.GetUtcNow();
        lock (_lock)
        {
            var known = _tries.GetValueOrDefault(address);
            if (known is not null && now - known.Last > WaitMax && now >= known.Until) known = null;
            if (known is not null && now < known.Until) return (int)Math.Ceiling((known.Until - now).TotalSeconds);
            if (known is null && _tries.Count >= AddressesMax) Forget(now);
            var count = (known?.Count ?? 0) + 1;
            var wait = count < FreeTries ? TimeSpan.Zero : TimeSpan.FromSeconds(Math.Min(WaitMax.TotalSeconds, WaitFirst.TotalSeconds * Math.Pow(2, Math.Min(count - FreeTries, 10))));
            _tries[address] = new Tries(count, now, now + wait);
            return 0;
        }
    }

    /// <summary>The try was right: what was counted is forgotten.</summary>
    public void Succeed(string address)
    {
        lock (_lock) _tries.Remove(address);
    }

    /// <summary>What a client counts as. Behind a proxy it is the last address that the proxy has named; what stands before it anybody can write.</summary>
    public static string AddressOf(IPAddress? connection, string? forwardedFor)
    {
        var address = connection;
        if (forwardedFor is not null && IPAddress.TryParse(forwardedFor[(forwardedFor.LastIndexOf(',') + 1)..].Trim(), out var forwarded)) address = forwarded;
        if (address is null) return "";
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        return address.AddressFamily == AddressFamily.InterNetworkV6 ? Convert.ToHexString(address.GetAddressBytes().AsSpan(0, 8)) : address.ToString();
    }

    private void Forget(DateTimeOffset now)
    {
        foreach (var (address, _) in _tries.Where(t => now - t.Value.Last > WaitMax).ToList()) _tries.Remove(address);
        if (_tries.Count >= AddressesMax) _tries.Remove(_tries.MinBy(t => t.Value.Last).Key);
    }
}
