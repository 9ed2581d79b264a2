using System.Runtime.InteropServices;
using Freshet.Columns;
using Freshet.Columns.Formats;
using Freshet.Columns.Json;
using Freshet.Columns.Types;

namespace Freshet.Kernels.Collections;

/// <summary>
/// The parts of arrays and maps of one row, as they lie in the column's text: functions that only choose, order and join parts
/// copy them as they are. Reused from row to row; one set for each thread. Valid until the same place is read again.
/// </summary>
internal sealed unsafe class CollectionParts
{
    [ThreadStatic]
    private static CollectionParts[]? t_places;

    private JsonStructure Structure { get; } = new();

    public List<JsonValue> Values { get; } = [];

    /// <summary>The raw texts of a map's keys, in the order of <see cref="Values"/>: between quotes, escapes as they are.</summary>
    public List<(nint Start, int Length)> Keys { get; } = [];

    public int Count => Values.Count;

    /// <summary>One of the places in which a collection can be held.</summary>
    public static CollectionParts At(int place)
    {
        t_places ??= [new(), new(), new(), new()];
        return t_places[place];
    }

    public static CollectionParts Read(int place, in Column column, int row)
    {
        var parts = At(place);
        parts.Read(Rows.RowLoop.Bytes(column, row));
        return parts;
    }

    /// <summary>Reads a text in native memory.</summary>
    public void Read(ReadOnlySpan<byte> text)
    {
        var value = Scan(text);
        Values.Clear();
        Keys.Clear();
        foreach (var element in value.Elements()) Values.Add(element);
        foreach (var member in value.Members())
        {
            Keys.Add(((nint)System.Runtime.CompilerServices.Unsafe.AsPointer(ref MemoryMarshal.GetReference(member.Key)), member.Key.Length));
            Values.Add(member.Value);
        }
    }

    /// <summary>A value of a column as a part.</summary>
    public static JsonValue Part(int place, in Column column, SqlType type, int row, Rows.RowLoop rows)
    {
        rows.Parts.Clear();
        NestedText.Append(column, type, row, rows.Parts);
        var text = rows.Memory.Allocate(rows.Parts.Length);
        rows.Parts.Written.CopyTo(new Span<byte>(text, rows.Parts.Length));
        return At(place).Scan(new ReadOnlySpan<byte>(text, rows.Parts.Length));
    }

    public ReadOnlySpan<byte> Key(int index) => new((byte*)Keys[index].Start, Keys[index].Length);

    /// <summary>Equality of values of one type: of maps without regard to the order of their keys. NULL equals NULL.</summary>
    public static bool Equal(in JsonValue left, in JsonValue right, SqlType type)
    {
        if (left.Kind != right.Kind) return false;
        if (left.Raw.SequenceEqual(right.Raw)) return true;
        switch (type.Kind)
        {
            case TypeKind.Map:
                var count = 0;
                foreach (var member in left.Members())
                {
                    count++;
                    if (!TryMember(right, member.Key, out var other) || !Equal(member.Value, other, type.Fields[1].Type)) return false;
                }

                foreach (var _ in right.Members()) count--;
                return count == 0;
            case TypeKind.Array or TypeKind.Multiset:
                var rights = right.Elements();
                foreach (var element in left.Elements())
                    if (!rights.MoveNext() || !Equal(element, rights.Current, type.Fields[0].Type)) return false;
                return !rights.MoveNext();
            case TypeKind.Row:
                var members = right.Members();
                var field = 0;
                foreach (var member in left.Members())
                    if (!members.MoveNext() || !Equal(member.Value, members.Current.Value, type.Fields[field++].Type)) return false;
                return true;
            default:
                return false;
        }
    }

    /// <summary>Whether a part is among the first <paramref name="count"/> of a list.</summary>
    public static bool Contains(List<JsonValue> values, int count, in JsonValue part, SqlType type)
    {
        for (var i = 0; i < count; i++)
            if (Equal(values[i], part, type)) return true;
        return false;
    }

    private static bool TryMember(in JsonValue map, ReadOnlySpan<byte> key, out JsonValue value)
    {
        foreach (var member in map.Members())
        {
            if (!member.Key.SequenceEqual(key)) continue;
            value = member.Value;
            return true;
        }

        value = default;
        return false;
    }

    private JsonValue Scan(ReadOnlySpan<byte> text)
    {
        Structure.Scan((byte*)System.Runtime.CompilerServices.Unsafe.AsPointer(ref MemoryMarshal.GetReference(text)), text.Length);
        return Structure.Count == 0 ? default : Structure.ValueAt(0);
    }
}

/// <summary>Writes an array part by part.</summary>
internal ref struct ArrayText
{
    private readonly Utf8Buffer _buffer;
    private bool _any;

    public ArrayText(Utf8Buffer buffer)
    {
        _buffer = buffer;
        buffer.Clear();
        buffer.Write((byte)'[');
    }

    public void Add(in JsonValue part)
    {
        Separate();
        _buffer.Write(part.Kind == JsonKind.None ? "null"u8 : part.Raw);
    }

    public void AddText(ReadOnlySpan<byte> text)
    {
        Separate();
        JsonValueWriter.WriteString(text, _buffer);
    }

    public void AddNull()
    {
        Separate();
        _buffer.Write("null"u8);
    }

    public void Separate()
    {
        if (_any) _buffer.Write((byte)',');
        _any = true;
    }

    public readonly void End() => _buffer.Write((byte)']');
}
