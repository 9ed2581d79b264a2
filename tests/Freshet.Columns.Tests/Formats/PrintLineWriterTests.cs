using System.Text;
using Freshet.Columns.Formats;
using Freshet.Columns.Json;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;
using Freshet.Tests;

namespace Freshet.Columns.Tests.Formats;

public class PrintLineWriterTests
{
    [Fact]
    public void Rows_are_printed_as_Flink_prints_them()
    {
        (SqlType Type, string First, string Second)[] cells =
        [
            (SqlType.String, "x", ""), (SqlType.Int, "1", "-1"), (SqlType.Double, "1e8", "1.5"), (SqlType.Timestamp(3), "2024-01-02 03:04:00", "2024-01-02 03:04:05.120"),
            (SqlType.TimestampLtz(3), "2024-01-02 03:04:00", "2024-01-02 03:04:05.1"), (SqlType.Date, "2024-01-02", "1969-12-31"), (SqlType.Time(), "03:04:00", "03:04:05"),
            (SqlType.Decimal(10, 2), "1.5", "0"), (SqlType.Boolean, "true", "false"), (SqlType.Array(SqlType.Int), "[1,2]", "[null]"),
            (SqlType.Row([new("x", SqlType.Int), new("y", SqlType.String)]), """{"x":1,"y":"q"}""", """{"x":null,"y":"a\"b"}"""),
            (SqlType.Map(SqlType.String, SqlType.Timestamp(3)), """{"k":"2024-01-02T03:04"}""", "{}"), (SqlType.Bytes, "\u0001\u0002", "é"),
        ];
        var memory = BatchMemory.Create();
        var schema = Schema.Of([.. cells.Select((c, i) => ($"c{i}", c.Type))]);
        var columns = cells.Select(c => TextColumn.Of(c.Type, memory, c.First, c.Second, null)).ToArray();
        using var writer = new PrintLineWriter(schema, "p");
        var buffer = new Utf8Buffer();
        writer.WriteRow(columns, 0, buffer);
        writer.WriteRow(PrintKind.UpdateBefore, columns, 1, buffer);
        writer.WriteRow(PrintKind.Delete, columns, 2, buffer);
        Assert.Equal(
            """
            p> +I[x, 1, 1.0E8, 2024-01-02T03:04, 2024-01-02T03:04:00Z, 2024-01-02, 03:04, 1.50, true, [1, 2], +I[1, q], {k=2024-01-02T03:04}, [1, 2]]
            p> -U[, -1, 1.5, 2024-01-02T03:04:05.120, 2024-01-02T03:04:05.100Z, 1969-12-31, 03:04:05, 0.00, false, [null], +I[null, a"b], {}, [-61, -87]]
            p> -D[null, null, null, null, null, null, null, null, null, null, null, null, null]

            """,
            Encoding.UTF8.GetString(buffer.Written));
        memory.Release();
    }

    [Fact]
    public void Times_inside_composite_values_follow_the_format_of_a_json_line()
    {
        var memory = BatchMemory.Create();
        var type = SqlType.Row([new("t", SqlType.Timestamp(3)), new("n", SqlType.Int)]);
        Column[] columns = [TextColumn.Of(type, memory, """{"t":"2024-01-02T03:04:00","n":1}""")];
        foreach (var (format, expected) in new[] { (JsonTimeFormat.Sql, "2024-01-02 03:04:00"), (JsonTimeFormat.Iso8601, "2024-01-02T03:04:00") })
        {
            var buffer = new Utf8Buffer();
            new JsonLineWriter(Schema.Of(("r", type)), format).WriteRow(columns, 0, buffer);
            Assert.Equal("{\"r\":{\"t\":\"" + expected + "\",\"n\":1}}\n", Encoding.UTF8.GetString(buffer.Written));
        }

        memory.Release();
    }
}
