using Freshet.Columns;
using Freshet.Columns.Json;
using Freshet.Kernels.Rows;

namespace Freshet.Kernels.Collections;

/// <summary>ARRAY_APPEND and ARRAY_PREPEND(array, element); the element may be NULL.</summary>
public readonly struct AddElement(bool atEnd) : IRowFunction
{
    public static bool TakesNull => true;

    public bool TryRow(RowLoop rows, ReadOnlySpan<Column> arguments, int row)
    {
        if (arguments[0].IsNull(row)) return false;
        var parts = CollectionParts.Read(0, arguments[0], row);
        var element = CollectionParts.Part(1, arguments[1], rows.Types.Arguments[1], row, rows);
        var text = new ArrayText(rows.Buffer);
        if (!atEnd) text.Add(element);
        foreach (var part in parts.Values) text.Add(part);
        if (atEnd) text.Add(element);
        text.End();
        return rows.StoreBuffer();
    }
}

/// <summary>ARRAY_CONCAT(a, b ...): all elements.</summary>
public readonly struct ConcatArrays : IRowFunction
{
    public bool TryRow(RowLoop rows, ReadOnlySpan<Column> arguments, int row)
    {
        var text = new ArrayText(rows.Buffer);
        foreach (var argument in arguments)
            foreach (var part in CollectionParts.Read(0, argument, row).Values) text.Add(part);
        text.End();
        return rows.StoreBuffer();
    }
}

/// <summary>ARRAY_CONTAINS(array, element); NULL is found where it is an element.</summary>
public readonly struct ContainsElement : IRowFunction
{
    public static bool TakesNull => true;

    public bool TryRow(RowLoop rows, ReadOnlySpan<Column> arguments, int row)
    {
        if (arguments[0].IsNull(row)) return false;
        var parts = CollectionParts.Read(0, arguments[0], row);
        var needle = CollectionParts.Part(1, arguments[1], rows.Types.Arguments[1], row, rows);
        return rows.Store(CollectionParts.Contains(parts.Values, parts.Count, needle, rows.Types.Arguments[1]));
    }
}

/// <summary>ARRAY_POSITION(array, element): from 1; 0 where it is not.</summary>
public readonly struct PositionOfElement : IRowFunction
{
    public bool TryRow(RowLoop rows, ReadOnlySpan<Column> arguments, int row)
    {
        var parts = CollectionParts.Read(0, arguments[0], row);
        var needle = CollectionParts.Part(1, arguments[1], rows.Types.Arguments[1], row, rows);
        for (var i = 0; i < parts.Count; i++)
            if (CollectionParts.Equal(parts.Values[i], needle, rows.Types.Arguments[1])) return rows.Store(i + 1L);
        return rows.Store(0L);
    }
}

/// <summary>ARRAY_REMOVE(array, element): without it, wherever it is.</summary>
public readonly struct RemoveElement : IRowFunction
{
    public static bool TakesNull => true;

    public bool TryRow(RowLoop rows, ReadOnlySpan<Column> arguments, int row)
    {
        if (arguments[0].IsNull(row)) return false;
        var parts = CollectionParts.Read(0, arguments[0], row);
        var needle = CollectionParts.Part(1, arguments[1], rows.Types.Arguments[1], row, rows);
        var text = new ArrayText(rows.Buffer);
        foreach (var part in parts.Values)
            if (!CollectionParts.Equal(part, needle, rows.Types.Arguments[1])) text.Add(part);
        text.End();
        return rows.StoreBuffer();
    }
}

/// <summary>ARRAY_REVERSE.</summary>
public readonly struct ReverseArray : IRowFunction
{
    public bool TryRow(RowLoop rows, ReadOnlySpan<Column> arguments, int row)
    {
        var parts = CollectionParts.Read(0, arguments[0], row);
        var text = new ArrayText(rows.Buffer);
        for (var i = parts.Count - 1; i >= 0; i--) text.Add(parts.Values[i]);
        text.End();
        return rows.StoreBuffer();
    }
}

