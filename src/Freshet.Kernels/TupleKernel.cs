using System.Buffers.Binary;
using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;

namespace Freshet.Kernels;

/// <summary>
/// Several values as one: bytes whose unsigned order is the order of the values one after another, NULLs first, and from which
/// the values can be read again. What keeps, counts or orders single values so does it with tuples.
/// <code>
/// value            bytes
/// NULL             00
/// not NULL         01, then
///   integers       big endian, the sign bit turned over
///   FLOAT, DOUBLE  big endian; the sign bit turned over, all bits where it was set
///   bytes, last    as they are
///   bytes          00 as 00 FF; 00 00 at the end
/// </code>
/// Cost: a copy of the values.
/// </summary>
public static unsafe class TupleKernel
{
    /// <summary>
    /// Packs the values of the given rows. The result has <paramref name="rowCount"/> rows; those that are not given are empty.
    /// </summary>
    /// <param name="nullFrom">A NULL in this column or a later one makes the whole NULL; the number of columns for never.</param>
    public static Column Pack(ReadOnlySpan<Column> columns, int* rows, int count, int rowCount, int nullFrom, BatchMemory memory)
    {
        var result = Column.Allocate(PhysicalKind.View, rowCount, memory);
        var views = result.As<StringView>();
        new Span<StringView>(views, rowCount).Clear();
        for (var i = 0; i < count; i++)
        {
            var row = rows[i];
            var length = LengthOf(columns, row, nullFrom);
            if (length < 0)
            {
                result.EnsureValidity(rowCount, memory);
                result.SetNull(row);
                continue;
            }

            var bytes = memory.Allocate(length);
            var end = bytes;
            for (var c = 0; c < columns.Length; c++) end = Write(columns[c], row, c == columns.Length - 1, end);
            views[row] = new StringView(bytes, length);
        }

        return result;
    }

    /// <summary>Reads a value of a tuple to a row of a column that has validity; gives where the next value begins.</summary>
    /// <param name="isLast">It is the tuple's last value.</param>
    public static int Read(ReadOnlySpan<byte> tuple, int at, bool isLast, in Column column, int row, BatchMemory memory)
    {
        var width = column.Kind.WidthBytes();
        var target = (byte*)column.Values + (nint)row * width;
        if (tuple[at++] == 0)
        {
            new Span<byte>(target, width).Clear();
            column.SetNull(row);
            return at;
        }

        if (column.Kind == PhysicalKind.View)
        {
            var next = isLast ? tuple.Length : EndOf(tuple, at);
            *(StringView*)target = isLast ? StringView.Copy(tuple[at..], memory) : Unescaped(tuple[at..(next - 2)], memory);
            return next;
        }

        var bytes = tuple.Slice(at, width);
        switch (column.Kind)
        {
            case PhysicalKind.Bool: *target = bytes[0]; break;
            case PhysicalKind.Int8: *target = (byte)(bytes[0] ^ 0x80); break;
            case PhysicalKind.Int16: *(short*)target = (short)(BinaryPrimitives.ReadInt16BigEndian(bytes) ^ short.MinValue); break;
            case PhysicalKind.Int32: *(int*)target = BinaryPrimitives.ReadInt32BigEndian(bytes) ^ int.MinValue; break;
            case PhysicalKind.Int64: *(long*)target = BinaryPrimitives.ReadInt64BigEndian(bytes) ^ long.MinValue; break;
            case PhysicalKind.Int128: *(Int128*)target = BinaryPrimitives.ReadInt128BigEndian(bytes) ^ Int128.MinValue; break;
            case PhysicalKind.Float32:
                var single = BinaryPrimitives.ReadInt32BigEndian(bytes);
                *(int*)target = single < 0 ? single ^ int.MinValue : ~single;
                break;
            default:
                var floating = BinaryPrimitives.ReadInt64BigEndian(bytes);
                *(long*)target = floating < 0 ? floating ^ long.MinValue : ~floating;
                break;
        }

        return at + width;
    }

