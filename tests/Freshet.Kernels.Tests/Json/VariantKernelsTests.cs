using Freshet.Columns;
using Freshet.Columns.Json;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;
using Freshet.Kernels.Json;
using Freshet.Tests;

namespace Freshet.Kernels.Tests.Json;

public unsafe class VariantKernelsTests
{
    private const string Order = """{"price":"12.50","items":[{"sku":"a","n":2},{"sku":"b"}],"gone":null,"at":"2024-01-02T03:04:05.678Z"}""";

    [Fact]
    public void Parts_are_reached_by_key_index_and_path()
    {
        Assert.Equal("\"12.50\"", KernelRun.Call(VariantKernels.Member, SqlType.Variant, (SqlType.Variant, Order), (SqlType.String, "price")));
        Assert.Equal("NULL", KernelRun.Call(VariantKernels.Member, SqlType.Variant, (SqlType.Variant, Order), (SqlType.String, "gone")));
        Assert.Equal("NULL", KernelRun.Call(VariantKernels.Member, SqlType.Variant, (SqlType.Variant, "[1]"), (SqlType.String, "price")));
        Assert.Equal("1", KernelRun.Call(VariantKernels.Element, SqlType.Variant, (SqlType.Variant, "[1,2]"), (SqlType.Int, "1")));
        Assert.Equal("NULL", KernelRun.Call(VariantKernels.Element, SqlType.Variant, (SqlType.Variant, "[1,2]"), (SqlType.Int, "3")));
        Assert.Equal("NULL", KernelRun.Call(VariantKernels.Element, SqlType.Variant, (SqlType.Variant, "[1,2]"), (SqlType.Int, "0")));
        Assert.True(JsonPath.TryParse("$.items[1].sku", out var path, out _));
        Assert.Equal("\"b\"", KernelRun.Call(VariantKernels.At(path), SqlType.Variant, (SqlType.Variant, Order)));
    }

    [Fact]
    public void Scalars_are_cast_and_what_cannot_be_is_an_error_or_null()
    {
        Assert.Equal("12.50", KernelRun.Call(VariantKernels.Cast(false), SqlType.Decimal(10, 2), (SqlType.Variant, "\"12.5\"")));
        Assert.Equal("12.5", KernelRun.Call(VariantKernels.Cast(false), SqlType.String, (SqlType.Variant, "12.5")));
        Assert.Equal("text", KernelRun.Call(VariantKernels.Cast(false), SqlType.String, (SqlType.Variant, "\"text\"")));
        Assert.Equal("te", KernelRun.Call(VariantKernels.Cast(false), SqlType.VarChar(2), (SqlType.Variant, "\"text\"")));
        Assert.Equal("été  ", KernelRun.Call(VariantKernels.Cast(false), SqlType.Char(5), (SqlType.Variant, "\"été\"")));
        Assert.Equal("2024-01-02 03:04:05.678", KernelRun.Call(VariantKernels.Cast(false), SqlType.Timestamp(3), (SqlType.Variant, "\"2024-01-02T03:04:05.6789Z\"")));
        Assert.Equal("NULL", KernelRun.Call(VariantKernels.Cast(true), SqlType.Int, (SqlType.Variant, "\"x\"")));
        Assert.Equal("NULL", KernelRun.Call(VariantKernels.Cast(false), SqlType.Int, (SqlType.Variant, "null")));
        Assert.Equal(
            "error: CAST of a VARIANT: The value cannot be read as INT. TRY_CAST gives NULL instead.",
            KernelRun.Call(VariantKernels.Cast(false), SqlType.Int, (SqlType.Variant, "\"x\"")));
        Assert.Equal("17014118346046923173168730371588410.727", KernelRun.Call(VariantKernels.Cast(false), SqlType.Decimal(38, 3), (SqlType.Variant, "17014118346046923173168730371588410.7271")));
    }

    [Fact]
    public void Arrays_of_rows_are_cast_element_by_element()
    {
        var items = SqlType.Array(SqlType.Row([new("sku", SqlType.String), new("n", SqlType.Int)]));
        Assert.Equal("""[{"sku":"a","n":2},{"sku":"7","n":null}]""", KernelRun.Call(VariantKernels.Cast(false), items, (SqlType.Variant, """[{"n":"2","sku":"a","x":1}, {"sku":7}]""")));
        Assert.StartsWith("error: CAST of a VARIANT", KernelRun.Call(VariantKernels.Cast(false), items, (SqlType.Variant, """[{"n":"two"}]""")));
        Assert.Equal("""{"a":1,"b":null}""", KernelRun.Call(VariantKernels.Cast(false), SqlType.Map(SqlType.String, SqlType.Int), (SqlType.Variant, """{"a": 1.5, "b":null}""")));
    }

