using System.Collections.Frozen;
using Freshet.Server.Configuration;

namespace Freshet.Server.Http;

/// <summary>What answers the requests of a route.</summary>
internal delegate ValueTask Handler(Exchange exchange);

/// <summary>
/// One route: an exact path, or a prefix where it ends with a slash. Each route knows its methods, so that a wrong one is
/// 405 and not 404, and how browsers of other sites may use it.
/// </summary>
internal sealed record Route(string Path, string[] Methods, Handler Handle)
{
    /// <summary>Answers a browser's preflight request and allows origins on the answers; null allows none.</summary>
    public Action<Exchange>? Cors { get; init; }
}

/// <summary>Finds the route of a path: exact paths by one look-up, then the longest prefix. Immutable.</summary>
internal sealed class Router
{
    private readonly FrozenDictionary<string, Route> _exact;
    private readonly Route[] _prefixes;
    private readonly string[] _paths;

    /// <summary>All routes.</summary>
    public IReadOnlyList<Route> Routes { get; }

    public Router(IEnumerable<Route> routes)
    {
        var all = routes.ToList();
        Routes = all;
        _exact = all.Where(r => !IsPrefix(r)).ToFrozenDictionary(r => r.Path, StringComparer.Ordinal);
        _prefixes = [.. all.Where(IsPrefix).OrderByDescending(r => r.Path.Length)];
        _paths = [.. all.Select(r => r.Path)];
    }

    public Route? Find(string path)
    {
        if (_exact.TryGetValue(path, out var route)) return route;
        foreach (var prefix in _prefixes)
            if (path.StartsWith(prefix.Path, StringComparison.Ordinal) && path.Length > prefix.Path.Length) return prefix;
        return null;
    }

    public ValueTask HandleAsync(Exchange exchange)
    {
        var route = Find(exchange.Path);
        if (route is null)
        {
            new Refusal(404, "unknown_route", $"There is no route {Shown(exchange.Path)}; {NearestName.Hint(exchange.Path, _paths)}").Write(exchange);
            return ValueTask.CompletedTask;
        }

        if (exchange.Headers.Origin.Count > 0 || exchange.Method == "OPTIONS") route.Cors?.Invoke(exchange);
        if (Array.IndexOf(route.Methods, exchange.Method) >= 0) return route.Handle(exchange);
        exchange.Response.Headers.Allow = string.Join(", ", route.Methods) + ", OPTIONS";
        if (exchange.Method == "OPTIONS")
        {
            exchange.Response.StatusCode = 204;
            return ValueTask.CompletedTask;
        }

        new Refusal(405, "wrong_method", $"{Shown(exchange.Path)} takes {string.Join(" or ", route.Methods)}, not {exchange.Method}.").Write(exchange);
        return ValueTask.CompletedTask;
    }

    private static bool IsPrefix(Route route) => route.Path.Length > 1 && route.Path.EndsWith('/');

    private static string Shown(string path) => path.Length <= 100 ? path : path[..100] + "...";
}
