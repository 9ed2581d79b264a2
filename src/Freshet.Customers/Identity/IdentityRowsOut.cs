using System.Text;
using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;

namespace Freshet.Customers.Identity;

/// <summary>
/// What a step has changed, as rows of the identity's tables. Rows come in the order in which the step touched them, in batches of
/// the usual size: each call goes on from where the last one has come to, and gives null when nothing is left.
/// </summary>
internal static unsafe class IdentityRowsOut
{
    private static readonly byte[][] Rules = [.. new[] { "blocked", "limit", "split", "cap", "too many" }.Select(Encoding.UTF8.GetBytes)];

    public static Batch? Relation(IdentityGraph graph, ref int next)
    {
        if (next == graph.Changed.Count) return null;
        var rows = new Rows((graph.Changed.Count - next) * 2, PhysicalKind.Int64, PhysicalKind.Int64);
        for (; next < graph.Changed.Count && !rows.IsFull; next++)
        {
            ref readonly var before = ref graph.Changed[next];
            var name = graph.Name(before.Name);
            var profile = name->Shown == 0 ? 0 : graph.Profile(name->Profile)->Id;
            if (before.Number == name->Shown && before.Profile == profile) continue;
            if (before.Number != 0) rows.Next(-1).Set(0, before.Number).Set(1, before.Profile);
            if (name->Shown != 0) rows.Next(1).Set(0, name->Shown).Set(1, profile);
        }

        // Where no row came of it, nothing is left.
        return rows.ToBatch();
    }

    public static Batch? Identifiers(IdentityGraph graph, BatchMemory step, ref int next)
    {
        if (next == graph.Changed.Count) return null;
        var rows = new Rows((graph.Changed.Count - next) * 2, PhysicalKind.View, PhysicalKind.View, PhysicalKind.Int64, PhysicalKind.Int64, PhysicalKind.Int64, PhysicalKind.View, PhysicalKind.View);
        rows.Memory.Retain(step);
        for (; next < graph.Changed.Count && !rows.IsFull; next++)
        {
            ref readonly var before = ref graph.Changed[next];
            var name = graph.Name(before.Name);
            var profile = name->Shown == 0 ? 0 : graph.Profile(name->Profile)->Id;
            var (message, source) = (graph.MessageOf(before.Name), graph.SourceOf(before.Name));
            var isKnownAnew = before.Number != name->Shown && (before.Number == 0 || name->Shown == 0 || !before.MessageId.Equals(message) || !before.Source.Equals(source));
            if (!isKnownAnew && before.Profile == profile && before.FirstSeen == name->FirstSeen && before.LastSeen == name->LastSeen) continue;
            var (type, value) = graph.TextsOf(before.Name);
            if (before.Number != 0)
            {
                rows.Next(-1).Set(0, type).Set(1, value).Set(2, before.Profile)
                    .SetTime(3, before.FirstSeen).SetTime(4, before.LastSeen).SetText(5, before.MessageId).SetText(6, before.Source);
            }

            if (name->Shown != 0)
            {
                rows.Next(1).Set(0, type).Set(1, value).Set(2, profile)
                    .SetTime(3, name->FirstSeen).SetTime(4, name->LastSeen).SetText(5, message).SetText(6, source);
            }
        }

        return rows.ToBatch();
    }

    public static Batch? Recent(IdentityGraph graph, ref int next)
    {
        var changed = graph.Recent.Changed;
        if (next == changed.Count) return null;
        var rows = new Rows((changed.Count - next) * 2, PhysicalKind.View, PhysicalKind.View, PhysicalKind.Int64, PhysicalKind.View);
        for (; next < changed.Count && !rows.IsFull; next++)
        {
            ref var before = ref changed[next];
            var name = graph.Name(before.Name);
            var (type, value) = graph.TextsOf(before.Name);
            if (before.Row.Count > 0) rows.Next(-1).Set(0, type).Set(1, value).Set(2, before.Number).Set(3, PlacesOf(ref before.Row, rows.Memory));
            if (name->Shown == 0 || name->Recent == NameRow.None) continue;
            graph.Recent.Read(name->Recent, out var now);
            rows.Next(1).Set(0, type).Set(1, value).Set(2, name->Number).Set(3, PlacesOf(ref now, rows.Memory));
        }

        return rows.ToBatch();
    }

