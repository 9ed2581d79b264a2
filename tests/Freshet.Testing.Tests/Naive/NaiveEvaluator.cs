using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Freshet.Columns;
using Freshet.Columns.Formats;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;
using Freshet.Kernels.Expressions;
using Freshet.Plan;

namespace Freshet.Testing.Tests.Naive;

/// <summary>A row: for each column the bytes of its value, or null. Equal rows have equal keys.</summary>
internal sealed class NaiveRow(byte[]?[] values)
{
    public byte[]?[] Values { get; } = values;

    public string Key { get; } = string.Join(',', values.Select(v => v is null ? "-" : Convert.ToHexString(v)));
}

/// <summary>
/// What a plan's rows are, computed the slow obvious way: every node from the whole multisets of its inputs, row by row, no state,
/// no time. Expressions are computed by the engine's kernels, one row at a time: what is checked here are the operators.
/// Windows and watermarks are left out, because they depend on the order of the input.
/// </summary>
internal sealed unsafe class NaiveEvaluator(Func<Scan, IEnumerable<(NaiveRow Row, long Weight)>> tables)
{
    public static bool Knows(PlanNode plan) =>
        plan is Scan { Table.Computed.IsEmpty: true } or Values or Expand or Upserts or Filter or Project or Aggregate or Join or SemiJoin or SetOperation or Union or TopN or Over { Emission: not OverEmission.AtWatermark }
        && !BoundCurrentWatermark.IsIn(plan) && NaiveAggregates.Knows(plan) && plan.Inputs.All(Knows);

    public Dictionary<string, (NaiveRow Row, long Weight)> Evaluate(PlanNode plan)
    {
        var rows = new Dictionary<string, (NaiveRow Row, long Weight)>();
        foreach (var (row, weight) in Rows(plan))
        {
            var sum = rows.GetValueOrDefault(row.Key).Weight + weight;
            if (sum == 0) rows.Remove(row.Key);
            else rows[row.Key] = (row, sum);
        }

        return rows;
    }

    private IEnumerable<(NaiveRow Row, long Weight)> Rows(PlanNode plan) => plan switch
    {
        Scan scan => tables(scan).Select(r => (Compute([.. scan.Columns.Select(c => Part(scan, c))], scan.Table.Schema, r.Row)!, r.Weight)),
        Values values => values.Rows.Select(r => (Compute(r, new Schema([]), new NaiveRow([]))!, 1L)),
        Upserts upserts => NaiveUpserts.LastRows(upserts, Rows(upserts.Inputs[0])),
        Filter filter => Evaluate(filter.Inputs[0]).Values.Where(r => IsTrue(filter.Condition, filter.Schema, r.Row)),
        Project project => Evaluate(project.Inputs[0]).Values
            .Select(r => (Row: Compute(project.Expressions, project.Inputs[0].Schema, r.Row), r.Weight)).Where(r => r.Row is not null).Select(r => (r.Row!, r.Weight)),
        Union union => union.Inputs.SelectMany(i => Evaluate(i).Values),
        Expand expand => Evaluate(expand.Inputs[0]).Values.SelectMany(r => expand.Sets.Select((s, n) => (new NaiveRow([.. r.Row.Values.Select((v, c) => s.Contains(c) ? null : v), BitConverter.GetBytes(n)]), r.Weight))),
        Aggregate aggregate => Groups(aggregate),
        Join join => NaiveJoins.Pairs(join, [.. Evaluate(join.Inputs[0]).Values], [.. Evaluate(join.Inputs[1]).Values]),
        SetOperation set => NaiveSets.Rows(set, Evaluate(set.Inputs[0]), Evaluate(set.Inputs[1])),
        SemiJoin semi => NaiveJoins.Matched(semi, [.. Evaluate(semi.Inputs[0]).Values], [.. Evaluate(semi.Inputs[1]).Values]),
        Over over => NaiveOvers.Rows(over, Evaluate(over.Inputs[0]).Values),
        TopN top => NaiveRanks.Top(top, Evaluate(top.Inputs[0]).Values),
        _ => throw new InvalidOperationException(plan.Describe()),
    };

    private static BoundExpression Part(Scan scan, ScanColumn column)
    {
        var whole = new BoundColumn(column.Column, scan.Table.Schema[column.Column]);
        return column.Path is null ? whole : new BoundCast(new BoundPath(whole, column.Path, default), column.Type, column.FailsAsNull, default);
    }

