using Freshet.Columns.Types;
using Freshet.Kernels.Expressions;
using Freshet.Kernels.Rows;
using Freshet.Kernels.Texts;
using static Freshet.Sql.Functions.ResultTypes;

namespace Freshet.Sql.Functions;

/// <summary>Texts and bytes in other forms: hashes, base 64, hexadecimal digits, charsets, URLs, addresses.</summary>
internal static class CodingFunctions
{
    public static IEnumerable<ScalarFunction> All =>
    [
        Hash("MD5", HashKind.Md5, 32, "098f6bcd4621d373cade4e832627b4f6"),
        Hash("SHA1", HashKind.Sha1, 40, "a94a8fe5ccb19ba61c4c0873d391e987982fbbd3"),
        Hash("SHA224", HashKind.Sha224, 56, "90a3ed9e32b2aaf4c61c410eb925426119e1a9dc53d4286ade99a809"),
        Hash("SHA256", HashKind.Sha256, 64, "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"),
        Hash("SHA384", HashKind.Sha384, 96, "768412320f7b0aa5812fce428dc4706b3cae50e02a64caa16a782249bfe8efc4b7ef1ccb126255d196047dfedf17a0a9"),
        Hash("SHA512", HashKind.Sha512, 128, "ee26b0dd4af7e749aa1a8ee3c10ae9923f618980772e473f8819a5d4940e0db27ac185f8a0e1d5f84f88bc887fd67b143732c304cc5fa9ad8e6f57f50028a8ff"),
        Coding("SHA2", "STRING, INTEGER", SqlType.VarChar(128), RowLoop.Of<Sha2>(), "The hash of the SHA-2 family with so many bits: 224, 256, 384 or 512.", ("SHA2('test', 256)", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")).Or("BYTES, INTEGER", RowLoop.Of<Sha2>()) with { CanFail = true },
        Coding("TO_BASE64", "STRING", SqlType.String, RowLoop.Of<ToBase64>(), "The bytes in base 64.", ("TO_BASE64('hello world')", "aGVsbG8gd29ybGQ=")).Or("BYTES", RowLoop.Of<ToBase64>()),
        Coding("FROM_BASE64", "STRING", SqlType.String, RowLoop.Of<FromBase64>(), "The text that base 64 stands for.", ("FROM_BASE64('aGVsbG8gd29ybGQ=')", "hello world")).Or("BYTES", RowLoop.Of<FromBase64>()) with { CanFail = true },
        Coding("HEX", "STRING", SqlType.String, RowLoop.Of<HexText>(), "The bytes of a text, or a number, in hexadecimal digits.", ("HEX('hello')", "68656C6C6F"), ("HEX(100)", "64")).Or("INTEGER", RowLoop.Of(new DigitsOf(4))),
        Coding("UNHEX", "STRING", SqlType.Bytes, RowLoop.Of<FromHex>(), "The bytes of hexadecimal digits; NULL for anything else.", ("DECODE(UNHEX('466C696E6B'), 'utf-8')", "Flink")) with { Nulls = NullRule.Always },
        Coding("BIN", "INTEGER", SqlType.String, RowLoop.Of(new DigitsOf(1)), "A number in binary digits.", ("BIN(12)", "1100")),
        Coding("ENCODE", "STRING, STRING", SqlType.Bytes, RowLoop.Of(new Recode(true)), "The bytes of a text in a charset: UTF-8, US-ASCII, ISO-8859-1, UTF-16, UTF-16BE, UTF-16LE.", ("DECODE(ENCODE('aabbef', 'utf-8'), 'utf-8')", "aabbef")) with { CanFail = true },
        Coding("DECODE", "BYTES, STRING", SqlType.String, RowLoop.Of(new Recode(false)), "The text of bytes in a charset.", ("DECODE(X'48656c6c6f', 'utf-8')", "Hello")) with { CanFail = true },
        Coding("IS_VALID_UTF8", "BYTES", SqlType.Boolean, RowLoop.Of<IsValidUtf8>(), "Whether bytes are UTF-8.", ("IS_VALID_UTF8(X'C0AF')", "FALSE")),
        Coding("MAKE_VALID_UTF8", "BYTES", SqlType.String, RowLoop.Of<MakeValidUtf8>(), "Bytes as text; what is no UTF-8 becomes U+FFFD.", ("MAKE_VALID_UTF8(X'4142804344')", "AB\uFFFDCD")),
        Coding("URL_ENCODE", "STRING", SqlType.String, RowLoop.Of<UrlEncode>(), "A text as a part of a URL.", ("URL_ENCODE('https://flink.apache.org/')", "https%3A%2F%2Fflink.apache.org%2F")) with { Nulls = NullRule.Always },
        Coding("URL_DECODE", "STRING", SqlType.String, RowLoop.Of<UrlDecode>(), "The text that a part of a URL stands for; NULL where an escape is broken.", ("URL_DECODE('https%3A%2F%2Fflink.apache.org%2F')", "https://flink.apache.org/")) with { Nulls = NullRule.Always },
        Coding("PARSE_URL", "STRING, STRING [, STRING]", SqlType.String, RowLoop.Of<ParseUrl>(), "A part of a URL: HOST, PATH, QUERY, REF, PROTOCOL, AUTHORITY, FILE or USERINFO; with QUERY and a key that key's value.", ("PARSE_URL('http://facebook.com/path1/p.php?k1=v1&k2=v2#Ref1', 'QUERY', 'k1')", "v1"), ("PARSE_URL('http://facebook.com/path', 'HOST')", "facebook.com")) with { Nulls = NullRule.Always },
        Coding("INET_ATON", "STRING", SqlType.BigInt, RowLoop.Of<AddressToNumber>(), "An IPv4 address as a number; NULL for anything else.", ("INET_ATON('10.0.0.1')", "167772161")) with { Nulls = NullRule.Always },
        Coding("INET_NTOA", "INTEGER", SqlType.String, RowLoop.Of<NumberToAddress>(), "A number as an IPv4 address; NULL for one out of range.", ("INET_NTOA(2130706433)", "127.0.0.1")) with { Nulls = NullRule.Always },
    ];

    private static ScalarFunction Hash(string name, HashKind kind, int digits, string example) =>
        Coding(name, "STRING", SqlType.Char(digits), RowLoop.Of(new HashOf(kind)), $"The {name} hash in hexadecimal digits.", ($"{name}('test')", example)).Or("BYTES", RowLoop.Of(new HashOf(kind)));

    private static ScalarFunction Coding(string names, string signature, SqlType type, ScalarKernel kernel, string sentence, params ReadOnlySpan<(string Sql, string Result)> examples) =>
        FunctionCatalogue.Function("Codes", names, signature, Always(type), kernel, sentence, examples);
}
