using System.Buffers;
using System.Collections.Frozen;
using System.Reflection;
using System.Security.Cryptography;
using System.Text.Json;
using Freshet.Server.Api;
using Freshet.Server.Http;

namespace Freshet.Server.WebConsole;

/// <summary>
/// The console at /: its files, embedded in the program, and GET /api/history with the last 15 minutes of the server's figures.
/// The files tell nothing about the project, so they need no token; what they show comes from the other /api routes, which ask for it.
/// Nothing inline is run: the policy allows only this server's own files.
/// </summary>
internal sealed class ConsoleRoutes
{
    private const string Prefix = "/console/";
    private const string Policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private static readonly FrozenDictionary<string, Asset> Assets = Load();

    private readonly AccessRules _access;
    private readonly HistorySampler? _history;

    public ConsoleRoutes(AccessRules access, HistorySampler? history)
    {
        _access = access;
        _history = history;
    }

    private sealed record Asset(byte[] Content, string Type, string Tag);

    /// <summary>Bytes of all that a browser can load.</summary>
    public static int TotalBytes => Assets.Values.Sum(a => a.Content.Length);

    public IEnumerable<Route> Routes()
    {
        yield return new Route("/", ["GET"], e => Send(e, "index.html"));
        yield return new Route(Prefix, ["GET"], e => Send(e, e.Path[Prefix.Length..]));
        if (_history is not null) yield return new Route("/api/history", ["GET"], History) { Cors = _access.AllowListedOrigins };
    }

    private ValueTask Send(Exchange exchange, string name)
    {
        if (_access.CheckOrigin(exchange) is { } refusal)
        {
            refusal.Write(exchange);
            return ValueTask.CompletedTask;
        }

        if (!Assets.TryGetValue(name, out var asset))
        {
            new Refusal(404, "unknown_route", "The console has no such file.").Write(exchange);
            return ValueTask.CompletedTask;
        }

        var headers = exchange.Response.Headers;
        headers.ContentSecurityPolicy = Policy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers.CacheControl = "no-cache";
        headers.ETag = asset.Tag;
        if (exchange.Headers.IfNoneMatch == asset.Tag) exchange.Response.StatusCode = 304;
        else exchange.Answer(200, asset.Type, asset.Content);
        return ValueTask.CompletedTask;
    }

    private ValueTask History(Exchange exchange)
    {
        if (_access.Check(exchange) is { } refusal)
        {
            refusal.Write(exchange);
            return ValueTask.CompletedTask;
        }

        var buffer = new ArrayBufferWriter<byte>(16 << 10);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteNumber("everySeconds", HistorySampler.EverySeconds);
            json.WriteStartArray("series");
            _history!.Read((name, unit, values) =>
            {
                json.WriteStartObject();
                json.WriteString("name", name);
                json.WriteString("unit", unit);
                json.WriteStartArray("values");
                foreach (var value in values) json.WriteNumberValue(Math.Round(value, 3));
                json.WriteEndArray();
                json.WriteEndObject();
            });
            json.WriteEndArray();
            json.WriteStartArray("latencies");
            _history.WriteLatencies(json);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        exchange.AnswerJson(200, buffer.WrittenSpan);
        return ValueTask.CompletedTask;
    }

    private static FrozenDictionary<string, Asset> Load()
    {
        const string Root = "console/";
        var assembly = Assembly.GetExecutingAssembly();
        var assets = new Dictionary<string, Asset>();
        foreach (var resource in assembly.GetManifestResourceNames())
        {
            if (!resource.StartsWith(Root, StringComparison.Ordinal)) continue;
            using var stream = assembly.GetManifestResourceStream(resource)!;
            var content = new byte[stream.Length];
            stream.ReadExactly(content);
            assets.Add(resource[Root.Length..].Replace('\\', '/'), new Asset(content, TypeOf(resource), "\"" + Convert.ToHexStringLower(SHA256.HashData(content).AsSpan(0, 8)) + "\""));
        }

        return assets.ToFrozenDictionary(StringComparer.Ordinal);
    }

    private static string TypeOf(string name) => Path.GetExtension(name) switch
    {
        ".html" => "text/html; charset=utf-8",
        ".js" => "text/javascript; charset=utf-8",
        ".css" => "text/css; charset=utf-8",
        ".svg" => "image/svg+xml",
        _ => "text/plain; charset=utf-8",
    };
}