/// <summary>ARRAY_SLICE(array, start [, end]): both count from 1, from the end where negative, and belong to the slice.</summary>
public readonly struct SliceArray : IRowFunction
{
    public bool TryRow(RowLoop rows, ReadOnlySpan<Column> arguments, int row)
    {
        var parts = CollectionParts.Read(0, arguments[0], row);
        var start = RowLoop.Integer(arguments[1], row);
        var end = arguments.Length > 2 ? RowLoop.Integer(arguments[2], row) : parts.Count;
        if (start < 0) start += parts.Count + 1;
        if (end < 0) end += parts.Count + 1;
        else if (end == 0) end = 1;
        var text = new ArrayText(rows.Buffer);
        for (var i = Math.Max(1, start); i <= Math.Min(end, parts.Count); i++) text.Add(parts.Values[(int)i - 1]);
        text.End();
        return rows.StoreBuffer();
    }
}

/// <summary>What is kept of two arrays; each element once.</summary>
public enum SetKind : byte
{
    Distinct,
    Union,
    Except,
    Intersect,
}

/// <summary>ARRAY_DISTINCT, ARRAY_UNION, ARRAY_EXCEPT, ARRAY_INTERSECT: in the order of first occurrence.</summary>
public readonly struct ArraySet(SetKind kind) : IRowFunction
{
    public bool TryRow(RowLoop rows, ReadOnlySpan<Column> arguments, int row)
    {
        var type = rows.Types.Arguments[0].Fields[0].Type;
        var left = CollectionParts.Read(0, arguments[0], row).Values;
        var right = arguments.Length > 1 ? CollectionParts.Read(1, arguments[1], row).Values : [];
        var text = new ArrayText(rows.Buffer);
        for (var i = 0; i < left.Count; i++)
        {
            if (kind == SetKind.Except && CollectionParts.Contains(right, right.Count, left[i], type)) continue;
            if (kind == SetKind.Intersect && !CollectionParts.Contains(right, right.Count, left[i], type)) continue;
            if (!CollectionParts.Contains(left, i, left[i], type)) text.Add(left[i]);
        }

        for (var i = 0; kind == SetKind.Union && i < right.Count; i++)
            if (!CollectionParts.Contains(left, left.Count, right[i], type) && !CollectionParts.Contains(right, i, right[i], type)) text.Add(right[i]);
        text.End();
        return rows.StoreBuffer();
    }
}

/// <summary>ARRAY_JOIN(array of texts, separator [, for NULL]): NULL elements are left out without a text for them.</summary>
public readonly struct JoinArray : IRowFunction
{
    public bool TryRow(RowLoop rows, ReadOnlySpan<Column> arguments, int row)
    {
        var any = false;
        rows.Buffer.Clear();
        foreach (var part in CollectionParts.Read(0, arguments[0], row).Values)
        {
            if (part.Kind == JsonKind.Null && arguments.Length < 3) continue;
            if (any) rows.Buffer.Write(RowLoop.Bytes(arguments[1], row));
            any = true;
            if (part.Kind == JsonKind.Null) rows.Buffer.Write(RowLoop.Bytes(arguments[2], row));
            else rows.Buffer.Advance(JsonText.Unescape(part.Content, rows.Buffer.GetSpan(part.Length)));
        }

        return rows.StoreBuffer();
    }
}

/// <summary>ELEMENT(array): the only element; NULL of an empty array, an error of one with more.</summary>
public readonly unsafe struct OnlyElement : IRowFunction
{
    public bool TryRow(RowLoop rows, ReadOnlySpan<Column> arguments, int row)
    {
        var parts = CollectionParts.Read(0, arguments[0], row);
        if (parts.Count > 1) return rows.Fail("Array has more than one element.", RowLoop.Bytes(arguments[0], row));
        return parts.Count == 1 && ElementOrder.TryStore(parts.Values[0], rows);
    }
}

/// <summary>SPLIT(text, separator): the parts as an array; an empty separator parts the characters.</summary>
public readonly struct SplitText : IRowFunction
{
    public bool TryRow(RowLoop rows, ReadOnlySpan<Column> arguments, int row)
    {
        var rest = RowLoop.Bytes(arguments[0], row);
        var separator = RowLoop.Bytes(arguments[1], row);
        var text = new ArrayText(rows.Buffer);
        if (separator.IsEmpty)
        {
            for (; !rest.IsEmpty; rest = rest[Texts.CodePoints.FirstBytes(rest)..]) text.AddText(rest[..Texts.CodePoints.FirstBytes(rest)]);
        }
        else
        {
            for (int at; (at = rest.IndexOf(separator)) >= 0; rest = rest[(at + separator.Length)..]) text.AddText(rest[..at]);
            text.AddText(rest);
        }

        text.End();
        return rows.StoreBuffer();
    }
}
