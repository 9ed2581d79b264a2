using System.Collections.Immutable;
using Freshet.Columns.Types;
using Freshet.State.Pages;

namespace Freshet.State.Rows;

/// <summary>A field of a row that no column fills: an accumulator's state, a weight, links of a list.</summary>
/// <param name="Bytes">Its size.</param>
/// <param name="IsText">Whether it is a <see cref="StoredText"/> whose long bytes the table owns.</param>
public readonly record struct ExtraField(int Bytes, bool IsText = false)
{
    /// <summary>A text of an accumulator (16 bytes).</summary>
    public static ExtraField Text => new(StoredText.CellBytes, true);
}

/// <summary>
/// How a row of a state table lies in memory: a fixed number of bytes, texts as 16-byte <see cref="StoredText"/> cells.
/// <code>
/// columns of 16 bytes, of 8, 4, 2, 1 | one NULL bit a column | padding | extra fields, each at a multiple of 8, or of 4 where it has 4 bytes
/// </code>
/// A row of zeros is a row of zeros and empty texts without NULLs. All NULL bits are there whatever the types say, one byte
/// for eight columns, most often in what would be padding. Immutable.
/// </summary>
public sealed class RowLayout
{
    /// <summary>Largest row, bytes: a page holds at least two.</summary>
    public const int MaxRowBytes = 8000;

    private readonly int[] _offsets;
    private readonly PhysicalKind[] _kinds;
    private readonly int[] _extraOffsets;
    private readonly int[] _textOffsets;

    public RowLayout(ReadOnlySpan<PhysicalKind> columns, params ReadOnlySpan<ExtraField> extras)
    {
        _kinds = columns.ToArray();
        _offsets = new int[columns.Length];
        var next = 0;
        var texts = new List<int>();
        for (var width = 16; width >= 1; width /= 2)
        {
            for (var i = 0; i < columns.Length; i++)
            {
                if (columns[i].WidthBytes() != width) continue;
                _offsets[i] = next;
                if (columns[i] == PhysicalKind.View) texts.Add(next);
                next += width;
            }
        }

        NullOffset = next;
        next += (columns.Length + 7) / 8;
        _extraOffsets = new int[extras.Length];
        for (var i = 0; i < extras.Length; i++)
        {
            if (extras[i].Bytes == sizeof(int)) next = next + 3 & ~3;
            else next = Align(next);
            _extraOffsets[i] = next;
            if (extras[i].IsText) texts.Add(next);
            next += extras[i].Bytes;
        }

        next = Align(next);
        ExtrasOffset = extras.Length == 0 ? next : _extraOffsets[0];
        RowBytes = Math.Max(next, 8);
        if (RowBytes > MaxRowBytes)
            throw new ArgumentException($"A row of {RowBytes} bytes does not fit: at most {MaxRowBytes} bytes, which is about 500 columns.");
        _textOffsets = [.. texts];

        // Two bitmaps, used and live, of whole words before the rows, which begin at a multiple of 64.
        var rows = PageStore.PageBytes / RowBytes;
        while (FirstRowOf(rows) + rows * RowBytes > PageStore.PageBytes) rows--;
        RowsPerPage = rows;
        BitmapWords = (rows + 63) / 64;
        FirstRowOffset = FirstRowOf(rows);
        SlotShift = 64 - System.Numerics.BitOperations.LeadingZeroCount((ulong)rows - 1);
    }

    public RowLayout(ImmutableArray<SqlType> columns, params ReadOnlySpan<ExtraField> extras)
        : this(columns.Select(c => c.Physical).ToArray().AsSpan(), extras)
    {
    }

    public int Columns => _offsets.Length;

    /// <summary>Bytes of a row, a multiple of 8.</summary>
    public int RowBytes { get; }

    /// <summary>Where the extra fields begin; they end with the row.</summary>
    public int ExtrasOffset { get; }

    /// <summary>The fields that hold texts, columns first.</summary>
    public ReadOnlySpan<int> TextOffsets => _textOffsets;

    internal int NullOffset { get; }

    internal int RowsPerPage { get; }

    internal int BitmapWords { get; }

    internal int FirstRowOffset { get; }

    /// <summary>A slot is page number and row within the page: this many low bits are the row's.</summary>
    internal int SlotShift { get; }

    public PhysicalKind KindOf(int column) => _kinds[column];

    /// <summary>Bytes from the row's start to a column's value.</summary>
    public int OffsetOf(int column) => _offsets[column];

    /// <summary>Bytes from the row's start to an extra field.</summary>
    public int ExtraOffset(int extra) => _extraOffsets[extra];

    private static int Align(int bytes) => bytes + 7 & ~7;

    private static int FirstRowOf(int rows) => 8 + 2 * 8 * ((rows + 63) / 64) + 63 & ~63;
}
