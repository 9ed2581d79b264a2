using System.Collections.Immutable;

namespace Freshet.Plan.Rules;

/// <summary>
/// Every node gives only the columns that something above it reads: scans decode less, joins and unnests keep less. A column
/// that is part of a row's identity (a UNION's, a DISTINCT's) stays.
/// </summary>
internal static class PruneColumns
{
    public static PlanNode Apply(PlanNode plan)
    {
        var (node, places) = Prune(plan, [.. Enumerable.Range(0, plan.Schema.Count)]);
        return InOrder(node, places, plan);
    }

    /// <summary>The node with at least the needed columns; places[c] is where column c is now, or -1.</summary>
    private static (PlanNode Node, int[] Places) Prune(PlanNode node, SortedSet<int> needed)
    {
        switch (node)
        {
            case Scan scan:
                {
                    var kept = Enumerable.Range(0, scan.Columns.Length).Where(needed.Contains).ToList();
                    ImmutableArray<ScanColumn> columns = [.. kept.Select(k => scan.Columns[k])];
                    // Where none of a feed's own columns is read, its source gives the rows without it.
                    var isPassed = scan.Table.Feed is { Number: 0 } output && columns.All(c => c.Column < output.Feed.Source.Schema.Count);
                    return (new Scan(isPassed ? scan.Table.SourceTable : scan.Table, columns), Places(scan.Columns.Length, kept));
                }

            case Upserts upserts:
                {
                    var (input, places) = Prune(upserts.Inputs[0], [.. needed, .. upserts.Keys]);
                    return (new Upserts(input, [.. upserts.Keys.Select(k => places[k])]), places);
                }

            case Filter filter:
                {
                    var (input, places) = Prune(filter.Inputs[0], [.. needed, .. filter.Condition.Columns()]);
                    return (new Filter(input, filter.Condition.Shift(c => places[c])), places);
                }

            case Project project:
                {
                    var kept = Enumerable.Range(0, project.Expressions.Length).Where(needed.Contains).ToList();
                    var (input, places) = Prune(project.Inputs[0], [.. kept.SelectMany(k => project.Expressions[k].Columns())]);
                    return (new Project(input, [.. kept.Select(k => project.Expressions[k].Shift(c => places[c]))], [.. kept.Select(k => project.Names[k])]), Places(project.Expressions.Length, kept));
                }

            case Unnest unnest:
                {
                    var width = unnest.Inputs[0].Schema.Count;
                    var (input, places) = Kept(unnest.Inputs[0], [.. needed.Where(c => c < width), unnest.Collection]);
                    int[] all = [.. places, .. unnest.Elements.Select((_, i) => input.Schema.Count + i)];
                    return (unnest.Over(input, places[unnest.Collection]), all);
                }

            // The partner of each left row, of which there is one at most and which nobody reads.
            case Join { Type: JoinType.Left } join when needed.All(c => c < join.Inputs[0].Schema.Count) && IsFed(join.Inputs[1]) && Join.IsUnique(join.Inputs[1], join.RightKeys):
                {
                    var (left, places) = Prune(join.Inputs[0], needed);
                    return (left, [.. places, .. Enumerable.Repeat(-1, join.Inputs[1].Schema.Count)]);
                }

            case Join join:
                {
                    var width = join.Inputs[0].Schema.Count;
                    var read = needed.Concat(join.Residual?.Columns() ?? []).ToList();
                    var (left, lp) = Kept(join.Inputs[0], [.. read.Where(c => c < width), .. join.LeftKeys]);
                    var (right, rp) = Kept(join.Inputs[1], [.. read.Where(c => c >= width).Select(c => c - width), .. join.RightKeys]);
                    int[] all = [.. lp, .. rp.Select(p => p < 0 ? -1 : p + left.Schema.Count)];
                    var pruned = join.Over(left, right, [.. join.LeftKeys.Select(k => lp[k])], [.. join.RightKeys.Select(k => rp[k])], join.Residual?.Shift(c => all[c]));
                    return (pruned, all);
                }

            case SemiJoin semi:
                {
                    var width = semi.Inputs[0].Schema.Count;
                    var read = semi.Residual?.Columns().ToList() ?? [];
                    var (left, lp) = Kept(semi.Inputs[0], [.. needed.Where(c => c < width), .. read.Where(c => c < width), .. semi.LeftKeys]);
                    var (right, rp) = Kept(semi.Inputs[1], [.. read.Where(c => c >= width).Select(c => c - width), .. semi.RightKeys]);
                    int[] all = [.. lp, .. rp.Select(p => p < 0 ? -1 : p + left.Schema.Count)];
                    var pruned = semi.Over(left, right, [.. semi.LeftKeys.Select(k => lp[k])], [.. semi.RightKeys.Select(k => rp[k])], semi.Residual?.Shift(c => all[c]));
                    return (pruned, semi.Type == SemiJoinType.Mark ? [.. lp, left.Schema.Count] : lp);
                }

            case TopN top:
                {
                    var width = top.Inputs[0].Schema.Count;
                    var (input, places) = Kept(top.Inputs[0], [.. needed.Where(c => c < width), .. top.Partition, .. top.Order.Where(o => o.Column >= 0).Select(o => o.Column)]);
                    var name = needed.Contains(width) ? top.NumberName : null;
                    var pruned = new TopN(input, top.Kind, [.. top.Partition.Select(p => places[p])], [.. top.Order.Select(o => o.At(c => places[c]))], top.First, top.Last, name);
                    return (pruned, top.GivesNumber ? [.. places, name is null ? -1 : input.Schema.Count] : places);
                }

            case Over over:
                {
                    var width = over.Inputs[0].Schema.Count;
                    var kept = Enumerable.Range(0, over.Calls.Length).Where(c => needed.Contains(width + c)).ToList();
                    // Without calls an OVER in order of time still leaves out late rows.
                    if (kept.Count == 0 && over.Emission != OverEmission.AtWatermark) return Prune(over.Inputs[0], [.. needed.Where(c => c < width)]) is var (below, at) ? (below, [.. at, .. over.Calls.Select(_ => -1)]) : default;
                    var calls = kept.Select(k => over.Calls[k]).ToList();
                    var (input, places) = Kept(over.Inputs[0], [.. needed.Where(c => c < width), .. over.Partition, .. over.Order.Where(o => o.Column >= 0).Select(o => o.Column), .. calls.SelectMany(c => c.Columns())]);
                    var pruned = new Over(input, [.. over.Partition.Select(p => places[p])], [.. over.Order.Select(o => o.At(c => places[c]))], over.Frame, [.. calls.Select(c => c.At(p => places[p]))], over.Emission);
                    return (pruned, [.. places, .. Places(over.Calls.Length, kept).Select(p => p < 0 ? -1 : p + input.Schema.Count)]);
                }

            case Aggregate { Calls.IsEmpty: false } aggregate:
                {
                    var (input, places) = Prune(aggregate.Inputs[0], [.. aggregate.Keys, .. Arguments(aggregate.Calls)]);
                    return (new Aggregate(input, [.. aggregate.Keys.Select(k => places[k])], Moved(aggregate.Calls, places)), Identity(node));
                }

            case WindowAggregate window:
                {
                    var (input, places) = Prune(window.Inputs[0], [.. window.Keys, window.TimeColumn, .. Arguments(window.Calls)]);
                    return (new WindowAggregate(input, window.Window, places[window.TimeColumn], [.. window.Keys.Select(k => places[k])], Moved(window.Calls, places)), Identity(node));
                }

            case TimedJoin join:
                {
                    var width = join.Inputs[0].Schema.Count;
                    var read = needed.Concat(join.Residual?.Columns() ?? []).ToList();
                    var (left, lp) = Kept(join.Inputs[0], [.. read.Where(c => c < width), .. join.LeftKeys, join.Times.Left]);
                    var (right, rp) = Kept(join.Inputs[1], [.. read.Where(c => c >= width).Select(c => c - width), .. join.RightKeys, join.Times.Right]);
                    int[] all = [.. lp, .. rp.Select(p => p < 0 ? -1 : p + left.Schema.Count)];
                    var times = join.Times with { Left = lp[join.Times.Left], Right = rp[join.Times.Right] };
                    var pruned = join.Over(left, right, times, [.. join.LeftKeys.Select(k => lp[k])], [.. join.RightKeys.Select(k => rp[k])], join.Residual?.Shift(c => all[c]));
                    return (pruned, join.Type is TimedJoinType.Semi or TimedJoinType.Anti ? lp : all);
                }

            case TemporalFilter filter:
                {
                    int[] bounds = [.. new[] { filter.From, filter.Until }.Where(c => c >= 0)];
                    var (input, places) = Kept(filter.Inputs[0], [.. needed, .. bounds]);
                    return (new TemporalFilter(input, filter.From < 0 ? -1 : places[filter.From], filter.Until < 0 ? -1 : places[filter.Until]), places);
                }

            case TemporalJoin join:
                {
                    var width = join.Inputs[0].Schema.Count;
                    var read = needed.Concat(join.Residual?.Columns() ?? []).ToList();
                    int[] times = join.IsLookup ? [] : [join.LeftTime];
                    int[] versions = join.IsLookup ? [] : [join.RightTime];
                    var (left, lp) = Kept(join.Inputs[0], [.. read.Where(c => c < width), .. join.LeftKeys, .. times]);
                    var (right, rp) = Kept(join.Inputs[1], [.. read.Where(c => c >= width).Select(c => c - width), .. join.RightKeys, .. versions]);
                    int[] all = [.. lp, .. rp.Select(p => p < 0 ? -1 : p + left.Schema.Count)];
                    var pruned = join.Over(left, right, [.. join.LeftKeys.Select(k => lp[k])], [.. join.RightKeys.Select(k => rp[k])], join.Residual?.Shift(c => all[c]), join.IsLookup ? -1 : lp[join.LeftTime], join.IsLookup ? -1 : rp[join.RightTime]);
                    return (pruned, all);
                }

            case AttachedWindowAggregate window:
                {
                    var (input, places) = Prune(window.Inputs[0], [.. window.Keys, window.Start, window.End, .. Arguments(window.Calls)]);
                    return (new AttachedWindowAggregate(input, places[window.Start], places[window.End], window.Time, window.IsProcessingTime, [.. window.Keys.Select(k => places[k])], Moved(window.Calls, places)), Identity(node));
                }

            case SessionAssign session:
                {
                    var width = session.Inputs[0].Schema.Count;
                    var (input, places) = Kept(session.Inputs[0], [.. needed.Where(c => c < width), session.TimeColumn, .. session.Keys]);
                    var pruned = new SessionAssign(input, session.GapMicros, places[session.TimeColumn], [.. session.Keys.Select(k => places[k])], session.IsProcessingTime);
                    return (pruned, [.. places, .. Enumerable.Range(input.Schema.Count, pruned.Schema.Count - input.Schema.Count)]);
                }

            case WindowAssign assign:
                {
                    var width = assign.Inputs[0].Schema.Count;
                    var (input, places) = Prune(assign.Inputs[0], [.. needed.Where(c => c < width), assign.TimeColumn]);
                    return (new WindowAssign(input, assign.Window, places[assign.TimeColumn]), [.. places, .. Enumerable.Range(input.Schema.Count, assign.Schema.Count - width)]);
                }

            default:
                {
                    // Union, DISTINCT, sorts, windows: all columns of the inputs stay, in order.
                    var inputs = ImmutableArray.CreateRange(node.Inputs, i =>
                    {
                        var (pruned, places) = Prune(i, [.. Enumerable.Range(0, i.Schema.Count)]);
                        return InOrder(pruned, places, i);
                    });
                    return (Optimizer.WithInputs(node, inputs), Identity(node));
                }
        }
    }

