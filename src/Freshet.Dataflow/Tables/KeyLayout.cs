using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Freshet.Columns;
using Freshet.Columns.Kernels;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;

namespace Freshet.Dataflow.Tables;

/// <summary>
/// How a key lies in a row: words with a bit for each NULL, 32 to a word, then each value in one word, or two for 16-byte
/// kinds. The upper half of the first word is the hash's tag. Keys are the same when their words are, except for long texts,
/// whose bytes decide. NULL has value words of zero; floating point has its identity's bits.
/// A batch is packed column by column into scratch memory; from there keys are compared and copied as words.
/// </summary>
internal sealed unsafe class KeyLayout
{
    private readonly PhysicalKind[] _kinds;
    private readonly int[] _offsets;
    private readonly int[] _texts;

    public KeyLayout(PhysicalKind[] kinds)
    {
        _kinds = kinds;
        _offsets = new int[kinds.Length];
        NullWords = Math.Max(1, kinds.Length + 31 >> 5);
        Words = NullWords;
        for (var i = 0; i < kinds.Length; i++)
        {
            _offsets[i] = Words;
            Words += kinds[i].WidthBytes() == 16 ? 2 : 1;
        }

        _texts = [.. Enumerable.Range(0, kinds.Length).Where(i => kinds[i] == PhysicalKind.View).Select(i => _offsets[i])];
    }

    public PhysicalKind KindOf(int column) => _kinds[column];

    /// <summary>Words of a key.</summary>
    public int Words { get; }

    private int NullWords { get; }

    public bool HasTexts => _texts.Length > 0;

    /// <summary>The tag of a packed or stored key.</summary>
    public static uint TagOf(ulong* key) => (uint)(*key >> 32);

    /// <summary>Packs the keys of rows, one after another.</summary>
    /// <param name="columns">The columns of the batch that are the key's.</param>
    /// <param name="hashes">By row index; null for tags of 0.</param>
    public void Pack(Batch batch, ReadOnlySpan<int> columns, int* rows, int count, ulong* hashes, ulong* packed)
    {
        for (var i = 0; i < count; i++) packed[(nint)i * Words] = hashes is null ? 0 : (ulong)KeyIndex.TagOf(hashes[rows[i]]) << 32;
        for (var word = 1; word < NullWords; word++)
        {
            for (var i = 0; i < count; i++) packed[(nint)i * Words + word] = 0;
        }

        for (var i = 0; i < columns.Length; i++) PackColumn(batch.Columns[columns[i]], i, rows, count, packed);
    }

    /// <summary>Whether a packed key and a stored one are the same.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Same(ulong* packed, ulong* stored)
    {
        for (var i = 0; i < Words; i++)
            if (packed[i] != stored[i]) return _texts.Length > 0 && SameTexts(packed, stored);
        return true;
    }

    /// <summary>Makes a packed key, copied to its row, the row's own: long texts get their own bytes. Returns how many bytes.</summary>
    public long OwnTexts(ulong* key)
    {
        long bytes = 0;
        foreach (var offset in _texts)
        {
            var view = (StringView*)(key + offset);
            if (view->IsInline) continue;
            var copy = (byte*)NativeMemory.Alloc((nuint)view->Length);
            NativeMemory.Copy(view->Pointer, copy, (nuint)view->Length);
            bytes += view->Length;
            *view = new StringView(copy, view->Length);
        }

        return bytes;
    }

    /// <summary>Frees what <see cref="OwnTexts"/> has made; returns how many bytes.</summary>
    public long FreeTexts(ulong* key)
    {
        long bytes = 0;
        foreach (var offset in _texts)
        {
            var view = (StringView*)(key + offset);
            if (view->IsInline) continue;
            bytes += view->Length;
            NativeMemory.Free(view->Pointer);
        }

        return bytes;
    }

    /// <summary>Moves the long texts of a stored key to a list of addresses and leaves empty ones; returns how many bytes.</summary>
    public long TakeTexts(ulong* key, List<nint> texts)
    {
        long bytes = 0;
        foreach (var offset in _texts)
        {
            var view = (StringView*)(key + offset);
            if (view->IsInline) continue;
            bytes += view->Length;
            texts.Add((nint)view->Pointer);
            *view = default;
        }

        return bytes;
    }