    /// <summary>Where the value behind <paramref name="at"/> ends, without reading it.</summary>
    public static int Skip(ReadOnlySpan<byte> tuple, int at, bool isLast, PhysicalKind kind)
    {
        if (tuple[at++] == 0) return at;
        if (kind != PhysicalKind.View) return at + kind.WidthBytes();
        return isLast ? tuple.Length : EndOf(tuple, at);
    }

    private static int LengthOf(ReadOnlySpan<Column> columns, int row, int nullFrom)
    {
        var length = 0;
        for (var c = 0; c < columns.Length; c++)
        {
            length++;
            if (columns[c].IsNull(row))
            {
                if (c >= nullFrom) return -1;
                continue;
            }

            if (columns[c].Kind != PhysicalKind.View)
            {
                length += columns[c].Kind.WidthBytes();
                continue;
            }

            var text = StringView.Span(columns[c].As<StringView>() + columns[c].IndexOf(row));
            length += text.Length;
            if (c < columns.Length - 1) length += text.Count((byte)0) + 2;
        }

        return length;
    }

    private static byte* Write(in Column column, int row, bool isLast, byte* to)
    {
        if (column.IsNull(row))
        {
            *to = 0;
            return to + 1;
        }

        *to++ = 1;
        var at = column.IndexOf(row);
        var room = new Span<byte>(to, 16);
        switch (column.Kind)
        {
            case PhysicalKind.Bool: *to = column.As<byte>()[at]; break;
            case PhysicalKind.Int8: *to = (byte)(column.As<byte>()[at] ^ 0x80); break;
            case PhysicalKind.Int16: BinaryPrimitives.WriteInt16BigEndian(room, (short)(column.As<short>()[at] ^ short.MinValue)); break;
            case PhysicalKind.Int32: BinaryPrimitives.WriteInt32BigEndian(room, column.As<int>()[at] ^ int.MinValue); break;
            case PhysicalKind.Int64: BinaryPrimitives.WriteInt64BigEndian(room, column.As<long>()[at] ^ long.MinValue); break;
            case PhysicalKind.Int128: BinaryPrimitives.WriteInt128BigEndian(room, column.As<Int128>()[at] ^ Int128.MinValue); break;
            case PhysicalKind.Float32:
                var single = column.As<int>()[at];
                BinaryPrimitives.WriteInt32BigEndian(room, single < 0 ? ~single : single ^ int.MinValue);
                break;
            case PhysicalKind.Float64:
                var floating = column.As<long>()[at];
                BinaryPrimitives.WriteInt64BigEndian(room, floating < 0 ? ~floating : floating ^ long.MinValue);
                break;
            default: return WriteBytes(StringView.Span(column.As<StringView>() + at), isLast, to);
        }

        return to + column.Kind.WidthBytes();
    }

    private static byte* WriteBytes(ReadOnlySpan<byte> text, bool isLast, byte* to)
    {
        if (isLast)
        {
            text.CopyTo(new Span<byte>(to, text.Length));
            return to + text.Length;
        }

        foreach (var value in text)
        {
            *to++ = value;
            if (value == 0) *to++ = 0xFF;
        }

        *to++ = 0;
        *to++ = 0;
        return to;
    }

    /// <summary>Where escaped bytes end, with their end mark.</summary>
    private static int EndOf(ReadOnlySpan<byte> tuple, int at)
    {
        while (true)
        {
            at += tuple[at..].IndexOf((byte)0) + 2;
            if (tuple[at - 1] == 0) return at;
        }
    }

    private static StringView Unescaped(ReadOnlySpan<byte> text, BatchMemory memory)
    {
        if (!text.Contains((byte)0)) return StringView.Copy(text, memory);
        var bytes = memory.Allocate(text.Length);
        var length = 0;
        for (var i = 0; i < text.Length; i++)
        {
            bytes[length++] = text[i];
            if (text[i] == 0) i++;
        }

        return new StringView(bytes, length);
    }
}
