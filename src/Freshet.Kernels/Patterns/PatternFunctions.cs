using System.Text.RegularExpressions;
using Freshet.Columns;
using Freshet.Columns.Json;
using Freshet.Kernels.Rows;

namespace Freshet.Kernels.Patterns;

/// <summary>What the functions of regular expressions share: a wrong pattern finds nothing, one that cannot be run is an error.</summary>
internal static class PatternRows
{
    internal static bool TryPattern(RowLoop rows, ReadOnlySpan<byte> pattern, out JavaPattern compiled)
    {
        compiled = JavaPattern.Of(pattern);
        if (compiled.Regex is not null) return true;
        return compiled.IsUnsupported && rows.Fail($"A regular expression: {compiled.Error}.", pattern);
    }

    /// <summary>The first match, without allocation.</summary>
    internal static bool TryFirst(Regex regex, PatternText text, out ValueMatch match)
    {
        foreach (var found in regex.EnumerateMatches(text.Units))
        {
            match = found;
            return true;
        }

        match = default;
        return false;
    }
}

/// <summary>REGEXP(text, pattern): whether a part matches; FALSE for an empty or wrong pattern.</summary>
public readonly struct HasMatch : IRowFunction
{
    public bool TryRow(RowLoop rows, ReadOnlySpan<Column> arguments, int row)
    {
        var pattern = RowLoop.Bytes(arguments[1], row);
        var compiled = JavaPattern.Of(pattern);
        if (compiled.IsUnsupported) return PatternRows.TryPattern(rows, pattern, out _);
        if (compiled.Plain is { } plain) return rows.Store(plain.TryMatch(RowLoop.Bytes(arguments[0], row), 0, out _));
        return rows.Store(!pattern.IsEmpty && compiled.Regex is { } regex && regex.IsMatch(PatternText.Load(RowLoop.Bytes(arguments[0], row)).Units));
    }
}

/// <summary>REGEXP_EXTRACT(text, pattern [, group]): of the first match; without a group the whole match.</summary>
public readonly struct ExtractMatch : IRowFunction
{
    public bool TryRow(RowLoop rows, ReadOnlySpan<Column> arguments, int row)
    {
        if (!PatternRows.TryPattern(rows, RowLoop.Bytes(arguments[1], row), out var pattern)) return false;
        var bytes = RowLoop.Bytes(arguments[0], row);
        var group = arguments.Length > 2 ? RowLoop.Integer(arguments[2], row) : 0;
        if (group < 0 || group > pattern.Groups) return false;
        if (pattern.Plain is { } plain) return plain.TryMatch(bytes, (int)group, out var part) && rows.Keep(part);
        var text = PatternText.Load(bytes);
        if (!PatternRows.TryFirst(pattern.Regex!, text, out var match)) return false;
        if (group == 0) return rows.Keep(text.Slice(bytes, match.Index, match.Length));

        // Spans give no groups: a row that matches pays for a string.
        var found = pattern.Regex!.Match(new string(text.Units)).Groups[(int)group];
        return found.Success && rows.Keep(text.Slice(bytes, found.Index, found.Length));
    }
}

/// <summary>REGEXP_EXTRACT_ALL(text, pattern [, group]): an array with the group (1 without one) of every match.</summary>
public readonly struct ExtractAll : IRowFunction
{
    public bool TryRow(RowLoop rows, ReadOnlySpan<Column> arguments, int row)
    {
        if (!PatternRows.TryPattern(rows, RowLoop.Bytes(arguments[1], row), out var pattern)) return false;
        var bytes = RowLoop.Bytes(arguments[0], row);
        var group = arguments.Length > 2 ? RowLoop.Integer(arguments[2], row) : 1;
        if (group < 0 || group > pattern.Groups) return false;
        var text = PatternText.Load(bytes);
        rows.Buffer.Clear();
        var separator = (byte)'[';
        for (var match = pattern.Regex!.Match(new string(text.Units)); match.Success; match = match.NextMatch())
        {
            rows.Buffer.Write(separator);
            separator = (byte)',';
            var part = match.Groups[(int)group];
            if (part.Success) JsonValueWriter.WriteString(text.Slice(bytes, part.Index, part.Length), rows.Buffer);
            else rows.Buffer.Write("null"u8);
        }

        rows.Buffer.Write(separator == '[' ? "[]"u8 : "]"u8);
        return rows.StoreBuffer();
    }
}

/// <summary>REGEXP_REPLACE(text, pattern, by): every match; the replacement is taken as it is.</summary>
public readonly struct ReplaceMatches : IRowFunction
{
    public bool TryRow(RowLoop rows, ReadOnlySpan<Column> arguments, int row)
    {
        if (!PatternRows.TryPattern(rows, RowLoop.Bytes(arguments[1], row), out var pattern)) return false;
        var bytes = RowLoop.Bytes(arguments[0], row);
        var text = PatternText.Load(bytes);
        rows.Buffer.Clear();
        var at = 0;
        foreach (var match in pattern.Regex!.EnumerateMatches(text.Units))
        {
            rows.Buffer.Write(text.Slice(bytes, at, match.Index - at));
            rows.Buffer.Write(RowLoop.Bytes(arguments[2], row));
            at = match.Index + match.Length;
        }

        rows.Buffer.Write(text.Slice(bytes, at, text.Units.Length - at));
        return rows.StoreBuffer();
    }
}

/// <summary>REGEXP_COUNT(text, pattern): the number of matches.</summary>
public readonly struct CountMatches : IRowFunction
{
    public bool TryRow(RowLoop rows, ReadOnlySpan<Column> arguments, int row)
    {
        if (!PatternRows.TryPattern(rows, RowLoop.Bytes(arguments[1], row), out var pattern)) return false;
        long count = 0;
        foreach (var _ in pattern.Regex!.EnumerateMatches(PatternText.Load(RowLoop.Bytes(arguments[0], row)).Units)) count++;
        return rows.Store(count);
    }
}

/// <summary>REGEXP_INSTR(text, pattern): where the first match begins, from 1; 0 without one.</summary>
public readonly struct PlaceOfMatch : IRowFunction
{
    public bool TryRow(RowLoop rows, ReadOnlySpan<Column> arguments, int row)
    {
        if (!PatternRows.TryPattern(rows, RowLoop.Bytes(arguments[1], row), out var pattern)) return false;
        var text = PatternText.Load(RowLoop.Bytes(arguments[0], row));
        return rows.Store(PatternRows.TryFirst(pattern.Regex!, text, out var match) ? match.Index + 1L : 0L);
    }
}
