using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;

namespace Freshet.Server.Visitors;

/// <summary>Whom a token speaks for, and until when.</summary>
internal sealed record Visitor(string Type, string Value, long ExpiresAt);

/// <summary>
/// Signs and reads the tokens of visitors: <c>fvt_</c>, the visitor as JSON, a dot and its HMAC-SHA256, both in URL-safe base64. The key is the data
/// directory's own. A token cannot be taken back: it ends by its time.
/// </summary>
internal sealed class VisitorTokens(byte[] key, TimeProvider clock)
{
    public const string Prefix = "fvt_";
    private const int TextMax = 2048;

    /// <summary>A token that opens one profile for a while.</summary>
    public (string Token, DateTimeOffset ExpiresAt) Sign(string type, string value, TimeSpan lifetime)
    {
        var ends = clock.GetUtcNow() + lifetime;
        var body = JsonSerializer.SerializeToUtf8Bytes(new Visitor(type, value, ends.ToUnixTimeSeconds()));
        return ($"{Prefix}{Base64Url.EncodeToString(body)}.{Base64Url.EncodeToString(HMACSHA256.HashData(key, body))}", ends);
    }

    /// <summary>The visitor of a token; null where it was not signed here or is over.</summary>
    public Visitor? Read(string token)
    {
        if (token.Length > TextMax || !token.StartsWith(Prefix, StringComparison.Ordinal) || token.IndexOf('.', StringComparison.Ordinal) is var dot && dot < 0) return null;
        try
        {
            var body = Base64Url.DecodeFromChars(token.AsSpan(Prefix.Length, dot - Prefix.Length));
            var signature = Base64Url.DecodeFromChars(token.AsSpan(dot + 1));
            if (!CryptographicOperations.FixedTimeEquals(signature, HMACSHA256.HashData(key, body))) return null;
            var visitor = JsonSerializer.Deserialize<Visitor>(body);
            return visitor is null || visitor.ExpiresAt <= clock.GetUtcNow().ToUnixTimeSeconds() ? null : visitor;
        }
        catch (FormatException)
        {
            return null;
        }
    }
}
