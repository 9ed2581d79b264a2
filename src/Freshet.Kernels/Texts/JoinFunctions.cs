using Freshet.Columns;
using Freshet.Kernels.Rows;

namespace Freshet.Kernels.Texts;

/// <summary>CONCAT and ||: the texts one after another, at most 1 MiB.</summary>
public readonly struct Concat : IRowFunction
{
    public bool TryRow(RowLoop rows, ReadOnlySpan<Column> arguments, int row)
    {
        rows.Buffer.Clear();
        foreach (var argument in arguments) rows.Buffer.Write(RowLoop.Bytes(argument, row));
        return rows.StoreBuffer();
    }
}

/// <summary>CONCAT_WS(separator, a, b ...): NULL arguments are left out.</summary>
public readonly struct ConcatWithSeparator : IRowFunction
{
    public static bool TakesNull => true;

    public bool TryRow(RowLoop rows, ReadOnlySpan<Column> arguments, int row)
    {
        if (arguments[0].IsNull(row)) return false;
        rows.Buffer.Clear();
        var any = false;
        for (var i = 1; i < arguments.Length; i++)
        {
            if (arguments[i].IsNull(row)) continue;
            if (any) rows.Buffer.Write(RowLoop.Bytes(arguments[0], row));
            rows.Buffer.Write(RowLoop.Bytes(arguments[i], row));
            any = true;
        }

        return rows.StoreBuffer();
    }
}

/// <summary>LPAD and RPAD: filled, or cut, to a length; NULL for a negative length and for an empty filling.</summary>
public readonly struct Pad(bool isLeft) : IRowFunction
{
    public bool TryRow(RowLoop rows, ReadOnlySpan<Column> arguments, int row)
    {
        var text = RowLoop.Bytes(arguments[0], row);
        var length = RowLoop.Int(arguments[1], row);
        var filling = RowLoop.Bytes(arguments[2], row);
        if (length < 0 || filling.IsEmpty) return false;
        if (length > RowLoop.ResultMaxBytes) return rows.Fail(TooLong.Sentence);
        var missing = length - CodePoints.Count(text);
        if (missing <= 0) return rows.Keep(text[..CodePoints.PrefixBytes(text, length, out _)]);
        rows.Buffer.Clear();
        if (!isLeft) rows.Buffer.Write(text);
        while (missing > 0)
        {
            rows.Buffer.Write(filling[..CodePoints.PrefixBytes(filling, missing, out var characters)]);
            missing -= characters;
        }

        if (isLeft) rows.Buffer.Write(text);
        return rows.StoreBuffer();
    }
}

internal static class TooLong
{
    internal const string Sentence = "The result would be longer than 1 MiB.";
}

/// <summary>REPEAT(text, times).</summary>
public readonly struct Repeat : IRowFunction
{
    public bool TryRow(RowLoop rows, ReadOnlySpan<Column> arguments, int row)
    {
        var text = RowLoop.Bytes(arguments[0], row);
        var times = Math.Max(0, RowLoop.Integer(arguments[1], row));
        if (!text.IsEmpty && times > RowLoop.ResultMaxBytes / text.Length) return rows.Fail(TooLong.Sentence);
        rows.Buffer.Clear();
        if (!text.IsEmpty)
            for (var i = 0; i < times; i++) rows.Buffer.Write(text);
        return rows.StoreBuffer();
    }
}

/// <summary>REPLACE(text, search, by): every occurrence; an empty search stands before and after every character.</summary>
public readonly struct Replace : IRowFunction
{
    public bool TryRow(RowLoop rows, ReadOnlySpan<Column> arguments, int row)
    {
        var text = RowLoop.Bytes(arguments[0], row);
        var search = RowLoop.Bytes(arguments[1], row);
        var by = RowLoop.Bytes(arguments[2], row);
        var at = text.IndexOf(search);
        if (at < 0) return rows.Keep(text);
        rows.Buffer.Clear();
        while (at >= 0)
        {
            // Behind an empty match one character is passed over.
            var next = at + (search.IsEmpty ? Math.Min(text.Length, CodePoints.FirstBytes(text)) : search.Length);
            rows.Buffer.Write(text[..at]);
            rows.Buffer.Write(by);
            if (search.IsEmpty) rows.Buffer.Write(text[..next]);
            if (search.IsEmpty && text.IsEmpty) break;
            text = text[next..];
            at = text.IndexOf(search);
        }

        rows.Buffer.Write(text);
        return rows.StoreBuffer();
    }
}

/// <summary>OVERLAY(text PLACING by FROM start [FOR length]).</summary>
public readonly struct Overlay : IRowFunction
{
    public bool TryRow(RowLoop rows, ReadOnlySpan<Column> arguments, int row)
    {
        var text = RowLoop.Bytes(arguments[0], row);
        var by = RowLoop.Bytes(arguments[1], row);
        var start = RowLoop.Integer(arguments[2], row);
        var length = arguments.Length > 3 ? RowLoop.Integer(arguments[3], row) : CodePoints.Count(by);
        var total = CodePoints.Count(text);
        if (start <= 0 || start > total) return rows.Keep(text);
        rows.Buffer.Clear();
        rows.Buffer.Write(text[..CodePoints.PrefixBytes(text, (int)start - 1, out _)]);
        rows.Buffer.Write(by);
        if (length > 0 && start <= total - length) rows.Buffer.Write(text[CodePoints.PrefixBytes(text, (int)(start - 1 + length), out _)..]);
        return rows.StoreBuffer();
    }
}

/// <summary>TRANSLATE(text, from, to): characters of the second text become those at the same place of the third, or nothing.</summary>
public readonly struct Translate : IRowFunction
{
    public static bool TakesNull => true;

    public bool TryRow(RowLoop rows, ReadOnlySpan<Column> arguments, int row)
    {
        if (arguments[0].IsNull(row)) return false;
        var text = RowLoop.Bytes(arguments[0], row);
        if (arguments[1].IsNull(row)) return rows.Keep(text);
        var from = RowLoop.Bytes(arguments[1], row);
        var to = arguments[2].IsNull(row) ? [] : RowLoop.Bytes(arguments[2], row);
        rows.Buffer.Clear();
        while (!text.IsEmpty)
        {
            var character = text[..CodePoints.FirstBytes(text)];
            text = text[character.Length..];
            var at = from.IndexOf(character);
            if (at < 0)
            {
                rows.Buffer.Write(character);
                continue;
            }

            var rest = to[CodePoints.PrefixBytes(to, CodePoints.Count(from[..at]), out _)..];
            if (!rest.IsEmpty) rows.Buffer.Write(rest[..CodePoints.FirstBytes(rest)]);
        }

        return rows.StoreBuffer();
    }
}

/// <summary>CHR: the character of a number's lowest byte; nothing for a negative one.</summary>
public readonly struct CharacterOf : IRowFunction
{
    public bool TryRow(RowLoop rows, ReadOnlySpan<Column> arguments, int row)
    {
        var code = RowLoop.Integer(arguments[0], row);
        rows.Buffer.Clear();
        if (code >= 0) rows.Buffer.Advance(new System.Text.Rune((char)(code & 0xFF)).EncodeToUtf8(rows.Buffer.GetSpan(4)));
        return rows.StoreBuffer();
    }
}
