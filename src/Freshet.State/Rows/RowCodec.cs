using System.Buffers.Binary;
using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;

namespace Freshet.State.Rows;

/// <summary>
/// Rows as bytes, for what outlives its batch: a key in an order of bytes that is the order of values, and a row whose columns
/// can be read back.
/// <code>
/// key, per column            NULL: 00 | value: 01 and then
///   integers, times          big endian, sign bit flipped
///   FLOAT, DOUBLE            big endian bits, flipped so that they order as numbers
///   text, binary, JSON       bytes, 00 written as 00 FF, ended by 00 00
/// row, per column            NULL: 00 | value: 01, then the value in its own layout, or length (4) and bytes
/// </code>
/// </summary>
public static unsafe class RowCodec
{
    /// <summary>The key of a row over some of its columns.</summary>
    public static byte[] EncodeKey(Batch batch, int row, ReadOnlySpan<int> columns, List<byte> scratch)
    {
        scratch.Clear();
        foreach (var c in columns) AppendKey(batch.Columns[c], row, scratch);
        return [.. scratch];
    }

    /// <summary>Appends one column's part of a key.</summary>
    public static void AppendKey(in Column column, int row, List<byte> output)
    {
        if (column.IsNull(row))
        {
            output.Add(0);
            return;
        }

        output.Add(1);
        var index = column.IndexOf(row);
        Span<byte> bytes = stackalloc byte[16];
        switch (column.Kind)
        {
            case PhysicalKind.Bool: output.Add(column.As<byte>()[index]); return;
            case PhysicalKind.Int8: output.Add((byte)(column.As<byte>()[index] ^ 0x80)); return;
            case PhysicalKind.Int16:
                BinaryPrimitives.WriteUInt16BigEndian(bytes, (ushort)(column.As<ushort>()[index] ^ 0x8000));
                output.AddRange(bytes[..2]);
                return;
            case PhysicalKind.Int32:
                BinaryPrimitives.WriteUInt32BigEndian(bytes, column.As<uint>()[index] ^ 0x8000_0000);
                output.AddRange(bytes[..4]);
                return;
            case PhysicalKind.Int64:
                BinaryPrimitives.WriteUInt64BigEndian(bytes, column.As<ulong>()[index] ^ 1UL << 63);
                output.AddRange(bytes[..8]);
                return;
            case PhysicalKind.Int128:
                BinaryPrimitives.WriteUInt128BigEndian(bytes, column.As<UInt128>()[index] ^ UInt128.One << 127);
                output.AddRange(bytes);
                return;
            case PhysicalKind.Float32:
                BinaryPrimitives.WriteUInt32BigEndian(bytes, Columns.Kernels.CompareKernel.OrderBits(column.As<float>()[index]));
                output.AddRange(bytes[..4]);
                return;
            case PhysicalKind.Float64:
                BinaryPrimitives.WriteUInt64BigEndian(bytes, Columns.Kernels.CompareKernel.OrderBits(column.As<double>()[index]));
                output.AddRange(bytes[..8]);
                return;
            default:
                foreach (var b in StringView.Span(column.As<StringView>() + index))
                {
                    output.Add(b);
                    if (b == 0) output.Add(0xFF);
                }

                output.Add(0);
                output.Add(0);
                return;
        }
    }

    /// <summary>All columns of a row.</summary>
    public static byte[] EncodeRow(Batch batch, int row, List<byte> scratch)
    {
        scratch.Clear();
        Span<byte> length = stackalloc byte[4];
        foreach (ref readonly var column in batch.Columns.AsSpan())
        {
            if (column.IsNull(row))
            {
                scratch.Add(0);
                continue;
            }

            scratch.Add(1);
            var index = column.IndexOf(row);
            if (column.Kind != PhysicalKind.View)
            {
                var width = column.Kind.WidthBytes();
                scratch.AddRange(new ReadOnlySpan<byte>((byte*)column.Values + (long)index * width, width));
                continue;
            }

            var text = StringView.Span(column.As<StringView>() + index);
            BinaryPrimitives.WriteInt32LittleEndian(length, text.Length);
            scratch.AddRange(length);
            scratch.AddRange(text);
        }

        return [.. scratch];
    }

    /// <summary>Rows back to a batch with one reference; texts are copied into its memory.</summary>
    public static Batch Decode(Schema schema, ReadOnlySpan<byte[]> rows, ReadOnlySpan<long> weights)
    {
        var memory = BatchMemory.Create();
        var columns = new Column[schema.Count];
        for (var c = 0; c < columns.Length; c++)
        {
            columns[c] = Column.Allocate(schema[c].Physical, rows.Length, memory);
            if (schema[c].IsNullable) columns[c].Validity = memory.AllocateBits(rows.Length, true);
        }

        for (var row = 0; row < rows.Length; row++) DecodeRow(rows[row], row, columns, rows.Length, memory);
        var batch = new Batch(memory, columns, rows.Length);
        if (!weights.IsEmpty && weights.ContainsAnyExcept(1))
        {
            batch.Weights = memory.Allocate<long>(rows.Length);
            weights.CopyTo(new Span<long>(batch.Weights, rows.Length));
        }

        return batch;
    }

    private static void DecodeRow(ReadOnlySpan<byte> bytes, int row, Column[] columns, int rows, BatchMemory memory)
    {
        foreach (ref var column in columns.AsSpan())
        {
            var present = bytes[0] != 0;
            bytes = bytes[1..];
            if (!present)
            {
                column.EnsureValidity(rows, memory);
                column.SetNull(row);
                continue;
            }

            if (column.Kind == PhysicalKind.View)
            {
                var length = BinaryPrimitives.ReadInt32LittleEndian(bytes);
                column.As<StringView>()[row] = StringView.Copy(bytes.Slice(4, length), memory);
                bytes = bytes[(4 + length)..];
                continue;
            }

            var width = column.Kind.WidthBytes();
            bytes[..width].CopyTo(new Span<byte>((byte*)column.Values + (long)row * width, width));
            bytes = bytes[width..];
        }
    }
}
