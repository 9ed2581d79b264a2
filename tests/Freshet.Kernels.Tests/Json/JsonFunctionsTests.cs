using Freshet.Columns;
using Freshet.Columns.Json;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;
using Freshet.Kernels.Expressions;
using Freshet.Kernels.Json;
using Freshet.Tests;

namespace Freshet.Kernels.Tests.Json;

public class JsonFunctionsTests
{
    private const string Account = """
        {"type":"account","age":42,"activated":true,"address":{"city":"Munich"},"roles":["user","viewer"],"longBalance":123456789.987654321,"contains blank":"right","nothing":null,"quote":"a\"b"}
        """;

    [Theory]
    [InlineData("$.type", "account")]
    [InlineData("$.longBalance", "123456789.987654321")]
    [InlineData("lax $['contains blank']", "right")]
    [InlineData("$.roles[1]", "viewer")]
    [InlineData("$.roles[-1]", "viewer")]
    [InlineData("$.address.city", "Munich")]
    [InlineData("$.activated", "true")]
    [InlineData("$.quote", "a\"b")]
    [InlineData("$.missing", "NULL")]
    [InlineData("$.nothing", "NULL")]
    [InlineData("$.address", "NULL")]
    [InlineData("strict $.missing", "NULL")]
    public void JSON_VALUE_returns_scalars(string path, string expected) =>
        Assert.Equal(expected, KernelRun.Call(JsonFunctions.Value(Parse(path)), SqlType.String, (SqlType.String, Account)));

    [Fact]
    public void JSON_VALUE_returns_a_type()
    {
        Assert.Equal("42", KernelRun.Call(JsonFunctions.Value(Parse("$.age")), SqlType.Int, (SqlType.Variant, Account)));
        Assert.Equal("1.2345678998765433E8", KernelRun.Call(JsonFunctions.Value(Parse("$.longBalance")), SqlType.Double, (SqlType.String, Account)));
        Assert.Equal("NULL", KernelRun.Call(JsonFunctions.Value(Parse("$.type")), SqlType.Int, (SqlType.String, Account)));
    }

    [Fact]
    public void JSON_VALUE_behaves_as_told_on_empty_and_on_error()
    {
        Assert.Equal("7", KernelRun.Call(JsonFunctions.Value(Parse("lax $.x"), JsonBehavior.Default), SqlType.Int, (SqlType.String, Account), (SqlType.Int, "7")));
        Assert.Equal("8", KernelRun.Call(JsonFunctions.Value(Parse("strict $.x"), JsonBehavior.Default, JsonBehavior.Default), SqlType.Int, (SqlType.String, Account), (SqlType.Int, "7"), (SqlType.Int, "8")));
        Assert.Equal("8", KernelRun.Call(JsonFunctions.Value(Parse("$.type"), JsonBehavior.Null, JsonBehavior.Default), SqlType.Int, (SqlType.String, Account), (SqlType.Int, "8")));
        Assert.Equal("error: JSON_VALUE finds nothing at lax $.x.", KernelRun.Call(JsonFunctions.Value(Parse("lax $.x"), JsonBehavior.Error), SqlType.Int, (SqlType.String, Account)));
        Assert.StartsWith("error: JSON_VALUE at lax $.x: the path does not fit", KernelRun.Call(JsonFunctions.Value(Parse("lax $.x"), JsonBehavior.Null, JsonBehavior.Error), SqlType.Int, (SqlType.String, "{no")));
        Assert.Equal("NULL", KernelRun.Call(JsonFunctions.Value(Parse("strict $.x"), JsonBehavior.Error), SqlType.String, (SqlType.String, Account)));
        Assert.Equal("8", KernelRun.Call(JsonFunctions.Value(Parse("$.nothing"), JsonBehavior.Error, JsonBehavior.Default), SqlType.Int, (SqlType.String, Account), (SqlType.Int, "8")));
        Assert.Equal("7", KernelRun.Call(JsonFunctions.Value(Parse("lax $.nothing"), JsonBehavior.Default, JsonBehavior.Error), SqlType.Int, (SqlType.String, Account), (SqlType.Int, "7")));
        Assert.Equal("8", KernelRun.Call(JsonFunctions.Value(Parse("$.roles[*]"), JsonBehavior.Null, JsonBehavior.Default), SqlType.Int, (SqlType.String, Account), (SqlType.Int, "8")));
        Assert.Equal("NULL", KernelRun.Call(JsonFunctions.Value(Parse("$")), SqlType.String, (SqlType.String, null)));
    }

