using System.Text.Json;
using Freshet.Server.Api;
using Freshet.Server.Http;
using Freshet.Server.Profiles;

namespace Freshet.Server.Privacy;

/// <summary>GET /api/erasures and /api/erasures/{id}: the receipts, for those who may read profiles.</summary>
internal sealed class ErasureRoutes(ErasureService? erasures, ProfileAccess access, AccessRules rules)
{
    private const string Path = "/api/erasures";
    private static readonly JsonSerializerOptions Form = new(JsonSerializerDefaults.Web);

    public IEnumerable<Route> Routes()
    {
        yield return new Route(Path, ["GET"], ListAsync) { Cors = rules.AllowListedOrigins };
        yield return new Route(Path + "/", ["GET"], ReadAsync) { Cors = rules.AllowListedOrigins };
    }

    private ValueTask ListAsync(Exchange exchange)
    {
        if (Refused(exchange)) return default;
        exchange.AnswerJson(200, JsonSerializer.SerializeToUtf8Bytes(new { erasures = erasures!.Receipts.Receipts }, Form));
        return default;
    }

    private ValueTask ReadAsync(Exchange exchange)
    {
        if (Refused(exchange)) return default;
        var id = Uri.UnescapeDataString(exchange.Request.RawTarget.Split('?')[0][(Path.Length + 1)..]);
        if (erasures!.Receipts.Find(id) is { } receipt) exchange.AnswerJson(200, JsonSerializer.SerializeToUtf8Bytes(receipt, Form));
        else new Refusal(404, "no_such_receipt", "There is no receipt of that id; GET /api/erasures lists them.").Write(exchange);
        return default;
    }

    private bool Refused(Exchange exchange)
    {
        var refusal = access.Check(exchange) ?? (erasures is null ? ProfileRoutes.NoProfiles() : null);
        refusal?.Write(exchange);
        return refusal is not null;
    }
}
