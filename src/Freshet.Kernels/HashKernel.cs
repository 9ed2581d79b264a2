using System.Numerics;
using System.Runtime.CompilerServices;
using Freshet.Columns;
using Freshet.Columns.Types;

namespace Freshet.Kernels;

/// <summary>
/// 64-bit hashes of rows over a set of columns, seeded per database. Every bit of a hash depends on every bit of the row:
/// tables use the low bits, the exchange the high ones.
/// <para>Equal rows (as <see cref="CompareKernel.RowsEqual"/> says) have equal hashes: NULL is a value of its own, all NaN
/// are one value, 0.0 and -0.0 are two, and whole numbers of any width hash by value.</para>
/// <para>A hash never shows in a result or an order; it is not a checksum and not kept on disk across seeds.</para>
/// <para>Mixing is a folded 64x64-bit multiplication (as in wyhash), one for each 8 bytes and a last one.</para>
/// </summary>
public static unsafe class HashKernel
{
    private const ulong ValueFactor = 0x9E3779B97F4A7C15;
    private const ulong BytesFactor = 0xD1B54A32D192ED03;
    private const ulong FinalFactor = 0xA24BAED4963EE407;
    private const ulong NullWord = 0x8EBC6AF09C88C6E3;

    /// <summary>
    /// Writes the hash of each row that counts to <paramref name="hashes"/>, by row index (room for <see cref="Batch.Rows"/>);
    /// entries of rows that do not count are unspecified.
    /// </summary>
    public static void Hash(Batch batch, ReadOnlySpan<int> columns, ulong seed, ulong* hashes)
    {
        // A selection of most rows is not worth following: inactive rows are readable.
        var rows = batch.Count * 2L > batch.Rows ? null : batch.Selection;
        var count = rows is null ? batch.Rows : batch.Count;
        Start(seed, rows, count, hashes);
        foreach (var column in columns) Mix(batch.Columns[column], rows, count, hashes);
        Finish(seed, rows, count, hashes);
    }

    /// <summary>The same over columns that are no batch: all rows, or those of <paramref name="rows"/>, written by row index.</summary>
    public static void Hash(ReadOnlySpan<Column> columns, int* rows, int count, ulong seed, ulong* hashes)
    {
        Start(seed, rows, count, hashes);
        foreach (var column in columns) Mix(column, rows, count, hashes);
        Finish(seed, rows, count, hashes);
    }

    /// <summary>The hash of a text of one column, equal to that of a batch with this column alone.</summary>
    public static ulong HashBytes(ReadOnlySpan<byte> text, ulong seed)
    {
        fixed (byte* bytes = text)
        {
            var view = new StringView(bytes, text.Length);
            return Final(ViewWord.Mix(seed ^ ValueFactor, &view, 0), seed);
        }
    }

    private static void Start(ulong seed, int* rows, int count, ulong* hashes)
    {
        if (rows is null) new Span<ulong>(hashes, count).Fill(seed ^ ValueFactor);
        else
        {
            for (var i = 0; i < count; i++) hashes[rows[i]] = seed ^ ValueFactor;
        }
    }

    private static void Finish(ulong seed, int* rows, int count, ulong* hashes)
    {
        if (rows is null)
        {
            for (var i = 0; i < count; i++) hashes[i] = Final(hashes[i], seed);
        }
        else
        {
            for (var i = 0; i < count; i++) hashes[rows[i]] = Final(hashes[rows[i]], seed);
        }
    }

    private static void Mix(in Column column, int* rows, int count, ulong* hashes)
    {
        switch (column.Kind)
        {
            case PhysicalKind.Bool: MixColumn<BoolWord>(column, rows, count, hashes); break;
            case PhysicalKind.Int8: MixColumn<IntegerWord<sbyte>>(column, rows, count, hashes); break;
            case PhysicalKind.Int16: MixColumn<IntegerWord<short>>(column, rows, count, hashes); break;
            case PhysicalKind.Int32: MixColumn<IntegerWord<int>>(column, rows, count, hashes); break;
            case PhysicalKind.Int64: MixColumn<IntegerWord<long>>(column, rows, count, hashes); break;
            case PhysicalKind.Int128: MixColumn<Int128Word>(column, rows, count, hashes); break;
            case PhysicalKind.Float32: MixColumn<Float32Word>(column, rows, count, hashes); break;
            case PhysicalKind.Float64: MixColumn<Float64Word>(column, rows, count, hashes); break;
            default: MixColumn<ViewWord>(column, rows, count, hashes); break;
        }
    }

