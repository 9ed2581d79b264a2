using System.Collections.Immutable;
using Freshet.Kernels.Expressions;

namespace Freshet.Plan;

/// <summary>
/// A grouping by sessions right above these, whose aggregates can be kept instead of the rows: nothing is taken back, the keys are those of the
/// sessions, and the calls' states can be merged when two sessions grow together.
/// </summary>
/// <param name="Sessions">The sessions; nothing else reads their rows.</param>
/// <param name="Keys">The grouping's keys, as columns of the sessions' input.</param>
/// <param name="Calls">Its calls over the sessions' input.</param>
public sealed record GroupedSessions(SessionAssign Sessions, ImmutableArray<int> Keys, ImmutableArray<PlanAggregate> Calls)
{
    public static GroupedSessions? Of(AttachedWindowAggregate window)
    {
        var input = window.Inputs[0];
        ImmutableArray<int> places = [.. Enumerable.Range(0, input.Schema.Count)];
        for (; input is Project project; input = project.Inputs[0]) places = [.. places.Select(p => p >= 0 && project.Expressions[p] is BoundColumn column ? column.Index : -1)];
        if (input is not SessionAssign { IsAppendOnly: true } sessions) return null;
        var width = sessions.Inputs[0].Schema.Count;
        if (places[window.Start] != width || places[window.End] != width + 1) return null;
        ImmutableArray<int> keys = [.. window.Keys.Select(k => places[k])];
        if (keys.Distinct().Count() != sessions.Keys.Distinct().Count() || !keys.All(k => sessions.Keys.Contains(k))) return null;
        if (!window.Calls.All(c => IsMerged(c) && c.Arguments.All(IsOfInput) && (c.Filter < 0 || IsOfInput(c.Filter)))) return null;
        return new GroupedSessions(sessions, keys, [.. window.Calls.Select(c => c.Over(column => places[column]))]);

        bool IsOfInput(int column) => places[column] >= 0 && places[column] < width;
    }

    private static bool IsMerged(PlanAggregate call) =>
        !call.IsDistinct && call.Kind is AggregateKind.Count or AggregateKind.Sum or AggregateKind.SumZero or AggregateKind.Avg or AggregateKind.Min or AggregateKind.Max
            or AggregateKind.VarPop or AggregateKind.VarSamp or AggregateKind.StddevPop or AggregateKind.StddevSamp;
}