    private static StringView PlacesOf(ref RecentRow row, BatchMemory memory)
    {
        var bytes = memory.Allocate<long>(row.Count);
        for (var i = 0; i < row.Count; i++) bytes[i] = row.Places[i];
        return new StringView((byte*)bytes, row.Count * sizeof(long));
    }

    public static Batch? Profiles(IdentityGraph graph, ref int next)
    {
        var changed = graph.ChangedProfiles;
        if (next == changed.Count) return null;
        var rows = new Rows((changed.Count - next) * 2, PhysicalKind.Int64, PhysicalKind.Int64, PhysicalKind.Int64, PhysicalKind.Int64);
        var anew = graph.HasRegrouped ? MadeAnew(graph) : null;
        for (; next < changed.Count && !rows.IsFull; next++)
        {
            ref readonly var before = ref changed[next];
            var now = *graph.Profile(before.Profile);
            var isThere = graph.IsProfile(before.Profile) && now.IsHidden == 0;
            if (anew is not null && anew.TryGetValue(before.Members > 0 ? before.Id : now.Id, out var other))
            {
                // What a split has made of a profile is told where its old row is, and not once more.
                if (before.Members == 0) continue;
                now = *graph.Profile(other);
                isThere = graph.IsProfile(other) && now.IsHidden == 0;
            }

            if (before.Members > 0 && isThere && before.Members == now.Members && before.FirstSeen == now.FirstSeen && before.LastSeen == now.LastSeen) continue;
            if (before.Members > 0) Write(rows.Next(-1), before.Id, before.Members, before.FirstSeen, before.LastSeen);
            if (isThere) Write(rows.Next(1), now.Id, now.Members, now.FirstSeen, now.LastSeen);
        }

        return rows.ToBatch();

        static void Write(Rows rows, long id, long members, long first, long last) => rows.Set(0, id).Set(1, members).SetTime(2, first).SetTime(3, last);
    }

    /// <summary>Of ids that were there before the step the rows that it has given them anew, the last of each.</summary>
    private static Dictionary<long, uint> MadeAnew(IdentityGraph graph)
    {
        var before = new HashSet<long>();
        var anew = new Dictionary<long, uint>();
        foreach (ref readonly var one in graph.ChangedProfiles.Items)
            if (one.Members > 0) before.Add(one.Id);
        foreach (ref readonly var one in graph.ChangedProfiles.Items)
            if (one.Members == 0 && before.Contains(graph.Profile(one.Profile)->Id) && (graph.IsProfile(one.Profile) || !anew.ContainsKey(graph.Profile(one.Profile)->Id))) anew[graph.Profile(one.Profile)->Id] = one.Profile;
        return anew;
    }

    public static Batch? Merges(Buffer<IdentityFold.Merge> merges, Buffer<EventFacts> events, BatchMemory step, ref int next)
    {
        if (next == merges.Count) return null;
        var rows = new Rows(merges.Count - next, PhysicalKind.Int64, PhysicalKind.Int64, PhysicalKind.View, PhysicalKind.Int64, PhysicalKind.Int64, PhysicalKind.Int64);
        rows.Memory.Retain(step);
        for (; next < merges.Count && !rows.IsFull; next++)
        {
            ref readonly var merge = ref merges[next];
            ref var facts = ref events[merge.Event];
            rows.Next(1).Set(0, merge.Into).Set(1, merge.Merged).SetText(2, facts.MessageId).SetTime(3, facts.EventTime).SetTime(4, facts.ReceivedAt).Set(5, facts.Sequence);
        }

        return rows.ToBatch();
    }