    /// <summary>Whether the keys of a plan's tables are made sure of, by an operator: nobody holds a source to its PRIMARY KEY.</summary>
    internal static bool IsFed(PlanNode node) => node is Scan scan ? scan.Table.Feed is not null : node.Inputs.All(IsFed);

    /// <summary>The node with exactly the needed columns: what an operator keeps in its state carries nothing that only a filter below has read.</summary>
    private static (PlanNode Node, int[] Places) Kept(PlanNode node, SortedSet<int> needed)
    {
        var (pruned, places) = Prune(node, needed);
        if (pruned.Schema.Count <= needed.Count) return (pruned, places);
        var kept = needed.ToList();
        var columns = kept.Select(k => (BoundExpression)new BoundColumn(places[k], pruned.Schema[places[k]]));
        return (new Project(pruned, [.. columns], [.. kept.Select(k => pruned.Schema.Fields[places[k]].Name)]), Places(places.Length, kept));
    }

    private static IEnumerable<int> Arguments(ImmutableArray<PlanAggregate> calls) =>
        calls.SelectMany(c => c.Arguments.Append(c.Filter)).Where(c => c >= 0);

    private static ImmutableArray<PlanAggregate> Moved(ImmutableArray<PlanAggregate> calls, int[] places) =>
        [.. calls.Select(c => c.Over(a => places[a]))];

    private static int[] Identity(PlanNode node) => [.. Enumerable.Range(0, node.Schema.Count)];

    private static int[] Places(int count, List<int> kept)
    {
        var places = new int[count];
        Array.Fill(places, -1);
        for (var i = 0; i < kept.Count; i++) places[kept[i]] = i;
        return places;
    }

    /// <summary>Puts the columns back where the original node has them.</summary>
    private static PlanNode InOrder(PlanNode node, int[] places, PlanNode original)
    {
        if (node.Schema.Count == places.Length && places.SequenceEqual(Enumerable.Range(0, places.Length))) return node;
        return new Project(node, [.. places.Select(p => new BoundColumn(p, node.Schema[p]))], [.. original.Schema.Fields.Select(f => f.Name)]);
    }
}
