using System.Collections.Immutable;
using Freshet.Columns;
using Freshet.Columns.Types;

namespace Freshet.Plan;

/// <summary>How ROW_NUMBER, RANK and DENSE_RANK number rows.</summary>
public enum RankKind
{
    RowNumber,
    Rank,
    DenseRank,
}

/// <summary>
/// The rows whose number within their partition is from <paramref name="first"/> to <paramref name="last"/>: Top-N, deduplication
/// (1 to 1), and ORDER BY with LIMIT (no partition). The input's columns, then the number where it is given.
/// </summary>
/// <param name="last">The greatest number; <see cref="long.MaxValue"/> for no end.</param>
/// <param name="numberName">The name of the number's column; null where it is not in the result.</param>
public sealed class TopN(PlanNode input, RankKind kind, ImmutableArray<int> partition, ImmutableArray<SortColumn> order, long first, long last, string? numberName)
    : PlanNode(numberName is null ? input.Schema : new Schema([.. input.Schema.Fields, new Field(numberName, SqlType.BigInt.NotNull)]), [input])
{
    public RankKind Kind { get; } = kind;

    public ImmutableArray<int> Partition { get; } = partition;

    public ImmutableArray<SortColumn> Order { get; } = order;

    public long First { get; } = first;

    public long Last { get; } = last;

    public string? NumberName { get; } = numberName;

    public bool GivesNumber => NumberName is not null;

    /// <summary>The column of window_end where the partition is within windows: rows are then numbered once, when their window closes; else -1.</summary>
    public int WindowEnd => Inputs[0].Windows is { } windows && windows.Starts.Any(Partition.Contains) ? windows.Ends.FirstOrDefault(Partition.Contains, -1) : -1;

    /// <summary>The greatest last number for which <see cref="KeepsLists"/> can hold.</summary>
    public const long ListedMax = 128;

    /// <summary>
    /// Nothing is taken back from the input, so that of each partition only the first rows can ever matter, and those are few: they are
    /// kept as a list, and a row that the same step puts beyond the last number is never stored.
    /// </summary>
    public bool KeepsLists => Kind == RankKind.RowNumber && WindowEnd < 0 && Inputs[0].IsAppendOnly && Last is > 0 and <= ListedMax;

    /// <summary>A row that is in the result leaves it when a better one comes, but within windows.</summary>
    public override bool IsAppendOnly => WindowEnd >= 0;

    public override ImmutableArray<int> RowTimes => WindowEnd >= 0 ? Inputs[0].RowTimes : [];

    public override WindowBounds? Windows => WindowEnd >= 0 ? Inputs[0].Windows : null;

    public override bool WaitsForWatermark => WindowEnd >= 0 && !Inputs[0].Windows!.IsProcessingTime;

    public override bool OrdersByPosition => true;

    public override bool HasPosition => Inputs[0].HasPosition && !GivesNumber && WindowEnd < 0;

    public override ImmutableArray<int> ProcTimes => Inputs[0].ProcTimes;

    public override ImmutableArray<int> Key => Kind != RankKind.RowNumber
        ? Inputs[0].Key
        : First == Last ? Partition : GivesNumber ? [.. Partition, Schema.Count - 1] : Inputs[0].Key;

    public override string Describe() =>
        $"top by {string.Join(",", Partition)} order {string.Join(", ", Order)}: {Kind} from {First} to {Last}{(NumberName is null ? "" : $" as {NumberName}")}";
}
