using System.Collections.Immutable;
using Freshet.Columns.Types;

namespace Freshet.Plan;

/// <summary>
/// What the condition of a join says about time. Either rows match within the same window, or the right row's time lies in an interval
/// around the left row's: from <see cref="LowMicros"/> to <see cref="HighMicros"/> after it. Both bound how long a row can still find a partner.
/// </summary>
/// <param name="Left">The left time column; of a window its end.</param>
/// <param name="Right">The right time column, in the right side's numbering.</param>
/// <param name="Time">The type of the time attributes.</param>
public sealed record TimedConditions(bool IsWindow, int Left, int Right, long LowMicros, long HighMicros, SqlType Time, bool IsProcessingTime)
{
    /// <summary>How far the result's times may lie behind the watermark.</summary>
    public long DelayMicros => IsWindow ? 0 : Math.Max(0, Math.Max(HighMicros, -LowMicros));

    /// <summary>The time conditions of a join over append-only inputs; null where it has none that bound both directions.</summary>
    public static TimedConditions? Of(PlanNode left, PlanNode right, ImmutableArray<int> leftKeys, ImmutableArray<int> rightKeys, BoundExpression? residual)
    {
        if (!left.IsAppendOnly || !right.IsAppendOnly) return null;
        return OfWindows(left, right, leftKeys, rightKeys, residual) ?? OfInterval(left, right, leftKeys, rightKeys, residual);
    }

    /// <summary>The columns of a join's sides that stay time attributes, in the result's numbering.</summary>
    public static ImmutableArray<int> Both(ImmutableArray<int> left, ImmutableArray<int> right, int width) => [.. left, .. right.Select(c => c + width)];

    /// <summary>Whether a condition compares times of both sides.</summary>
    public static bool IsTimed(BoundExpression condition, PlanNode left, PlanNode right)
    {
        if (condition is not BoundCall { Name: "=" or "<" or "<=" or ">" or ">=" } call) return false;
        var width = left.Schema.Count;
        ImmutableArray<int> OfLeft() => [.. left.RowTimes, .. left.ProcTimes, .. left.Windows?.Starts ?? [], .. left.Windows?.Ends ?? []];
        ImmutableArray<int> OfRight() => [.. right.RowTimes, .. right.ProcTimes, .. right.Windows?.Starts ?? [], .. right.Windows?.Ends ?? []];
        return Linear(call.Children[0]) is var (a, _) && Linear(call.Children[1]) is var (b, _)
            && (Math.Min(a, b), Math.Max(a, b)) is var (l, r) && l < width && r >= width && OfLeft().Contains(l) && OfRight().Contains(r - width);
    }

    private static TimedConditions? OfWindows(PlanNode left, PlanNode right, ImmutableArray<int> leftKeys, ImmutableArray<int> rightKeys, BoundExpression? residual)
    {
        if (left.Windows is not { } l || right.Windows is not { } r || l.IsProcessingTime != r.IsProcessingTime || l.Time.Kind != r.Time.Kind) return null;
        (int Left, int Right)? start = null;
        (int Left, int Right)? end = null;
        foreach (var (a, b) in Equalities(left, leftKeys, rightKeys, residual))
        {
            if (l.Starts.Contains(a) && r.Starts.Contains(b)) start = (a, b);
            if (l.Ends.Contains(a) && r.Ends.Contains(b)) end = (a, b);
        }

        return start is null || end is null ? null : new TimedConditions(true, end.Value.Left, end.Value.Right, 0, 0, l.Time, l.IsProcessingTime);
    }

    private static IEnumerable<(int Left, int Right)> Equalities(PlanNode left, ImmutableArray<int> leftKeys, ImmutableArray<int> rightKeys, BoundExpression? residual)
    {
        var width = left.Schema.Count;
        for (var i = 0; i < leftKeys.Length; i++) yield return (leftKeys[i], rightKeys[i]);
        foreach (var part in BoundLogical.Conjuncts(residual))
        {
            if (part is not BoundCall { Name: "=" } call || call.Children is not [BoundColumn a, BoundColumn b]) continue;
            if (a.Index < width && b.Index >= width) yield return (a.Index, b.Index - width);
            if (b.Index < width && a.Index >= width) yield return (b.Index, a.Index - width);
        }
    }

    private static TimedConditions? OfInterval(PlanNode left, PlanNode right, ImmutableArray<int> leftKeys, ImmutableArray<int> rightKeys, BoundExpression? residual)
    {
        var width = left.Schema.Count;
        var bounds = new Dictionary<(int Left, int Right), (long Low, long High)>();
        void Narrow(int l, int r, long low, long high)
        {
            var now = bounds.GetValueOrDefault((l, r), (long.MinValue, long.MaxValue));
            bounds[(l, r)] = (Math.Max(now.Item1, low), Math.Min(now.Item2, high));
        }

        for (var i = 0; i < leftKeys.Length; i++)
            if (AreTimes(left, right, leftKeys[i], rightKeys[i])) Narrow(leftKeys[i], rightKeys[i], 0, 0);
        foreach (var part in BoundLogical.Conjuncts(residual))
        {
            if (part is not BoundCall { Name: "=" or "<" or "<=" or ">" or ">=" } call || Linear(call.Children[0]) is not var (a, plusA) || Linear(call.Children[1]) is not var (b, plusB)) continue;
            var op = call.Name;
            if (a >= width) (a, plusA, b, plusB, op) = (b, plusB, a, plusA, op.Replace('<', '#').Replace('>', '<').Replace('#', '>'));
            if (a >= width || b < width || !AreTimes(left, right, a, b - width)) continue;
            // left + plusA op right + plusB, times in ms.
            var difference = plusA - plusB;
            Narrow(a, b - width, op is "<=" or "=" ? difference : op == "<" ? difference + 1000 : long.MinValue, op is ">=" or "=" ? difference : op == ">" ? difference - 1000 : long.MaxValue);
        }

        foreach (var ((l, r), (low, high)) in bounds)
        {
            if (low == long.MinValue || high == long.MaxValue) continue;
            return new TimedConditions(false, l, r, low, high, left.Schema[l], left.ProcTimes.Contains(l));
        }

        return null;
    }

    private static bool AreTimes(PlanNode left, PlanNode right, int l, int r) =>
        (left.RowTimes.Contains(l) && right.RowTimes.Contains(r)) || (left.ProcTimes.Contains(l) && right.ProcTimes.Contains(r));

    /// <summary>A column plus a length of time, µs; null for other expressions.</summary>
    internal static (int Column, long PlusMicros)? Linear(BoundExpression expression) => expression switch
    {
        BoundColumn { Type.IsTimestamp: true } column => (column.Index, 0),
        BoundCast { Type.IsTimestamp: true } cast when cast.Operand.Type.Kind == cast.Type.Kind => Linear(cast.Operand),
        BoundCall { Name: "+" or "-", Children: [var time, BoundLiteral { IsNull: false, Type.Kind: TypeKind.IntervalDayTime } length] } call
            when Linear(time) is var (column, plus) => (column, plus + ((call.Name == "+" ? 1 : -1) * length.Integer * 1000)),
        _ => null,
    };
}
