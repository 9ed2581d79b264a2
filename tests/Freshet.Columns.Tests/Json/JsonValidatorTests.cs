using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Freshet.Columns.Formats;
using Freshet.Columns.Json;

namespace Freshet.Columns.Tests.Json;

public unsafe class JsonValidatorTests
{
    [Theory]
    [InlineData("0")]
    [InlineData("-0.0e+0")]
    [InlineData(" \t\r\n[ ] ")]
    [InlineData("\"\"")]
    [InlineData("\"\\u0000\\uD83D\\uDE00\"")]
    [InlineData("{\"\":{}}")]
    [InlineData("[[[]],{},\"}\",null,true,false,1e5]")]
    [InlineData("{\"a\":1,\"a\":2}")]
    public void Valid_documents_are_accepted(string document) => Assert.Equal(default, Validate(Encoding.UTF8.GetBytes(document)));

    [Theory]
    [InlineData("", 0, "empty")]
    [InlineData("   ", 0, "empty")]
    [InlineData("{", 1, "ends too early")]
    [InlineData("[1,", 3, "ends too early")]
    [InlineData("{\"a\"", 4, "ends too early")]
    [InlineData("{\"a\":", 5, "ends too early")]
    [InlineData("\"abc", 4, "inside a string")]
    [InlineData("{\"a\":1,}", 7, "key in quotes")]
    [InlineData("[1,]", 3, "value is expected")]
    [InlineData("[1 2]", 3, "comma or ]")]
    [InlineData("{\"a\" 1}", 5, "colon")]
    [InlineData("{\"a\":1 \"b\":2}", 7, "comma or }")]
    [InlineData("{a:1}", 1, "key in quotes")]
    [InlineData("{'a':1}", 1, "key in quotes")]
    [InlineData("[1}", 2, "comma or ]")]
    [InlineData("{\"a\":1]", 6, "comma or }")]
    [InlineData("1 2", 2, "follows the end")]
    [InlineData("{}}", 2, "follows the end")]
    [InlineData("01", 1, "number")]
    [InlineData("-", 0, "number")]
    [InlineData("1.", 1, "number")]
    [InlineData(".5", 0, "Not a JSON value")]
    [InlineData("1e", 1, "number")]
    [InlineData("+1", 0, "Not a JSON value")]
    [InlineData("0x10", 1, "number")]
    [InlineData("NaN", 0, "Not a JSON value")]
    [InlineData("tru", 0, "Not a JSON value")]
    [InlineData("truer", 0, "Not a JSON value")]
    [InlineData("nul", 0, "Not a JSON value")]
    [InlineData("\"a\nb\"", 2, "control character")]
    [InlineData("\"\\x\"", 1, "unknown escape")]
    [InlineData("\"\\u12g4\"", 1, "hexadecimal")]
    [InlineData("\u0001", 0, "Not a JSON value")]
    [InlineData("[1,\u000b2]", 3, "Not a JSON value")]
    [InlineData("\uFEFF{}", 0, "byte order mark")]
    [InlineData("/* c */ 1", 0, "Not a JSON value")]
    public void Invalid_documents_are_refused_with_a_position_and_a_sentence(string document, int position, string reason)
    {
        var error = Validate(Encoding.UTF8.GetBytes(document));
        Assert.NotNull(error.Reason);
        Assert.Contains(reason, error.Reason, StringComparison.Ordinal);
        Assert.Equal(position, error.Position);
    }

    [Fact]
    public void Invalid_bytes_are_refused_where_they_begin()
    {
        Assert.Equal(2, Validate([(byte)'"', (byte)'a', 0xFF, (byte)'"']).Position);
        Assert.Equal(1, Validate([(byte)'"', 0xED, 0xA0, 0x80, (byte)'"']).Position);
        Assert.Equal(1, Validate([(byte)'"', 0xC0, 0x80, (byte)'"']).Position);
        Assert.Contains("UTF-8", Validate([(byte)'"', 0xE2, 0x82, (byte)'"']).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Depth_and_size_have_limits()
    {
        Assert.Equal(default, Validate(Encoding.UTF8.GetBytes(new string('[', 64) + new string(']', 64))));
        Assert.Equal(64, Validate(Encoding.UTF8.GetBytes(new string('[', 65) + new string(']', 65))).Position);
        Assert.Equal(64, Validate(Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("{\"a\":", 70)))).Position / 5);
        Assert.Contains("limit of 3", Validate("1234"u8.ToArray(), new JsonLimits(3, 64)).Reason, StringComparison.Ordinal);
        Assert.Equal(default, Validate(Encoding.UTF8.GetBytes(new string('[', 1024) + new string(']', 1024)), new JsonLimits(MaxDepth: 1024)));
    }