    public static Batch? Drops(Buffer<Drop> drops, Buffer<EventFacts> events, BatchMemory step, ref int next)
    {
        if (next == drops.Count) return null;
        var rows = new Rows(drops.Count - next, PhysicalKind.View, PhysicalKind.View, PhysicalKind.View, PhysicalKind.View, PhysicalKind.Int64, PhysicalKind.Int64);
        rows.Memory.Retain(step);
        for (; next < drops.Count && !rows.IsFull; next++)
        {
            ref readonly var drop = ref drops[next];
            ref var facts = ref events[drop.Event];
            rows.Next(1).Set(0, drop.Type).Set(1, drop.Value).Set(2, StringView.Copy(Rules[(int)drop.Rule], rows.Memory))
                .SetText(3, facts.MessageId).SetTime(4, facts.ReceivedAt).Set(5, facts.Sequence);
        }

        return rows.ToBatch();
    }

    public static Batch? Erasures(IdentityGraph graph, Buffer<IdentityFold.Erasure> erasures, Buffer<EventFacts> events, BatchMemory step, ref int next)
    {
        if (next == erasures.Count) return null;
        var rows = new Rows(erasures.Count - next, PhysicalKind.Int64, PhysicalKind.View, PhysicalKind.View, PhysicalKind.View, PhysicalKind.Int64);
        rows.Memory.Retain(step);
        for (; next < erasures.Count && !rows.IsFull; next++)
        {
            ref readonly var one = ref erasures[next];
            ref var facts = ref events[one.Event];
            var (type, value) = graph.TextsOf(one.Name);
            rows.Next(1).Set(0, facts.Sequence).SetText(1, facts.MessageId)
                .Set(2, type).Set(3, value).Set(4, one.Number);
        }

        return rows.ToBatch();
    }

    /// <summary>Each event's profile and message; then merges, splits and erasures, which count more.</summary>
    public static Batch? Causes(IdentityGraph graph, EventReader reader, IdentityFold fold, BatchMemory step, ref int next)
    {
        var (merges, turns) = (reader.Events.Count, reader.Events.Count + fold.Merges.Count);
        var end = turns + fold.Turns.Count;
        if (next == end) return null;
        var rows = new Rows((end - next) * 2, PhysicalKind.Int64, PhysicalKind.View);
        rows.Memory.Retain(step);
        for (; next < merges && !rows.IsFull; next++)
        {
            ref readonly var facts = ref reader.Events[next];
            if (facts.Owner == NameRow.None || graph.Name(facts.Owner)->Number == 0) continue;
            rows.Next(1).Set(0, graph.Profile(graph.Name(facts.Owner)->Profile)->Id).SetText(1, facts.MessageId);
        }

        if (next >= merges)
        {
            var (merge, split, erase) = (StringView.Copy("merge"u8, rows.Memory), StringView.Copy("split"u8, rows.Memory), StringView.Copy("erase"u8, rows.Memory));
            for (; next < turns && !rows.IsFull; next++)
            {
                rows.Next(1).Set(0, fold.Merges[next - merges].Into).Set(1, merge);
                rows.Next(1).Set(0, fold.Merges[next - merges].Merged).Set(1, merge);
            }

            for (; next < end && !rows.IsFull; next++)
            {
                ref readonly var turn = ref fold.Turns[next - turns];
                rows.Next(1).Set(0, turn.Profile).Set(1, turn.Kind == EventKind.Erases ? erase : split);
            }
        }

        return rows.ToBatch();
    }

    /// <summary>Rows of one batch, written one after another.</summary>
    private sealed class Rows
    {
        private const int RowsMax = Batch.TypicalRows;
        private readonly Column[] _columns;
        private readonly long* _weights;
        private int _row = -1;
        private bool _takesBack;

        /// <param name="rows">No more will come.</param>
        public Rows(int rows, params ReadOnlySpan<PhysicalKind> kinds)
        {
            // Whoever writes looks after each pair of rows whether there is room.
            rows = Math.Min(rows, RowsMax + 2);
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

        public bool IsFull => _row + 1 >= RowsMax;

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