    [Theory]
    [InlineData("$.b", JsonWrapper.Conditional, "[1,2]")]
    [InlineData("$.b", JsonWrapper.Unconditional, "[[1,2]]")]
    [InlineData("$.o", JsonWrapper.Conditional, "[{\"x\":2,\"y\":1}]")]
    [InlineData("$.o", JsonWrapper.Without, "{\"x\":2,\"y\":1}")]
    [InlineData("$.a", JsonWrapper.Without, "NULL")]
    [InlineData("$.a", JsonWrapper.Conditional, "[\"s\"]")]
    [InlineData("$.o.*", JsonWrapper.Without, "[1,2]")]
    [InlineData("$.r[*].c", JsonWrapper.Without, "[null,\"c2\"]")]
    [InlineData("$.missing", JsonWrapper.Without, "NULL")]
    [InlineData("$.n", JsonWrapper.Without, "NULL")]
    public void JSON_QUERY_returns_containers(string path, JsonWrapper wrapper, string expected) => Assert.Equal(
        expected,
        KernelRun.Call(JsonFunctions.Query(Parse(path), wrapper), SqlType.String, (SqlType.String, """{ "a": "s", "b": [1, 2], "o":{"y":1, "x":2}, "r":[{"c":null},{"c":"c2"}], "n":null}""")));

    [Fact]
    public void JSON_QUERY_behaves_as_told_and_returns_arrays()
    {
        Assert.Equal("[]", KernelRun.Call(JsonFunctions.Query(Parse("lax $.x"), JsonWrapper.Without, JsonBehavior.EmptyArray), SqlType.String, (SqlType.String, "{}")));
        Assert.Equal("{}", KernelRun.Call(JsonFunctions.Query(Parse("strict $.x"), JsonWrapper.Without, JsonBehavior.Null, JsonBehavior.EmptyObject), SqlType.String, (SqlType.String, "{}")));
        Assert.StartsWith("error: JSON_QUERY at $.x: the value is a scalar", KernelRun.Call(JsonFunctions.Query(Parse("$.x"), JsonWrapper.Without, JsonBehavior.Null, JsonBehavior.Error), SqlType.String, (SqlType.String, "{\"x\":1}")));
        Assert.Equal("{}", KernelRun.Call(JsonFunctions.Query(Parse("$.n"), JsonWrapper.Without, JsonBehavior.Null, JsonBehavior.EmptyObject), SqlType.String, (SqlType.String, "{\"n\":null}")));
        Assert.Equal("[1,2]", KernelRun.Call(JsonFunctions.Query(Parse("$..b")), SqlType.String, (SqlType.String, """{"a":[{"b":1},{"b":2}]}""")));
        Assert.Equal("""["1","2"]""", KernelRun.Call(JsonFunctions.Query(Parse("$.b")), SqlType.Array(SqlType.String), (SqlType.String, """{"b":[1, 2]}""")));
        Assert.Equal("""["[1,2]"]""", KernelRun.Call(JsonFunctions.Query(Parse("$.a"), JsonWrapper.Conditional), SqlType.Array(SqlType.String), (SqlType.String, """{"a":"[1,2]"}""")));
    }

    [Fact]
    public void JSON_EXISTS_says_whether_a_path_finds_something()
    {
        Assert.Equal("true", KernelRun.Call(JsonFunctions.Exists(Parse("lax $.address.city")), SqlType.Boolean, (SqlType.String, Account)));
        Assert.Equal("false", KernelRun.Call(JsonFunctions.Exists(Parse("lax $.roles[3]")), SqlType.Boolean, (SqlType.String, Account)));
        Assert.Equal("false", KernelRun.Call(JsonFunctions.Exists(Parse("strict $.invalid")), SqlType.Boolean, (SqlType.String, Account)));
        Assert.Equal("true", KernelRun.Call(JsonFunctions.Exists(Parse("strict $.invalid"), JsonBehavior.True), SqlType.Boolean, (SqlType.String, Account)));
        Assert.Equal("NULL", KernelRun.Call(JsonFunctions.Exists(Parse("strict $.invalid"), JsonBehavior.Null), SqlType.Boolean, (SqlType.String, Account)));
        Assert.StartsWith("error: JSON_EXISTS", KernelRun.Call(JsonFunctions.Exists(Parse("strict $.invalid"), JsonBehavior.Error), SqlType.Boolean, (SqlType.String, Account)));
        Assert.Equal("NULL", KernelRun.Call(JsonFunctions.Exists(Parse("lax $")), SqlType.Boolean, (SqlType.String, null)));
    }