    [Fact]
    public void Duplicate_keys_and_lone_surrogates_are_refused_on_request()
    {
        var strict = new JsonLimits(RejectDuplicateKeys: true, RejectLoneSurrogates: true);
        Assert.Equal(default, Validate("""{"a":{"a":1},"b":[{"a":1},{"a":1}]}"""u8.ToArray(), strict));
        Assert.Equal(11, Validate("""{"x":{"a":1,"a":2}}"""u8.ToArray(), strict).Position - 1);
        Assert.Equal(3, Validate("""["\ud800"]"""u8.ToArray(), strict).Position + 1);
        using var structure = new JsonStructure();
        fixed (byte* text = "\"\\udc00\""u8)
        {
            structure.Scan(text, 8);
            Assert.True(JsonValidator.TryValidate(structure, JsonLimits.Default, out _, out var lone));
            Assert.True(lone);
        }
    }

    [Fact]
    public void Random_and_broken_documents_are_judged_as_by_System_Text_Json()
    {
        const int seed = 424242;
        var random = new RandomJson(seed);
        var valid = 0;
        for (var round = 0; round < 20_000; round++)
        {
            var document = Encoding.UTF8.GetBytes(random.Document());
            for (var k = random.Random.Next(3); k > 0; k--) document = random.Mutate(document);
            var expected = IsValidForOracle(document);
            var error = Validate(document);
            Assert.True(expected == (error.Reason is null), $"seed {seed} round {round}: {error} {Encoding.UTF8.GetString(document)}");
            if (expected) valid++;
        }

        Assert.InRange(valid, 5_000, 18_000);
    }

    [Fact]
    public void Utf8_is_judged_as_by_the_library()
    {
        const int seed = 99;
        var random = new Random(seed);
        byte[] odd = [0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC2, 0xDF, 0xE0, 0xE1, 0xED, 0xEF, 0xF0, 0xF1, 0xF4, 0xF5, 0xFF];
        string[] good = ["a", "é", "€", "😀", "\u07FF", "\u0800", "\uD7FF", "\uE000", "\U0010FFFF", "\U00010000"];
        for (var round = 0; round < 50_000; round++)
        {
            var bytes = new List<byte>();
            var target = random.Next(0, 200);
            while (bytes.Count < target)
            {
                if (random.Next(4) == 0) bytes.AddRange(new byte[random.Next(70)].Select(_ => (byte)'x'));
                else if (round % 2 == 0 && random.Next(60) == 0) bytes.Add(odd[random.Next(odd.Length)]);
                else bytes.AddRange(Encoding.UTF8.GetBytes(good[random.Next(good.Length)]));
            }

            if (round % 3 == 0 && bytes.Count > 0) bytes.RemoveAt(random.Next(bytes.Count));
            var text = bytes.ToArray();
            Assert.True(Utf8.IsValid(text) == Utf8Text.IsValid(text), $"seed {seed} round {round}: {Convert.ToHexString(text)}");
            Assert.Equal(Utf8.IsValid(text), Utf8Text.IndexOfInvalid(text) < 0);
        }
    }

    private static bool IsValidForOracle(byte[] document)
    {
        if (!Utf8.IsValid(document)) return false;
        try
        {
            var reader = new Utf8JsonReader(document, new JsonReaderOptions { MaxDepth = 64 });
            while (reader.Read())
            {
            }

            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static JsonError Validate(byte[] document, JsonLimits? limits = null)
    {
        using var structure = new JsonStructure();
        fixed (byte* text = document)
        {
            structure.Scan(text, document.Length);
            return JsonValidator.TryValidate(structure, limits ?? JsonLimits.Default, out var error) ? default : error;
        }
    }
}
