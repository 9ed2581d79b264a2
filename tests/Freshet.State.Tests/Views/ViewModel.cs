using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;
using Freshet.State.Views;

namespace Freshet.State.Tests.Views;

/// <summary>A view of (key BIGINT, name STRING, group INT) and ways to change and read it.</summary>
internal static unsafe class ViewModel
{
    public static readonly ViewSpec Keyed = new([SqlType.BigInt, SqlType.String, SqlType.Int], [0], [[2], [2, 1]]);

    public static readonly ViewSpec Keyless = new([SqlType.BigInt, SqlType.String, SqlType.Int], [], [[2]]);

    public static Batch Delta(IReadOnlyList<(long Key, string? Name, int Group, long Weight)> rows)
    {
        var memory = BatchMemory.Create();
        Column[] columns = [Column.Allocate(PhysicalKind.Int64, rows.Count, memory), Column.Allocate(PhysicalKind.View, rows.Count, memory), Column.Allocate(PhysicalKind.Int32, rows.Count, memory)];
        columns[1].EnsureValidity(rows.Count, memory);
        var weights = memory.Allocate<long>(rows.Count);
        for (var i = 0; i < rows.Count; i++)
        {
            columns[0].As<long>()[i] = rows[i].Key;
            if (rows[i].Name is { } name) columns[1].As<StringView>()[i] = TextView.Of(name, memory);
            else columns[1].SetNull(i);
            columns[2].As<int>()[i] = rows[i].Group;
            weights[i] = rows[i].Weight;
        }

        return new Batch(memory, columns, rows.Count) { Weights = weights };
    }

    public static void Apply(this ViewTable view, params IReadOnlyList<(long Key, string? Name, int Group, long Weight)> rows)
    {
        var batch = Delta(rows);
        view.Apply([batch]);
        batch.Release();
    }

    /// <summary>The rows of a batch, which is released.</summary>
    public static List<(long Key, string? Name, int Group, long Weight)> Take(Batch? batch)
    {
        var rows = new List<(long, string?, int, long)>();
        if (batch is null) return rows;
        for (var i = 0; i < batch.Count; i++)
            rows.Add((batch.Columns[0].As<long>()[i], batch.Columns[1].IsNull(i) ? null : batch.Columns[1].As<StringView>()[i].Text, batch.Columns[2].As<int>()[i], batch.WeightOf(i)));
        batch.Release();
        return rows;
    }

    public static List<(long Key, string? Name, int Group, long Weight)> All(this ViewSnapshot snapshot, int maxRows)
    {
        var rows = new List<(long, string?, int, long)>();
        var cursor = default(ViewCursor);
        while (Take(snapshot.Scan(ref cursor, maxRows)) is { Count: > 0 } some) rows.AddRange(some);
        return rows;
    }

    public static List<(long Key, string? Name, int Group, long Weight)> Row(this ViewTable view, long key) =>
        Take(view.Get([new Column { Kind = PhysicalKind.Int64, Values = &key }]));

    public static List<(long Key, string? Name, int Group, long Weight)> Row(this ViewSnapshot snapshot, long key) =>
        Take(snapshot.Get([new Column { Kind = PhysicalKind.Int64, Values = &key }]));

    public static List<(long Key, string? Name, int Group, long Weight)> OfGroup(this ViewSnapshot snapshot, int group, int maxRows)
    {
        var rows = new List<(long, string?, int, long)>();
        var cursor = default(ViewCursor);
        while (Take(snapshot.Lookup(0, [new Column { Kind = PhysicalKind.Int32, Values = &group }], ref cursor, maxRows)) is { Count: > 0 } some) rows.AddRange(some);
        return rows;
    }
}
