using System.Runtime.CompilerServices;
using Freshet.Columns.Memory;

namespace Freshet.Columns;

/// <summary>
/// The unit in which rows move: columns of the same length, weights, and a selection of the rows that count.
/// A weight says how often a row is added (positive) or taken back (negative); without weights every row is +1, which is
/// the append-only fast path. A selection lists the rows that count, ascending; without one all do: a filter makes a
/// selection and copies nothing.
/// Ownership: the batch holds one reference to its <see cref="Memory"/>. Whoever receives a batch releases it exactly once;
/// whoever keeps it beyond that calls <see cref="AddReference"/> first. A batch is immutable once it has been handed on.
/// </summary>
public sealed unsafe class Batch
{
    /// <summary>Rows of a batch where latency counts; up to 64 K when catching up.</summary>
    public const int TypicalRows = 4096;

    /// <summary>Most rows of one batch.</summary>
    public const int MaxRows = 65536;

    private int _references = 1;

    public Batch(BatchMemory memory, Column[] columns, int rows)
    {
        Memory = memory;
        Columns = columns;
        Rows = rows;
        Count = rows;
    }

    public BatchMemory Memory { get; }

    public Column[] Columns { get; }

    /// <summary>Rows that the columns hold, selected or not.</summary>
    public int Rows { get; }

    /// <summary>Rows that count: the length of <see cref="Selection"/>, or <see cref="Rows"/> without one.</summary>
    public int Count { get; private set; }

    /// <summary>Indexes of the rows that count, ascending, <see cref="Count"/> long; null where all do.</summary>
    public int* Selection { get; private set; }

    /// <summary>One weight for each row (by row index, not by selection); null where all are +1.</summary>
    public long* Weights { get; set; }

    /// <summary>
    /// For each row (by row index) the watermark at its own position, µs; null where no row of the batch is behind the
    /// watermark of its position. Only operators that close windows read it.
    /// </summary>
    public long* RowWatermarks { get; set; }

    /// <summary>Sets the rows that count; <paramref name="selection"/> lies in this batch's memory or one it retains.</summary>
    public void Select(int* selection, int count)
    {
        Selection = selection;
        Count = count;
    }

    /// <summary>The row index of the <paramref name="i"/>-th row that counts.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int RowAt(int i) => Selection is null ? i : Selection[i];

    /// <summary>The weight of a row, by row index.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public long WeightOf(int row) => Weights is null ? 1 : Weights[row];

    /// <summary>A batch of other columns over the same rows: shares memory, selection, weights and row watermarks.</summary>
    /// <remarks>New columns lie in <paramref name="memory"/>, which retains this batch's memory.</remarks>
    public Batch WithColumns(BatchMemory memory, Column[] columns)
    {
        memory.Retain(Memory);
        return new Batch(memory, columns, Rows) { Selection = Selection, Count = Count, Weights = Weights, RowWatermarks = RowWatermarks };
    }

    public void AddReference() => Interlocked.Increment(ref _references);

    public void Release()
    {
        var left = Interlocked.Decrement(ref _references);
        System.Diagnostics.Debug.Assert(left >= 0, "a batch was released more often than referenced");
        if (left == 0) Memory.Release();
    }
}
