using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Kernels.Texts;

namespace Freshet.Kernels.Expressions;

/// <summary>
/// What an expression sees while it is evaluated over one batch: the input, the rows that matter, the memory for results,
/// the clock of the step and a place for the errors of rows. Used by one thread; reused from batch to batch.
/// </summary>
public sealed unsafe class EvaluationContext
{
    private const int WholeBatch = 0;

    private readonly List<RowError> _errors = [];
    private readonly List<int> _wider = [];
    private int _rowsActive;
    private KnownColumn[] _known = [];

    /// <summary>The rows that the expression reads.</summary>
    public Batch Input { get; private set; } = null!;

    /// <summary>Where results lie.</summary>
    public BatchMemory Memory { get; private set; } = null!;

    /// <summary>Rows of every column, active or not.</summary>
    public int Rows => Input.Rows;

    /// <summary>Row indexes that matter, ascending; null where all rows do. CASE, COALESCE, AND and OR narrow it for their branches.</summary>
    public int* Active { get; private set; }

    /// <summary>Length of <see cref="Active"/>, or <see cref="Rows"/>.</summary>
    public int ActiveCount { get; private set; }

    /// <summary>The rows that matter now, to come back to after <see cref="Narrow"/>.</summary>
    public ActiveSet ActiveSet
    {
        get => new(Active, ActiveCount, _rowsActive);
        set
        {
            Active = value.Rows;
            ActiveCount = value.Count;
            _rowsActive = value.Number;
        }
    }

    /// <summary>The journaled clock reading of the step, µs since 1970.</summary>
    public long ClockMicros { get; set; }

    /// <summary>The session's time zone, for TIMESTAMP_LTZ.</summary>
    public TimeZoneInfo TimeZone { get; set; } = TimeZoneInfo.Utc;

    /// <summary>Places in texts that were split.</summary>
    internal SplitPlaces SplitPlaces { get; } = new();

    /// <summary>Errors of active rows since <see cref="Begin"/>; a row may appear more than once.</summary>
    public IReadOnlyList<RowError> Errors => _errors;

    public void Begin(Batch input, BatchMemory memory)
    {
        Input = input;
        Memory = memory;
        Active = input.Selection;
        ActiveCount = input.Count;
        _errors.Clear();
        _wider.Clear();
        _wider.Add(-1);
        _rowsActive = WholeBatch;
        Array.Clear(_known);
        SplitPlaces.Forget();
    }

    /// <summary>Only these rows matter from here on: some of those that did.</summary>
    public void Narrow(int* rows, int count)
    {
        _wider.Add(_rowsActive);
        ActiveSet = new ActiveSet(rows, count, _wider.Count - 1);
    }

    /// <summary>A shared part that was computed for all rows that matter now.</summary>
    internal bool TryKnown(int part, out Column column)
    {
        column = default;
        if (part >= _known.Length || !_known[part].IsKnown) return false;

        column = _known[part].Column;
        return IsWithin(_known[part].Set);
    }

    /// <summary>Whether the rows that matter now are all in a set of this batch.</summary>
    internal bool IsWithin(int number)
    {
        // A set is made after the one that it is a part of, so numbers fall on the way to the wider ones.
        var set = _rowsActive;
        while (set > number) set = _wider[set];
        return set == number;
    }

    internal void Remember(int part, in Column column)
    {
        // Of no rows nothing is known, not even what a constant is.
        if (ActiveCount == 0) return;
        if (part >= _known.Length) Array.Resize(ref _known, part + 1);
        _known[part] = new KnownColumn { Column = column, Set = _rowsActive, IsKnown = true };
    }

    /// <summary>Says that the expression has no value for this active row. The row's result is NULL and the row leaves the view.</summary>
    public void Fail(int row, string reason, ReadOnlySpan<byte> value = default) =>
        _errors.Add(new RowError(row, reason, System.Text.Encoding.UTF8.GetString(value[..Math.Min(value.Length, RowError.ValueMaxBytes)])));
}

/// <summary>Rows that matter; null for all. Each set of a batch has a number.</summary>
public unsafe readonly struct ActiveSet(int* rows, int count, int number)
{
    public int* Rows { get; } = rows;

    public int Count { get; } = count;

    internal int Number { get; } = number;
}

/// <summary>What a shared part was found to be, and for which rows.</summary>
internal struct KnownColumn
{
    public Column Column;
    public int Set;
    public bool IsKnown;
}

/// <summary>Why an expression has no value for a row.</summary>
/// <param name="Row">Row index in the input batch.</param>
/// <param name="Reason">A sentence that names the operation and the remedy.</param>
/// <param name="Value">The value in question, cut to 200 bytes.</param>
public readonly record struct RowError(int Row, string Reason, string Value)
{
    public const int ValueMaxBytes = 200;
}
