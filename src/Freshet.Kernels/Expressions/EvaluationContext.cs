using Freshet.Columns;
using Freshet.Columns.Memory;

namespace Freshet.Kernels.Expressions;

/// <summary>
/// What an expression sees while it is evaluated over one batch: the input, the rows that matter, the memory for results,
/// the clock of the step and a place for the errors of rows. Used by one thread; reused from batch to batch.
/// </summary>
public sealed unsafe class EvaluationContext
{
    private readonly List<RowError> _errors = [];

    /// <summary>The rows that the expression reads.</summary>
    public Batch Input { get; private set; } = null!;

    /// <summary>Where results lie.</summary>
    public BatchMemory Memory { get; private set; } = null!;

    /// <summary>Rows of every column, active or not.</summary>
    public int Rows => Input.Rows;

    /// <summary>Row indexes that matter, ascending; null where all rows do. CASE, COALESCE, AND and OR narrow it for their branches.</summary>
    public int* Active { get; set; }

    /// <summary>Length of <see cref="Active"/>, or <see cref="Rows"/>.</summary>
    public int ActiveCount { get; set; }

    /// <summary>The journaled clock reading of the step, µs since 1970.</summary>
    public long ClockMicros { get; set; }

    /// <summary>The session's time zone, for TIMESTAMP_LTZ.</summary>
    public TimeZoneInfo TimeZone { get; set; } = TimeZoneInfo.Utc;

    /// <summary>Errors of active rows since <see cref="Begin"/>; a row may appear more than once.</summary>
    public IReadOnlyList<RowError> Errors => _errors;

    public void Begin(Batch input, BatchMemory memory)
    {
        Input = input;
        Memory = memory;
        Active = input.Selection;
        ActiveCount = input.Count;
        _errors.Clear();
    }

    /// <summary>Says that the expression has no value for this active row. The row's result is NULL and the row leaves the view.</summary>
    public void Fail(int row, string reason, ReadOnlySpan<byte> value = default) =>
        _errors.Add(new RowError(row, reason, System.Text.Encoding.UTF8.GetString(value[..Math.Min(value.Length, RowError.ValueMaxBytes)])));
}

/// <summary>Why an expression has no value for a row.</summary>
/// <param name="Row">Row index in the input batch.</param>
/// <param name="Reason">A sentence that names the operation and the remedy.</param>
/// <param name="Value">The value in question, cut to 200 bytes.</param>
public readonly record struct RowError(int Row, string Reason, string Value)
{
    public const int ValueMaxBytes = 200;
}