    private static void MixColumn<TWord>(in Column column, int* rows, int count, ulong* hashes)
        where TWord : struct, IWord
    {
        var values = column.Values;
        if (column.Validity is null && !column.IsConstant)
        {
            if (rows is null)
            {
                for (var i = 0; i < count; i++) hashes[i] = TWord.Mix(hashes[i], values, i);
            }
            else
            {
                for (var i = 0; i < count; i++) hashes[rows[i]] = TWord.Mix(hashes[rows[i]], values, rows[i]);
            }

            return;
        }

        for (var i = 0; i < count; i++)
        {
            var row = rows is null ? i : rows[i];
            hashes[row] = column.IsValid(row) ? TWord.Mix(hashes[row], values, column.IndexOf(row)) : Fold(hashes[row] ^ NullWord, BytesFactor);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Fold(ulong left, ulong right)
    {
        var high = Math.BigMul(left, right, out var low);
        return high ^ low;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Final(ulong hash, ulong seed) => Fold(hash ^ BitOperations.RotateLeft(seed, 32), FinalFactor);

    /// <summary>Mixes one value into a hash; a type for each physical kind, so that each loop is compiled for its kind.</summary>
    private interface IWord
    {
        static abstract ulong Mix(ulong hash, void* values, int row);
    }

    private readonly struct BoolWord : IWord
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static ulong Mix(ulong hash, void* values, int row) => Fold(hash ^ ((byte*)values)[row], ValueFactor);
    }

    private readonly struct IntegerWord<T> : IWord
        where T : unmanaged, IBinaryInteger<T>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static ulong Mix(ulong hash, void* values, int row) =>
            Fold(hash ^ (ulong)long.CreateTruncating(((T*)values)[row]), ValueFactor);
    }

    private readonly struct Int128Word : IWord
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static ulong Mix(ulong hash, void* values, int row)
        {
            var words = (ulong*)values + 2 * (nint)row;
            return Fold(Fold(hash ^ words[0], ValueFactor) ^ words[1], BytesFactor);
        }
    }

    private readonly struct Float32Word : IWord
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static ulong Mix(ulong hash, void* values, int row) => Fold(hash ^ CompareKernel.Bits(((float*)values)[row]), ValueFactor);
    }

    private readonly struct Float64Word : IWord
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static ulong Mix(ulong hash, void* values, int row) => Fold(hash ^ CompareKernel.Bits(((double*)values)[row]), ValueFactor);
    }

    private readonly struct ViewWord : IWord
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static ulong Mix(ulong hash, void* values, int row)
        {
            var view = (StringView*)values + row;
            return view->IsInline
                ? Fold(Fold(hash ^ view->Head, ValueFactor) ^ view->Tail, BytesFactor)
                : MixLong(hash, view->Pointer, view->Length);
        }

        private static ulong MixLong(ulong hash, byte* bytes, int length)
        {
            hash ^= (ulong)length;
            var at = 0;
            for (; at + 16 <= length; at += 16)
                hash = Fold(hash ^ Unsafe.ReadUnaligned<ulong>(bytes + at), ValueFactor ^ Unsafe.ReadUnaligned<ulong>(bytes + at + 8)) ^ BytesFactor;
            if (at < length)
            {
                // Longer than 12 bytes: the last 16, or all of 13 to 15, are two overlapping words.
                var low = Unsafe.ReadUnaligned<ulong>(length >= 16 ? bytes + length - 16 : bytes);
                hash = Fold(hash ^ low, ValueFactor ^ Unsafe.ReadUnaligned<ulong>(bytes + length - 8));
            }

            return Fold(hash, BytesFactor);
        }
    }
}
