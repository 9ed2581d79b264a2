using Freshet.Columns;
using Freshet.Columns.Types;
using Freshet.Kernels.Rows;

namespace Freshet.Kernels.Texts;

/// <summary>SUBSTRING(text, start [, length]): start counts from 1, from the end when negative; 0 is the beginning. A negative length is NULL.</summary>
public readonly struct Substring : IRowFunction
{
    public bool TryRow(RowLoop rows, ReadOnlySpan<Column> arguments, int row)
    {
        var text = RowLoop.Bytes(arguments[0], row);
        var start = RowLoop.Int(arguments[1], row);
        var length = arguments.Length > 2 ? RowLoop.Int(arguments[2], row) : int.MaxValue;
        if (length < 0) return false;
        long skip = start > 0 ? start - 1 : start < 0 ? (long)CodePoints.Count(text) + start : 0;
        if (skip < 0) return rows.Keep([]);
        var rest = text[CodePoints.PrefixBytes(text, (int)skip, out _)..];
        return rows.Keep(rest[..CodePoints.PrefixBytes(rest, length, out _)]);
    }
}

/// <summary>LEFT and RIGHT: so many characters of one end; none for a count below 1.</summary>
public readonly struct End(bool isLeft) : IRowFunction
{
    public bool TryRow(RowLoop rows, ReadOnlySpan<Column> arguments, int row)
    {
        var text = RowLoop.Bytes(arguments[0], row);
        var count = Math.Max(0, RowLoop.Int(arguments[1], row));
        if (isLeft) return rows.Keep(text[..CodePoints.PrefixBytes(text, count, out _)]);
        return rows.Keep(text[CodePoints.PrefixBytes(text, Math.Max(0, CodePoints.Count(text) - count), out _)..]);
    }
}

/// <summary>TRIM, LTRIM, RTRIM, BTRIM: without the characters of the second argument (blanks without one) at the ends.</summary>
public readonly struct Trim(bool atStart, bool atEnd) : IRowFunction
{
    public bool TryRow(RowLoop rows, ReadOnlySpan<Column> arguments, int row)
    {
        var text = RowLoop.Bytes(arguments[0], row);
        var set = arguments.Length > 1 ? RowLoop.Bytes(arguments[1], row) : " "u8;
        while (atStart && !text.IsEmpty)
        {
            var length = CodePoints.FirstBytes(text);
            if (!Contains(set, text[..length])) break;
            text = text[length..];
        }

        while (atEnd && !text.IsEmpty)
        {
            var start = CodePoints.LastStart(text);
            if (!Contains(set, text[start..])) break;
            text = text[..start];
        }

        return rows.Keep(text);
    }

    /// <summary>UTF-8 is self-synchronising: a whole character is found only as one.</summary>
    private static bool Contains(ReadOnlySpan<byte> set, ReadOnlySpan<byte> character) =>
        character.Length == 1 ? set.Contains(character[0]) : set.IndexOf(character) >= 0;
}

/// <summary>SPLIT_INDEX(text, separator, index): the part with this number from 0; NULL where there is none.</summary>
public readonly struct SplitIndex : IRowFunction
{
    public bool TryRow(RowLoop rows, ReadOnlySpan<Column> arguments, int row)
    {
        var text = RowLoop.Bytes(arguments[0], row);
        var index = RowLoop.Integer(arguments[2], row);
        Span<byte> letter = stackalloc byte[2];
        var separator = arguments[1].Kind == PhysicalKind.View ? RowLoop.Bytes(arguments[1], row) : Letter(RowLoop.Integer(arguments[1], row), letter);
        if (index < 0 || text.IsEmpty || (separator.IsEmpty && arguments[1].Kind != PhysicalKind.View)) return false;

        // As in Flink an empty separator means white space.
        var isBlank = separator.IsEmpty;
        while (true)
        {
            var at = isBlank ? text.IndexOfAny(" \t\r\n\f"u8) : text.IndexOf(separator);
            if (index == 0) return rows.Keep(at < 0 ? text : text[..at]);
            if (at < 0) return false;
            text = text[(at + (isBlank ? 1 : separator.Length))..];
            index--;
        }
    }

    internal static ReadOnlySpan<byte> Letter(long code, Span<byte> room) =>
        code is < 1 or > 255 ? [] : room[..new System.Text.Rune((char)code).EncodeToUtf8(room)];
}

/// <summary>ELT(index, a, b ...): the argument with this number from 1; NULL where there is none.</summary>
public readonly struct Choose : IRowFunction
{
    public static bool TakesNull => true;

    public bool TryRow(RowLoop rows, ReadOnlySpan<Column> arguments, int row)
    {
        if (arguments[0].IsNull(row)) return false;
        var index = RowLoop.Integer(arguments[0], row);
        return index > 0 && index < arguments.Length && arguments[(int)index].IsValid(row) && rows.Copy(arguments[(int)index], row);
    }
}
