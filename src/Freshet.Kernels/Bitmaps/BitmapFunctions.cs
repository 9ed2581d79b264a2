using Freshet.Columns;
using Freshet.Columns.Formats;
using Freshet.Columns.Json;
using Freshet.Kernels.Collections;
using Freshet.Kernels.Rows;

namespace Freshet.Kernels.Bitmaps;

/// <summary>Sets that are reused from row to row, of one thread.</summary>
internal static class BitmapScratch
{
    [ThreadStatic]
    private static List<uint>[]? t_sets;

    internal static List<uint> At(int place) => (t_sets ??= [[], [], []])[place];

    internal static List<uint> Read(int place, in Column column, int row)
    {
        var set = At(place);
        BitmapText.TryRead(RowLoop.Bytes(column, row), set);
        return set;
    }

    internal static bool Store(RowLoop rows, List<uint> set)
    {
        BitmapText.Write(set, rows.Buffer);
        return rows.StoreBuffer();
    }
}

/// <summary>BITMAP_BUILD(array of INT): its elements but NULLs.</summary>
public readonly struct BuildBitmap : IRowFunction
{
    public bool TryRow(RowLoop rows, ReadOnlySpan<Column> arguments, int row)
    {
        var set = BitmapScratch.At(0);
        set.Clear();
        foreach (var part in CollectionParts.Read(0, arguments[0], row).Values)
            if (part.Kind == JsonKind.Number && System.Buffers.Text.Utf8Parser.TryParse(part.Raw, out int member, out _)) set.Add((uint)member);
        set.Sort();
        var kept = 0;
        for (var i = 0; i < set.Count; i++)
            if (i == 0 || set[i] != set[kept - 1]) set[kept++] = set[i];
        set.RemoveRange(kept, set.Count - kept);
        return BitmapScratch.Store(rows, set);
    }
}

/// <summary>BITMAP_AND, BITMAP_OR, BITMAP_XOR, BITMAP_ANDNOT: which members are kept that only the left, only the right, or both have.</summary>
public readonly struct CombineBitmaps(bool left, bool right, bool both) : IRowFunction
{
    public bool TryRow(RowLoop rows, ReadOnlySpan<Column> arguments, int row)
    {
        var l = BitmapScratch.Read(0, arguments[0], row);
        var r = BitmapScratch.Read(1, arguments[1], row);
        var result = BitmapScratch.At(2);
        result.Clear();
        for (int i = 0, j = 0; i < l.Count || j < r.Count;)
        {
            var order = i == l.Count ? 1 : j == r.Count ? -1 : l[i].CompareTo(r[j]);
            var member = order <= 0 ? l[i] : r[j];
            if (order <= 0) i++;
            if (order >= 0) j++;
            if (order < 0 ? left : order > 0 ? right : both) result.Add(member);
        }

        return BitmapScratch.Store(rows, result);
    }
}

/// <summary>BITMAP_CARDINALITY: the number of members.</summary>
public readonly struct BitmapCardinality : IRowFunction
{
    public bool TryRow(RowLoop rows, ReadOnlySpan<Column> arguments, int row) => rows.Store((long)BitmapScratch.Read(0, arguments[0], row).Count);
}

/// <summary>BITMAP_TO_ARRAY: the members in their order as unsigned numbers, each as INT.</summary>
public readonly struct BitmapToArray : IRowFunction
{
    public bool TryRow(RowLoop rows, ReadOnlySpan<Column> arguments, int row)
    {
        var text = new ArrayText(rows.Buffer);
        foreach (var member in BitmapScratch.Read(0, arguments[0], row))
        {
            text.Separate();
            rows.Buffer.Write((long)(int)member);
        }

        text.End();
        return rows.StoreBuffer();
    }
}

/// <summary>BITMAP_TO_STRING: {1,2,3}.</summary>
public readonly struct BitmapToString : IRowFunction
{
    public bool TryRow(RowLoop rows, ReadOnlySpan<Column> arguments, int row) => rows.Keep(RowLoop.Bytes(arguments[0], row));
}

/// <summary>BITMAP_TO_BYTES: the portable serialization of Roaring bitmaps.</summary>
public readonly struct BitmapToBytes : IRowFunction
{
    public bool TryRow(RowLoop rows, ReadOnlySpan<Column> arguments, int row)
    {
        RoaringFormat.Write(BitmapScratch.Read(0, arguments[0], row), rows.Buffer);
        return rows.StoreBuffer();
    }
}

/// <summary>BITMAP_FROM_BYTES: of the portable serialization of Roaring bitmaps.</summary>
public readonly struct BitmapFromBytes : IRowFunction
{
    public bool TryRow(RowLoop rows, ReadOnlySpan<Column> arguments, int row)
    {
        var set = BitmapScratch.At(0);
        var bytes = RowLoop.Bytes(arguments[0], row);
        return RoaringFormat.TryRead(bytes, set) ? BitmapScratch.Store(rows, set) : rows.Fail("BITMAP_FROM_BYTES: the bytes are no Roaring bitmap.");
    }
}
