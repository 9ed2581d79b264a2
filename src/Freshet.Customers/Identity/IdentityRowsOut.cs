using System.Text;
using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;

namespace Freshet.Customers.Identity;

/// <summary>
/// What a step has changed, as rows of the identity's tables. Rows come in the order in which the step touched them.
/// </summary>
internal static unsafe class IdentityRowsOut
{
    private static readonly byte[][] Rules = [.. new[] { "blocked", "limit", "split", "cap", "too many" }.Select(Encoding.UTF8.GetBytes)];

    public static Batch? Relation(IdentityGraph graph)
    {
        var rows = new Rows(graph.Changed.Count * 2, PhysicalKind.Int64, PhysicalKind.Int64);
        foreach (ref readonly var before in graph.Changed.Items)
        {
            var name = graph.Name(before.Name);
            var profile = name->Number == 0 ? 0 : graph.Profile(name->Profile)->Id;
            if (before.Number == name->Number && before.Profile == profile) continue;
            if (before.Number != 0) rows.Next(-1).Set(0, before.Number).Set(1, before.Profile);
            if (name->Number != 0) rows.Next(1).Set(0, name->Number).Set(1, profile);
        }

        return rows.ToBatch();
    }

    public static Batch? Identifiers(IdentityGraph graph, BatchMemory step)
    {
        var rows = new Rows(graph.Changed.Count * 2, PhysicalKind.View, PhysicalKind.View, PhysicalKind.Int64, PhysicalKind.Int64, PhysicalKind.Int64, PhysicalKind.Int64, PhysicalKind.View, PhysicalKind.View);
        rows.Memory.Retain(step);
        foreach (ref readonly var before in graph.Changed.Items)
        {
            var name = graph.Name(before.Name);
            var profile = name->Number == 0 ? 0 : graph.Profile(name->Profile)->Id;
            if (before.Number == name->Number && before.Profile == profile && before.FirstSeen == name->FirstSeen && before.LastSeen == name->LastSeen) continue;
            var row = graph.Names.Table.Row(before.Name);
            var type = graph.Names.Table.TextAt(row, graph.Names.Table.Layout.OffsetOf(0));
            var value = graph.Names.Table.TextAt(row, graph.Names.Table.Layout.OffsetOf(1));
            if (before.Number != 0)
            {
                rows.Next(-1).Set(0, type).Set(1, value).Set(2, before.Number).Set(3, before.Profile)
                    .SetTime(4, before.FirstSeen).SetTime(5, before.LastSeen).SetText(6, before.MessageId).SetText(7, before.Source);
            }

            if (name->Number != 0)
            {
                rows.Next(1).Set(0, type).Set(1, value).Set(2, name->Number).Set(3, profile)
                    .SetTime(4, name->FirstSeen).SetTime(5, name->LastSeen).SetText(6, graph.MessageOf(before.Name)).SetText(7, graph.SourceOf(before.Name));
            }
        }

        return rows.ToBatch();
    }

    public static Batch? Merges(Buffer<IdentityFold.Merge> merges, Buffer<EventFacts> events, BatchMemory step)
    {
        var rows = new Rows(merges.Count, PhysicalKind.Int64, PhysicalKind.Int64, PhysicalKind.View, PhysicalKind.Int64, PhysicalKind.Int64, PhysicalKind.Int64);
        rows.Memory.Retain(step);
        foreach (ref readonly var merge in merges.Items)
        {
            ref var facts = ref events[merge.Event];
            rows.Next(1).Set(0, merge.Into).Set(1, merge.Merged).SetText(2, facts.MessageId).SetTime(3, facts.EventTime).SetTime(4, facts.ReceivedAt).Set(5, facts.Sequence);
        }

        return rows.ToBatch();
    }

    public static Batch? Drops(Buffer<Drop> drops, Buffer<EventFacts> events, BatchMemory step)
    {
        var rows = new Rows(drops.Count, PhysicalKind.View, PhysicalKind.View, PhysicalKind.View, PhysicalKind.View, PhysicalKind.Int64, PhysicalKind.Int64);
        rows.Memory.Retain(step);
        foreach (ref readonly var drop in drops.Items)
        {
            ref var facts = ref events[drop.Event];
            rows.Next(1).Set(0, drop.Type).Set(1, drop.Value).Set(2, StringView.Copy(Rules[(int)drop.Rule], rows.Memory))
                .SetText(3, facts.MessageId).SetTime(4, facts.ReceivedAt).Set(5, facts.Sequence);
        }

        return rows.ToBatch();
    }

    /// <summary>Each event's profile and message; then merges, splits and erasures, which count more.</summary>
    public static Batch? Causes(IdentityGraph graph, EventReader reader, IdentityFold fold, BatchMemory step)
    {
        var rows = new Rows(reader.Events.Count + fold.Merges.Count * 2 + fold.Turns.Count, PhysicalKind.Int64, PhysicalKind.View);
        rows.Memory.Retain(step);
        foreach (ref readonly var facts in reader.Events.Items)
        {
            if (facts.Owner == NameRow.None || graph.Name(facts.Owner)->Number == 0) continue;
            rows.Next(1).Set(0, graph.Profile(graph.Name(facts.Owner)->Profile)->Id).SetText(1, facts.MessageId);
        }

        var (merge, split, erase) = (StringView.Copy("merge"u8, rows.Memory), StringView.Copy("split"u8, rows.Memory), StringView.Copy("erase"u8, rows.Memory));
        foreach (ref readonly var one in fold.Merges.Items)
        {
            rows.Next(1).Set(0, one.Into).Set(1, merge);
            rows.Next(1).Set(0, one.Merged).Set(1, merge);
        }

        foreach (ref readonly var turn in fold.Turns.Items) rows.Next(1).Set(0, turn.Profile).Set(1, turn.Kind == EventKind.Erases ? erase : split);
        return rows.ToBatch();
    }

    /// <summary>Rows of one batch, written one after another.</summary>
    private sealed class Rows
    {
        private readonly Column[] _columns;
        private readonly long* _weights;
        private int _row = -1;
        private bool _takesBack;

        public Rows(int rows, params ReadOnlySpan<PhysicalKind> kinds)
        {
            Memory = BatchMemory.Create();
            _columns = new Column[kinds.Length];
            for (var c = 0; c < kinds.Length; c++)
            {
                _columns[c] = Column.Allocate(kinds[c], Math.Max(1, rows), Memory);
                _columns[c].EnsureValidity(Math.Max(1, rows), Memory);
            }

            _weights = Memory.Allocate<long>(Math.Max(1, rows));
        }

        public BatchMemory Memory { get; }

        public Rows Next(long weight)
        {
            _weights[++_row] = weight;
            _takesBack |= weight < 0;
            return this;
        }

        public Rows Set(int column, long value)
        {
            _columns[column].As<long>()[_row] = value;
            return this;
        }

        public Rows Set(int column, StringView value)
        {
            _columns[column].As<StringView>()[_row] = value;
            return this;
        }

        /// <summary>An empty text is none.</summary>
        public Rows SetText(int column, StringView value)
        {
            Set(column, value);
            if (value.Length == 0) _columns[column].SetNull(_row);
            return this;
        }

        public Rows SetTime(int column, long value)
        {
            Set(column, value);
            if (value == EventFacts.NoTime) _columns[column].SetNull(_row);
            return this;
        }

        public Batch? ToBatch()
        {
            if (_row >= 0) return new Batch(Memory, _columns, _row + 1) { Weights = _takesBack ? _weights : null };
            Memory.Release();
            return null;
        }
    }
}
