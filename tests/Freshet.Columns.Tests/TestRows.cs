using System.Globalization;
using System.Text;
using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;

namespace Freshet.Tests;

/// <summary>Batches from plain values and back, for tests. A row is its values and a weight; its text is <c>1|abc|NULL x+1</c>.</summary>
internal static unsafe class TestRows
{
    /// <summary>A batch of rows of weight +1.</summary>
    public static Batch Of(PhysicalKind[] kinds, params object?[][] rows) =>
        Weighted(kinds, [.. rows.Select(r => (r, 1L))]);

    /// <summary>A batch of weighted rows; without weights when all are +1.</summary>
    public static Batch Weighted(PhysicalKind[] kinds, params (object?[] Values, long Weight)[] rows)
    {
        var memory = BatchMemory.Create();
        var columns = new Column[kinds.Length];
        for (var c = 0; c < kinds.Length; c++)
        {
            columns[c] = Column.Allocate(kinds[c], rows.Length, memory);
            for (var r = 0; r < rows.Length; r++) Set(ref columns[c], r, rows[r].Values[c], rows.Length, memory);
        }

        var batch = new Batch(memory, columns, rows.Length);
        if (rows.Any(r => r.Weight != 1))
        {
            batch.Weights = memory.Allocate<long>(rows.Length);
            for (var r = 0; r < rows.Length; r++) batch.Weights[r] = rows[r].Weight;
        }

        return batch;
    }

    /// <summary>The rows that count, in order.</summary>
    public static List<(object?[] Values, long Weight)> Read(Batch batch)
    {
        var rows = new List<(object?[], long)>();
        for (var i = 0; i < batch.Count; i++)
        {
            var row = batch.RowAt(i);
            rows.Add(([.. batch.Columns.Select(c => Get(c, row))], batch.WeightOf(row)));
        }

        return rows;
    }

    /// <summary>The rows that count as text, in order; does not release the batch.</summary>
    public static List<string> Text(Batch batch) => [.. Read(batch).Select(r => Text(r.Values, r.Weight))];

    public static string Text(object?[] values, long weight) =>
        string.Join("|", values.Select(Text)) + (weight >= 0 ? " x+" : " x") + weight.ToString(CultureInfo.InvariantCulture);

    public static string Text(object? value) => value switch
    {
        null => "NULL",
        double d => d.ToString("R", CultureInfo.InvariantCulture),
        float f => f.ToString("R", CultureInfo.InvariantCulture),
        IFormattable f => f.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString()!,
    };

    public static object? Get(in Column column, int row)
    {
        if (column.IsNull(row)) return null;
        row = column.IndexOf(row);
        return column.Kind switch
        {
            PhysicalKind.Bool => column.As<byte>()[row] != 0,
            PhysicalKind.Int8 => column.As<sbyte>()[row],
            PhysicalKind.Int16 => column.As<short>()[row],
            PhysicalKind.Int32 => column.As<int>()[row],
            PhysicalKind.Int64 => column.As<long>()[row],
            PhysicalKind.Int128 => column.As<Int128>()[row],
            PhysicalKind.Float32 => column.As<float>()[row],
            PhysicalKind.Float64 => column.As<double>()[row],
            _ => Encoding.UTF8.GetString(StringView.Span(column.As<StringView>() + row)),
        };
    }

    private static void Set(ref Column column, int row, object? value, int rows, BatchMemory memory)
    {
        if (value is null)
        {
            column.EnsureValidity(rows, memory);
            new Span<byte>((byte*)column.Values + row * column.Kind.WidthBytes(), column.Kind.WidthBytes()).Clear();
            column.SetNull(row);
            return;
        }

        switch (column.Kind)
        {
            case PhysicalKind.Bool: column.As<bool>()[row] = (bool)value; break;
            case PhysicalKind.Int8: column.As<sbyte>()[row] = Convert.ToSByte(value, CultureInfo.InvariantCulture); break;
            case PhysicalKind.Int16: column.As<short>()[row] = Convert.ToInt16(value, CultureInfo.InvariantCulture); break;
            case PhysicalKind.Int32: column.As<int>()[row] = Convert.ToInt32(value, CultureInfo.InvariantCulture); break;
            case PhysicalKind.Int64: column.As<long>()[row] = Convert.ToInt64(value, CultureInfo.InvariantCulture); break;
            case PhysicalKind.Int128: column.As<Int128>()[row] = value is Int128 wide ? wide : Convert.ToInt64(value, CultureInfo.InvariantCulture); break;
            case PhysicalKind.Float32: column.As<float>()[row] = Convert.ToSingle(value, CultureInfo.InvariantCulture); break;
            case PhysicalKind.Float64: column.As<double>()[row] = Convert.ToDouble(value, CultureInfo.InvariantCulture); break;
            default: column.As<StringView>()[row] = StringView.Copy(Encoding.UTF8.GetBytes((string)value), memory); break;
        }
    }
}
