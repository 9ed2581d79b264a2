using System.Security.Cryptography;
using System.Text;

namespace Freshet.Customers.Privacy;

/// <summary>
/// What is kept of an identifier that must not be known any more: HMAC-SHA256 of <c>type:value</c>, as the identity compares it, by the key of
/// the data directory. Whoever has no key cannot tell from a hash whose it is, nor try names against it.
/// </summary>
internal sealed class KeyedHash(byte[] key)
{
    /// <summary>32 hexadecimal digits.</summary>
    public string Of(string type, string value) => Convert.ToHexStringLower(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes($"{type}:{value}")).AsSpan(0, 16));
}