    [Fact]
    public void Typed_values_become_variants()
    {
        Assert.Equal("\"a\\\"b\"", KernelRun.Call(VariantKernels.From, SqlType.Variant, (SqlType.String, "a\"b")));
        Assert.Equal("1.50", KernelRun.Call(VariantKernels.From, SqlType.Variant, (SqlType.Decimal(5, 2), "1.5")));
        Assert.Equal("NULL", KernelRun.Call(VariantKernels.From, SqlType.Variant, (SqlType.Int, null)));
    }

    [Fact]
    public void Collections_are_made_and_taken_apart()
    {
        var array = SqlType.Array(SqlType.Int);
        Assert.Equal("[1,null]", KernelRun.Call(CollectionKernels.ArrayOf, array, (SqlType.Int, "1"), (SqlType.Int, null)));
        Assert.Equal("20", KernelRun.Call(CollectionKernels.Element, SqlType.Int, (array, "[10,20]"), (SqlType.Int, "2")));
        Assert.Equal("NULL", KernelRun.Call(CollectionKernels.Element, SqlType.Int, (array, "[10,20]"), (SqlType.Int, "3")));
        Assert.Equal("NULL", KernelRun.Call(CollectionKernels.Element, SqlType.Int, (array, "[10,20]"), (SqlType.Int, "0")));
        Assert.Equal("2", KernelRun.Call(CollectionKernels.Cardinality, SqlType.Int, (array, "[10,20]")));
        var map = SqlType.Map(SqlType.Int, SqlType.String);
        Assert.Equal("""{"1":"b","2":"c"}""", KernelRun.Call(CollectionKernels.MapOf, map, (SqlType.Int, "1"), (SqlType.String, "a"), (SqlType.Int, "2"), (SqlType.String, "c"), (SqlType.Int, "1"), (SqlType.String, "b")));
        Assert.Equal("b", KernelRun.Call(CollectionKernels.MapValue, SqlType.String, (map, """{"1":"b","2":"c"}"""), (SqlType.Int, "1")));
        var row = SqlType.Row([new("x", SqlType.Int), new("when", SqlType.Date)]);
        Assert.Equal("""{"x":1,"when":"2024-01-02"}""", KernelRun.Call(CollectionKernels.RowOf, row, (SqlType.Int, "1"), (SqlType.Date, "2024-01-02")));
        Assert.Equal("2024-01-02", KernelRun.Call(CollectionKernels.Field("when"), SqlType.Date, (row, """{"x":1,"when":"2024-01-02"}""")));
    }

    [Fact]
    public void Unnesting_fills_one_row_for_each_element_and_resumes()
    {
        var items = SqlType.Array(SqlType.Row([new("sku", SqlType.String), new("n", SqlType.Int)]));
        string?[] inputs = ["""[{"sku":"a","n":1},{"sku":"b","n":null}]""", null, "[]", """[null,{"sku":"a sku of more than twelve bytes","n":3}]"""];
        string[] expected = ["0:a,1,1", "0:b,NULL,2", "3:a sku of more than twelve bytes,3,2"];
        for (var capacity = 1; capacity < 6; capacity++)
            Assert.Equal(expected, Unnest(items, capacity, true, null, inputs));
        Assert.Equal(["3:a sku of more than twelve bytes,3,2"], Unnest(items, 4, true, [1, 3], inputs));
        Assert.Equal(["0:1", "0:[2]", "2:\"x\""], Unnest(SqlType.Variant, 2, false, null, "[1,[2]]", "{}", "[\"x\"]"));
        Assert.Equal(["0:a,1", "0:b,NULL"], Unnest(SqlType.Map(SqlType.String, SqlType.Int), 9, false, null, """{"a":1,"b":null}"""));
    }

    private static string[] Unnest(SqlType type, int capacity, bool withOrdinality, int[]? selection, params string?[] values)
    {
        var memory = BatchMemory.Create();
        using var explosion = new CollectionExplosion(type, withOrdinality);
        var input = TextColumn.Of(type, memory, values);
        var selected = memory.Allocate<int>(8);
        selection?.CopyTo(new Span<int>(selected, 8));
        explosion.Begin(input, selection is null ? null : selected, selection?.Length ?? values.Length);
        var rowIndexes = memory.Allocate<int>(capacity);
        var columns = new Column[explosion.Columns.Length];
        var rows = new List<string>();
        int made;
        while ((made = explosion.Next(capacity, memory, columns, rowIndexes)) > 0)
        {
            Assert.InRange(made, 1, capacity);
            for (var r = 0; r < made; r++)
                rows.Add(rowIndexes[r] + ":" + string.Join(',', columns.Select((c, i) => TextColumn.TextOf(explosion.Columns[i].Type, c, r))));
        }

        memory.Release();
        return [.. rows];
    }
}