    private IEnumerable<(NaiveRow, long)> Groups(Aggregate aggregate)
    {
        var groups = Evaluate(aggregate.Inputs[0]).Values.GroupBy(r => new NaiveRow([.. aggregate.Keys.Select(k => r.Row.Values[k])]).Key).ToList();
        foreach (var group in groups)
        {
            var first = group.First().Row;
            yield return (new NaiveRow([.. aggregate.Keys.Select(k => first.Values[k]), .. aggregate.Calls.Select(c => NaiveAggregates.Call(c, aggregate.Inputs[0].Schema, [.. group]))]), 1);
        }

        if (groups.Count == 0 && aggregate.Keys.IsEmpty) yield return (new NaiveRow([.. aggregate.Calls.Select(c => NaiveAggregates.Call(c, aggregate.Inputs[0].Schema, []))]), 1);
    }

    internal static int Compare(SqlType type, byte[] a, byte[] b) =>
        type.Physical == PhysicalKind.View ? a.AsSpan().SequenceCompareTo(b)
        : type.IsApproximate ? Double(type, a).CompareTo(Double(type, b))
        : Integer(type, a).CompareTo(Integer(type, b));

    internal static double Double(SqlType type, byte[] value) => type.Physical == PhysicalKind.Float32 ? MemoryMarshal.Read<float>(value) : MemoryMarshal.Read<double>(value);

    internal static Int128 Integer(SqlType type, byte[] value) => type.Physical switch
    {
        PhysicalKind.Bool => value[0],
        PhysicalKind.Int8 => (sbyte)value[0],
        PhysicalKind.Int16 => MemoryMarshal.Read<short>(value),
        PhysicalKind.Int32 => MemoryMarshal.Read<int>(value),
        PhysicalKind.Int64 => MemoryMarshal.Read<long>(value),
        _ => MemoryMarshal.Read<Int128>(value),
    };

    internal static byte[] Bytes(SqlType type, Int128 value)
    {
        // Little endian: the low bytes are the value in any width.
        var bytes = new byte[16];
        MemoryMarshal.Write(bytes, value);
        return bytes[..type.Physical.WidthBytes()];
    }

    internal static byte[] Bytes(SqlType type, double value) =>
        type.Physical == PhysicalKind.Float32 ? BitConverter.GetBytes((float)value) : BitConverter.GetBytes(value);

    internal static bool IsTrue(BoundExpression condition, Schema schema, NaiveRow row) => Compute([condition], schema, row)?.Values[0] is [1, ..];

    /// <summary>The expressions over one row; null where one of them fails.</summary>
    public static NaiveRow? Compute(IReadOnlyList<BoundExpression> expressions, Schema schema, NaiveRow row)
    {
        var memory = BatchMemory.Create();
        try
        {
            var input = new Batch(memory, [.. row.Values.Select((v, i) => ColumnOf(schema[i], v, memory))], 1);
            var context = new EvaluationContext();
            var values = new byte[]?[expressions.Count];
            for (var i = 0; i < values.Length; i++)
            {
                context.Begin(input, memory);
                var column = expressions[i].Lower().Evaluate(context);
                if (context.Errors.Count > 0) return null;
                values[i] = column.IsNull(0) ? null : Read(column);
            }

            return new NaiveRow(values);
        }
        finally
        {
            memory.Release();
        }
    }

    private static byte[] Read(Column column)
    {
        if (column.Kind == PhysicalKind.View) return StringView.Span(column.As<StringView>() + column.IndexOf(0)).ToArray();
        var width = column.Kind.WidthBytes();
        return new ReadOnlySpan<byte>((byte*)column.Values + (column.IndexOf(0) * width), width).ToArray();
    }

    private static Column ColumnOf(SqlType type, byte[]? value, BatchMemory memory)
    {
        var column = Column.Allocate(type.Physical, 1, memory);
        column.EnsureValidity(1, memory);
        if (value is null) column.SetNull(0);
        else if (type.Physical == PhysicalKind.View) column.As<StringView>()[0] = StringView.Copy(value, memory);
        else value.CopyTo(new Span<byte>(column.Values, value.Length));
        return column;
    }

    /// <summary>A row as test scripts write it.</summary>
    public static string Text(Schema schema, NaiveRow row)
    {
        var memory = BatchMemory.Create();
        var buffer = new Utf8Buffer();
        var cells = row.Values.Select((v, i) =>
        {
            if (v is null) return "NULL";
            buffer.Clear();
            TextValueWriter.Write(schema[i], ColumnOf(schema[i], v, memory).Values, 0, (byte)' ', buffer);
            return Encoding.UTF8.GetString(buffer.Written);
        });
        var text = string.Create(CultureInfo.InvariantCulture, $"{string.Join(" | ", cells)}");
        memory.Release();
        return text;
    }
}
