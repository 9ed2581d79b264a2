using Freshet.Columns;
using Freshet.Columns.Json;
using Freshet.Columns.Types;
using Freshet.Kernels.Rows;

namespace Freshet.Kernels.Collections;

/// <summary>
/// Elements as values of their type, to compare them: numbers by size (NaN the largest, as in Java), texts and bytes by their
/// bytes. NULL elements stand apart.
/// </summary>
internal readonly unsafe struct ElementOrder : IComparer<int>
{
    private readonly Column _values;
    private readonly int _sign;

    public ElementOrder(CollectionParts parts, SqlType type, RowLoop rows, int sign)
    {
        _sign = sign;
        _values = Column.Allocate(type.Physical, Math.Max(1, parts.Count), rows.Memory);
        for (var i = 0; i < parts.Count; i++) NestedText.TryRead(parts.Values[i], type, _values.Values, i, rows.Memory);
    }

    public int Compare(int x, int y) => _sign * (_values.Kind switch
    {
        PhysicalKind.Bool => _values.As<byte>()[x].CompareTo(_values.As<byte>()[y]),
        PhysicalKind.Int8 => _values.As<sbyte>()[x].CompareTo(_values.As<sbyte>()[y]),
        PhysicalKind.Int16 => _values.As<short>()[x].CompareTo(_values.As<short>()[y]),
        PhysicalKind.Int32 => _values.As<int>()[x].CompareTo(_values.As<int>()[y]),
        PhysicalKind.Int64 => _values.As<long>()[x].CompareTo(_values.As<long>()[y]),
        PhysicalKind.Int128 => _values.As<Int128>()[x].CompareTo(_values.As<Int128>()[y]),
        PhysicalKind.Float32 => Floating(_values.As<float>()[x], _values.As<float>()[y]),
        PhysicalKind.Float64 => Floating(_values.As<double>()[x], _values.As<double>()[y]),
        _ => StringView.Compare(_values.As<StringView>() + x, _values.As<StringView>() + y),
    });

    /// <summary>The result of a row is a part, as a value of the result's type; false where it is NULL.</summary>
    public static bool TryStore(in JsonValue part, RowLoop rows)
    {
        var value = Column.Allocate(rows.Types.Result.Physical, 1, rows.Memory);
        return NestedText.TryRead(part, rows.Types.Result, value.Values, 0, rows.Memory) && rows.Copy(value, 0);
    }

    private static int Floating(double x, double y) => double.IsNaN(x) || double.IsNaN(y) ? double.IsNaN(x).CompareTo(double.IsNaN(y)) : x.CompareTo(y);
}

/// <summary>ARRAY_MAX and ARRAY_MIN: NULL elements do not count.</summary>
public readonly struct ExtremeElement(bool isMax) : IRowFunction
{
    public bool TryRow(RowLoop rows, ReadOnlySpan<Column> arguments, int row)
    {
        var parts = CollectionParts.Read(0, arguments[0], row);
        var order = new ElementOrder(parts, rows.Types.Arguments[0].Fields[0].Type, rows, isMax ? -1 : 1);
        var best = -1;
        for (var i = 0; i < parts.Count; i++)
            if (parts.Values[i].Kind != JsonKind.Null && (best < 0 || order.Compare(i, best) < 0)) best = i;
        return best >= 0 && ElementOrder.TryStore(parts.Values[best], rows);
    }
}

/// <summary>ARRAY_SORT(array [, ascending [, nulls first]]): ascending, with NULLs first, where nothing else is said; descending, NULLs are last.</summary>
public readonly struct SortArray : IRowFunction
{
    public bool TryRow(RowLoop rows, ReadOnlySpan<Column> arguments, int row)
    {
        var ascending = arguments.Length < 2 || RowLoop.Boolean(arguments[1], row);
        var nullsFirst = arguments.Length < 3 ? ascending : RowLoop.Boolean(arguments[2], row);
        var parts = CollectionParts.Read(0, arguments[0], row);
        var order = new ElementOrder(parts, rows.Types.Arguments[0].Fields[0].Type, rows, ascending ? 1 : -1);
        var indexes = new List<int>(parts.Count);
        for (var i = 0; i < parts.Count; i++)
            if (parts.Values[i].Kind != JsonKind.Null) indexes.Add(i);
        indexes.Sort(order);
        var text = new ArrayText(rows.Buffer);
        for (var i = indexes.Count; nullsFirst && i < parts.Count; i++) text.AddNull();
        foreach (var i in indexes) text.Add(parts.Values[i]);
        for (var i = indexes.Count; !nullsFirst && i < parts.Count; i++) text.AddNull();
        text.End();
        return rows.StoreBuffer();
    }
}
