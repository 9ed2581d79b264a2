using Freshet.Server.Api;
using Freshet.Server.Configuration;
using Freshet.Server.Http;
using Freshet.Server.Ingest;

namespace Freshet.Server.Profiles;

/// <summary>
/// Who may read profiles and change them: a key of kind server, the API token (as Bearer, or as Basic user as Segment's clients send it), a session of the console, and anyone on the machine
/// where no authentication is configured. A browser's key stands in page source: it reads nothing.
/// </summary>
internal sealed class ProfileAccess(AccessRules access, IngestEndpoint ingest)
{
    public Refusal? Check(Exchange exchange)
    {
        if (access.CheckOrigin(exchange) is { } foreign) return foreign;
        if (access.CheckLogin(exchange) is not { } refused) return null;
        if (refused.Status == 403) return refused;
        ingest.TryHeaderKey(exchange, out var key);
        return key?.Kind switch
        {
            WriteKeyKind.Server => null,
            WriteKeyKind.Browser => new Refusal(403, "may_not_read", "A browser's key reads no profiles: use a key of kind \"server\" or the API token."),
            _ => new Refusal(401, "token_required", "Profiles need the API token (Authorization: Bearer <api.token>) or a key of kind \"server\"."),
        };
    }
}
