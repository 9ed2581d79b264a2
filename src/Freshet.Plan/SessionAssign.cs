using System.Collections.Immutable;
using Freshet.Columns;

namespace Freshet.Plan;

/// <summary>SESSION: the input's columns, then window_start, window_end, window_time. A session's rows come when it closes.</summary>
/// <param name="keys">PARTITION BY.</param>
public sealed class SessionAssign(PlanNode input, long gapMicros, int timeColumn, ImmutableArray<int> keys, bool isProcessingTime)
    : PlanNode(new Schema([.. input.Schema.Fields, .. WindowAssign.WindowFields(input.Schema[timeColumn])]), [input])
{
    public long GapMicros { get; } = gapMicros;

    public int TimeColumn { get; } = timeColumn;

    public ImmutableArray<int> Keys { get; } = keys;

    public bool IsProcessingTime { get; } = isProcessingTime;

    /// <summary>A session's rows come once; but where rows are taken back, one may be that takes back nothing of its session.</summary>
    public override bool IsAppendOnly => Inputs[0].IsAppendOnly;

    public override bool HasPosition => Inputs[0].IsAppendOnly && Inputs[0].HasPosition;

    /// <summary>Of late rows with one watermark the one that came first is judged first.</summary>
    public override bool OrdersByPosition => !IsProcessingTime;

    public override ImmutableArray<int> RowTimes => Inputs[0].RowTimes.Contains(TimeColumn) ? [Schema.Count - 1] : [];

    public override ImmutableArray<int> ProcTimes => IsProcessingTime ? [Schema.Count - 1] : [];

    public override WindowBounds? Windows => WindowBounds.At(Inputs[0].Schema.Count, Schema[Schema.Count - 1], IsProcessingTime);

    public override bool WaitsForWatermark => !IsProcessingTime;

    public override string Describe() => $"sessions by {string.Join(",", Keys)} of {TimeColumn} gap {GapMicros}{(IsProcessingTime ? " by clock" : "")}";
}