    [Theory]
    [InlineData("\"a\"", JsonShapeKind.Value, "true")]
    [InlineData("\"a\"", JsonShapeKind.Scalar, "true")]
    [InlineData("\"a\"", JsonShapeKind.Object, "false")]
    [InlineData("{}", JsonShapeKind.Object, "true")]
    [InlineData("{}", JsonShapeKind.Array, "false")]
    [InlineData("[1]", JsonShapeKind.Array, "true")]
    [InlineData("a", JsonShapeKind.Value, "false")]
    [InlineData("", JsonShapeKind.Value, "false")]
    [InlineData(null, JsonShapeKind.Value, "NULL")]
    public void IS_JSON_judges_a_text(string? text, JsonShapeKind kind, string expected) =>
        Assert.Equal(expected, KernelRun.Call(JsonFunctions.IsJson(kind), SqlType.Boolean, (SqlType.String, text)));

    [Theory]
    [InlineData("$", "$")]
    [InlineData("a.b..c", "$.a.b..c")]
    [InlineData(" strict  $.a . b[0]['c d'][\"e\"].* [*]", "$.a.b[0]['c d'].e[*][*]")]
    [InlineData("lax $.\"x y\"", "lax $['x y']")]
    public void Paths_are_read_and_shown(string text, string shown) => Assert.Equal(shown, Parse(text).ToString());

    [Theory]
    [InlineData("", "begins with $")]
    [InlineData("1a", "begins with $")]
    [InlineData("$.", "key is expected")]
    [InlineData("$[", "index, a quoted key")]
    [InlineData("$[1", "] is expected")]
    [InlineData("$['a", "does not end")]
    [InlineData("$.a ? (@ > 1)", "not supported")]
    [InlineData("$.a.size()", "not supported")]
    public void Wrong_paths_are_refused_with_a_sentence(string text, string reason)
    {
        Assert.False(JsonPath.TryParse(text, out _, out var error));
        Assert.Contains(reason, error, StringComparison.Ordinal);
    }

    [Fact]
    public unsafe void Kernels_allocate_nothing_by_the_row()
    {
        const int rows = 1000;
        var owner = BatchMemory.Create();
        var documents = TextColumn.Of(SqlType.String, owner, [.. Enumerable.Range(0, rows).Select(i => i % 10 == 0 ? Account[..50] : Account)]);
        var variants = TextColumn.Of(SqlType.Variant, owner, [.. Enumerable.Range(0, rows).Select(_ => Account)]);
        var names = TextColumn.Of(SqlType.String, owner, [.. Enumerable.Range(0, rows).Select(_ => "a/b \" é of some length")]);
        var batch = new Batch(owner, [documents], rows);
        var context = new EvaluationContext();
        (ScalarKernel Kernel, CallTypes Types, Column[] Arguments)[] calls =
        [
            (JsonFunctions.Value(Parse("$.age")), new CallTypes([SqlType.String], SqlType.Int), [documents]),
            (JsonFunctions.Value(Parse("$.type")), new CallTypes([SqlType.String], SqlType.Int), [documents]),
            (JsonFunctions.Query(Parse("$.address"), JsonWrapper.Conditional), new CallTypes([SqlType.String], SqlType.String), [documents]),
            (JsonFunctions.Query(Parse("$.type")), new CallTypes([SqlType.String], SqlType.String), [documents]),
            (JsonFunctions.Exists(Parse("$.roles[1]")), new CallTypes([SqlType.String], SqlType.Boolean), [documents]),
            (VariantKernels.At(Parse("$.quote")), new CallTypes([SqlType.Variant], SqlType.Variant), [variants]),
            (VariantKernels.Cast(true), new CallTypes([SqlType.Variant], SqlType.Map(SqlType.String, SqlType.Int)), [variants]),
            (VariantKernels.From, new CallTypes([SqlType.String], SqlType.Variant), [names]),
            (JsonConstructors.Object(new bool[2]), new CallTypes([SqlType.String, SqlType.Variant, SqlType.String, SqlType.String], SqlType.String), [names, variants, names, names]),
            (JsonConstructors.Quote, new CallTypes([SqlType.String], SqlType.String), [names]),
            (JsonConstructors.Parse(true), new CallTypes([SqlType.String], SqlType.Variant), [documents]),
            (CollectionKernels.Cardinality, new CallTypes([SqlType.Array(SqlType.Int)], SqlType.Int), [variants]),
        ];
        var least = long.MaxValue;
        for (var round = 0; round < 8; round++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            foreach (var (kernel, types, arguments) in calls)
            {
                var memory = BatchMemory.Create();
                context.Begin(batch, memory);
                kernel(context, arguments, types);
                Assert.Empty(context.Errors);
                memory.Release();
            }

            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        // What is left goes by the block of memory that is given back, and by what other threads have taken out of the pools; it is far below a byte a row and call.
        Assert.InRange(least, 0, calls.Length * rows);
        batch.Release();
    }

    private static JsonPath Parse(string path)
    {
        Assert.True(JsonPath.TryParse(path, out var parsed, out var error), error);
        return parsed;
    }
}