    /// <summary>One column of stored keys.</summary>
    /// <param name="copiesTexts">Copy long texts into <paramref name="memory"/>.</param>
    public Column Unpack(int column, ulong** keys, int count, BatchMemory memory, bool copiesTexts)
    {
        var result = Column.Allocate(_kinds[column], count, memory);
        var offset = _offsets[column];
        switch (_kinds[column].WidthBytes())
        {
            case 1: Unpack<byte>(keys, offset, count, result.As<byte>()); break;
            case 2: Unpack<short>(keys, offset, count, result.As<short>()); break;
            case 4: Unpack<int>(keys, offset, count, result.As<int>()); break;
            case 8: Unpack<long>(keys, offset, count, result.As<long>()); break;
            default: Unpack<Int128>(keys, offset, count, result.As<Int128>()); break;
        }

        if (copiesTexts && _kinds[column] == PhysicalKind.View) GatherKernel.OwnTexts(result.As<StringView>(), count, memory);
        for (var i = 0; i < count; i++)
        {
            if ((keys[i][column >> 5] >> (column & 31) & 1) == 0) continue;
            result.EnsureValidity(count, memory);
            result.SetNull(i);
        }

        return result;
    }

    private static void Unpack<T>(ulong** keys, int offset, int count, T* values)
        where T : unmanaged
    {
        for (var i = 0; i < count; i++) values[i] = Unsafe.ReadUnaligned<T>(keys[i] + offset);
    }

    private bool SameTexts(ulong* packed, ulong* stored)
    {
        var text = 0;
        for (var i = 0; i < Words; i++)
        {
            if (text < _texts.Length && _texts[text] == i)
            {
                text++;
                if (!((StringView*)(packed + i))->Equals(*(StringView*)(stored + i))) return false;
                i++;
            }
            else if (packed[i] != stored[i])
            {
                return false;
            }
        }

        return true;
    }

    private void PackColumn(in Column column, int index, int* rows, int count, ulong* packed)
    {
        var to = packed + _offsets[index];
        switch (column.Kind)
        {
            case PhysicalKind.Bool or PhysicalKind.Int8: Pack<byte>(column, rows, count, to); break;
            case PhysicalKind.Int16: Pack<ushort>(column, rows, count, to); break;
            case PhysicalKind.Int32: Pack<uint>(column, rows, count, to); break;
            case PhysicalKind.Int64: Pack<ulong>(column, rows, count, to); break;
            case PhysicalKind.Float32: PackSingles(column, rows, count, to); break;
            case PhysicalKind.Float64: PackDoubles(column, rows, count, to); break;
            default: PackWide(column, rows, count, to); break;
        }

        if (column.Validity is null) return;
        var words = _kinds[index].WidthBytes() == 16 ? 2 : 1;
        for (var i = 0; i < count; i++)
        {
            if (column.IsValid(rows[i])) continue;
            packed[(nint)i * Words + (index >> 5)] |= 1UL << (index & 31);
            for (var word = 0; word < words; word++) to[(nint)i * Words + word] = 0;
        }
    }

    private void Pack<T>(in Column column, int* rows, int count, ulong* to)
        where T : unmanaged, System.Numerics.IBinaryInteger<T>
    {
        var values = column.As<T>();
        var constant = column.IsConstant;
        for (var i = 0; i < count; i++) to[(nint)i * Words] = ulong.CreateTruncating(values[constant ? 0 : rows[i]]);
    }

    private void PackSingles(in Column column, int* rows, int count, ulong* to)
    {
        for (var i = 0; i < count; i++) to[(nint)i * Words] = CompareKernel.Bits(column.As<float>()[column.IndexOf(rows[i])]);
    }

    private void PackDoubles(in Column column, int* rows, int count, ulong* to)
    {
        for (var i = 0; i < count; i++) to[(nint)i * Words] = CompareKernel.Bits(column.As<double>()[column.IndexOf(rows[i])]);
    }

    private void PackWide(in Column column, int* rows, int count, ulong* to)
    {
        for (var i = 0; i < count; i++)
        {
            var value = column.As<ulong>() + 2 * (nint)column.IndexOf(rows[i]);
            to[(nint)i * Words] = value[0];
            to[(nint)i * Words + 1] = value[1];
        }
    }
}
