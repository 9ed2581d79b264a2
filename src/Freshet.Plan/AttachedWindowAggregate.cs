using System.Collections.Immutable;
using Freshet.Columns;
using Freshet.Columns.Types;

namespace Freshet.Plan;

/// <summary>
/// GROUP BY the bounds of windows that the input's rows come with: keys, window_start, window_end, window_time, then the calls,
/// as <see cref="WindowAggregate"/>. A window's rows come when it closes.
/// </summary>
public sealed class AttachedWindowAggregate(PlanNode input, int start, int end, SqlType time, bool isProcessingTime, ImmutableArray<int> keys, ImmutableArray<PlanAggregate> calls)
    : PlanNode(new Schema([.. keys.Select(k => input.Schema.Fields[k]), .. WindowAssign.WindowFields(time), .. calls.Select(c => new Field(c.Name, c.Type))]), [input])
{
    /// <summary>The column with window_start.</summary>
    public int Start { get; } = start;

    /// <summary>The column with window_end.</summary>
    public int End { get; } = end;

    /// <summary>The type of window_time.</summary>
    public SqlType Time { get; } = time;

    public bool IsProcessingTime { get; } = isProcessingTime;

    public ImmutableArray<int> Keys { get; } = keys;

    public ImmutableArray<PlanAggregate> Calls { get; } = calls;

    public override bool IsAppendOnly => true;

    public override bool OrdersByPosition => Calls.Any(c => c.IsOrdered);

    public override ImmutableArray<int> Key => [.. Enumerable.Range(0, Keys.Length + 2)];

    public override ImmutableArray<int> RowTimes => IsProcessingTime ? [] : [Keys.Length + 2];

    public override ImmutableArray<int> ProcTimes => IsProcessingTime ? [Keys.Length + 2] : [];

    public override WindowBounds? Windows => WindowBounds.At(Keys.Length, Time, IsProcessingTime);

    public override bool WaitsForWatermark => !IsProcessingTime;

    public override string Describe() => $"aggregate by {string.Join(",", Keys)} and window {Start},{End}{(IsProcessingTime ? " by clock" : "")} {Time}: {string.Join(", ", Calls)}";
}
