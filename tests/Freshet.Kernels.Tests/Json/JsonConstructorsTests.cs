using Freshet.Columns.Types;
using Freshet.Kernels.Json;

namespace Freshet.Kernels.Tests.Json;

public class JsonConstructorsTests
{
    [Fact]
    public void JSON_OBJECT_orders_its_members_and_writes_each_type()
    {
        var kernel = JsonConstructors.Object(new bool[8]);
        Assert.Equal(
            """{"A":"V\n","B":true,"C":1,"D":1.23,"E":1.20,"F":"1990-06-02T13:37:42.001","G":"1990-06-02T13:37:42.001Z","H":null}""",
            KernelRun.Call(
                kernel, SqlType.String,
                (SqlType.String, "B"), (SqlType.Boolean, "true"), (SqlType.String, "A"), (SqlType.String, "V\n"), (SqlType.String, "C"), (SqlType.Int, "1"),
                (SqlType.String, "D"), (SqlType.Double, "1.23"), (SqlType.String, "E"), (SqlType.Decimal(3, 2), "1.2"),
                (SqlType.String, "F"), (SqlType.Timestamp(3), "1990-06-02 13:37:42.001"), (SqlType.String, "G"), (SqlType.TimestampLtz(3), "1990-06-02 13:37:42.001"),
                (SqlType.String, "H"), (SqlType.Int, null)));
    }

    [Fact]
    public void JSON_OBJECT_leaves_out_nulls_and_keeps_the_last_of_equal_keys()
    {
        Assert.Equal("""{"k":2}""", KernelRun.Call(JsonConstructors.Object(new bool[3], false), SqlType.String, (SqlType.String, "k"), (SqlType.Int, "1"), (SqlType.String, "n"), (SqlType.Int, null), (SqlType.String, "k"), (SqlType.Int, "2")));
        Assert.Equal("{}", KernelRun.Call(JsonConstructors.Object(new bool[1], false), SqlType.String, (SqlType.String, "k"), (SqlType.Int, null)));
        Assert.StartsWith("error: JSON_OBJECT: a key is NULL", KernelRun.Call(JsonConstructors.Object(new bool[1]), SqlType.String, (SqlType.String, null), (SqlType.Int, "1")));
        Assert.Equal("""{"K":{"a":1,"key":{"value":42}}}""", KernelRun.Call(JsonConstructors.Object([true]), SqlType.String, (SqlType.String, "K"), (SqlType.String, """{"key": {"value": 42}, "a":1}""")));
    }

    [Fact]
    public void JSON_ARRAY_leaves_out_nulls_unless_told()
    {
        Assert.Equal("[]", KernelRun.Call(JsonConstructors.Array(new bool[1]), SqlType.String, (SqlType.String, null)));
        Assert.Equal("[null,1]", KernelRun.Call(JsonConstructors.Array(new bool[2], true), SqlType.String, (SqlType.String, null), (SqlType.Int, "1")));
        Assert.Equal("""[{"key":"value"},[1,2,3],"{}"]""", KernelRun.Call(JsonConstructors.Array([true, false, false]), SqlType.String, (SqlType.String, """{"key":"value"}"""), (SqlType.Variant, "[1, 2,3]"), (SqlType.String, "{}")));
    }

    [Fact]
    public void JSON_STRING_and_JSON_write_values()
    {
        Assert.Equal("\"V\"", KernelRun.Call(JsonConstructors.String, SqlType.String, (SqlType.String, "V")));
        Assert.Equal("NULL", KernelRun.Call(JsonConstructors.String, SqlType.String, (SqlType.String, null)));
        Assert.Equal("""{"a":1,"b":[2,3]}""", KernelRun.Call(JsonConstructors.String, SqlType.String, (SqlType.Variant, """{"b":[2, 3],"a":1}""")));
        Assert.Equal("null", KernelRun.Call(JsonConstructors.Json, SqlType.String, (SqlType.String, "   ")));
        Assert.Equal("error: JSON: the text is not JSON.", KernelRun.Call(JsonConstructors.Json, SqlType.String, (SqlType.String, "{")));
    }

    [Fact]
    public void PARSE_JSON_checks_and_TRY_PARSE_JSON_gives_null()
    {
        Assert.Equal("""{"a": 1}""", KernelRun.Call(JsonConstructors.Parse(false), SqlType.Variant, (SqlType.String, """ {"a": 1} """)));
        Assert.StartsWith("error: PARSE_JSON: The document ends too early.", KernelRun.Call(JsonConstructors.Parse(false), SqlType.Variant, (SqlType.String, "[1")));
        Assert.Equal("NULL", KernelRun.Call(JsonConstructors.Parse(true), SqlType.Variant, (SqlType.String, "[1")));
        Assert.Equal("NULL", KernelRun.Call(JsonConstructors.Parse(false), SqlType.Variant, (SqlType.String, "null")));
        Assert.Equal("NULL", KernelRun.Call(JsonConstructors.Parse(true), SqlType.Variant, (SqlType.String, """{"a":1,"a":2}""")));
        Assert.Equal("""{"a":1,"a":2}""", KernelRun.Call(JsonConstructors.Parse(true), SqlType.Variant, (SqlType.String, """{"a":1,"a":2}"""), (SqlType.Boolean, "true")));
    }

    [Theory]
    [InlineData("V", "\"V\"")]
    [InlineData("\"null\"", "\"\\\"null\\\"\"")]
    [InlineData("\ttab /", "\"\\ttab \\/\"")]
    [InlineData("≠", "\"\\u2260\"")]
    public void JSON_QUOTE_escapes(string text, string expected) =>
        Assert.Equal(expected, KernelRun.Call(JsonConstructors.Quote, SqlType.String, (SqlType.String, text)));

    [Theory]
    [InlineData("\"abc\"", "abc")]
    [InlineData("\"[\\\"\\u0041\\\"]\"", "[\"A\"]")]
    [InlineData("\"\"\"", "\"")]
    [InlineData("\"\"", "")]
    [InlineData("[1,2,3]", "[1,2,3]")]
    [InlineData("\"[1, 2, 3}", "\"[1, 2, 3}")]
    [InlineData("\"invalid \\u23\"", "\"invalid \\u23\"")]
    public void JSON_UNQUOTE_reads_escapes_and_passes_on_what_is_no_string(string text, string expected) =>
        Assert.Equal(expected, KernelRun.Call(JsonConstructors.Unquote, SqlType.String, (SqlType.String, text)));
}
