using System.Collections.Immutable;
using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;
using Freshet.Customers.Identity;
using Freshet.Dataflow;

namespace Freshet.Customers.Tests.Identity;

/// <summary>What the identity costs, in members and links looked at.</summary>
public sealed unsafe class MergeStormTests
{
    [Theory]
    [InlineData(2_500)]
    [InlineData(10_000)]
    public void Identifiers_that_come_to_one_profile_cost_a_few_looks_each(int identifiers)
    {
        var rules = IdentityRules.Default with { ProfileMaxIdentifiers = 1_000_000, ProfileMaxMerges = 1_000_000 };
        rules = rules.With(rules.Types.First(t => t.Name == "anonymous_id") with { Limit = 1_000_000 });
        using var identity = new Driver(rules);
        // Each device is seen alone first, so that each of them is a merge.
        identity.Take([.. Enumerable.Range(0, identifiers).Select(i => (User: (string?)null, Anonymous: $"a{i}"))]);
        identity.Take([.. Enumerable.Range(0, identifiers).Select(i => (User: (string?)"u", Anonymous: $"a{i}"))]);
        Assert.InRange(identity.Operator.GraphSteps, identifiers - 1, 4L * identifiers);
        // And again, when nothing changes.
        var before = identity.Operator.GraphSteps;
        identity.Take([.. Enumerable.Range(0, identifiers).Select(i => (User: (string?)"u", Anonymous: $"a{i}"))]);
        Assert.InRange(identity.Operator.GraphSteps - before, 0, 2L * identifiers);
    }

    [Fact]
    public void Beyond_the_cap_an_identifier_costs_nothing_and_keeps_no_row()
    {
        using var identity = new Driver(IdentityRules.Default.With(IdentityRules.Default.Types.First(t => t.Name == "anonymous_id") with { Limit = 1_000_000 }));
        identity.Take([.. Enumerable.Range(0, 10_000).Select(i => (User: (string?)"u", Anonymous: $"a{i}"))]);
        var (rows, steps) = (identity.Operator.StateRows, identity.Operator.GraphSteps);
        identity.Take([.. Enumerable.Range(10_000, 10_000).Select(i => (User: (string?)"u", Anonymous: $"a{i}"))]);
        Assert.Equal((rows, steps), (identity.Operator.StateRows, identity.Operator.GraphSteps));
    }

    [Fact]
    public void A_step_of_many_events_gives_its_changes_in_batches_of_the_usual_size()
    {
        using var identity = new Driver(IdentityRules.Default);
        (string? User, string Anonymous)[] events = [.. Enumerable.Range(0, 40_000).Select(i => (User: (string?)$"u{i}", Anonymous: $"a{i}"))];
        identity.Take(events);
        Assert.Equal(80_000 + 80_000 + 40_000 + 40_000, identity.SideRows);
        identity.Take(events);
        Assert.InRange(identity.LargestSide, 1, Batch.TypicalRows + 1);
    }

    [Fact]
    public void An_event_of_known_identifiers_makes_no_managed_objects()
    {
        using var identity = new Driver(IdentityRules.Default);
        (string? User, string Anonymous)[] events = [.. Enumerable.Range(0, 20_000).Select(i => (User: (string?)$"u{i % 5000}", Anonymous: $"a{i % 5000}"))];
        for (var i = 0; i < 2; i++) identity.Take(events);
        var before = identity.AllocatedBytes;
        identity.Take(events);
        // A batch costs some objects, an event none.
        Assert.InRange(identity.AllocatedBytes - before, 0, 4 * events.Length);
    }

    /// <summary>The operator alone, over events of two columns.</summary>
    private sealed class Driver : IDisposable
    {
        private readonly ImmutableArray<SqlType> _types;
        private readonly int _user;
        private readonly int _anonymous;
        private long _sequence;
        private long _step;

        public Driver(IdentityRules rules)
        {
            var columns = EventReads.Of(rules).Columns;
            _types = [.. columns.Select(c => c.Type), SqlType.BigInt.NotNull];
            _user = columns.Select(c => c.ToString()).ToList().IndexOf(IdentityRules.Column("user_id").ToString());
            _anonymous = EventReads.AnonymousId;
            Operator = new IdentityOperator(new IdentitySpec(rules, _types, [.. Enumerable.Range(0, columns.Length)], columns.Length), 7);
        }

        public IdentityOperator Operator { get; }

        /// <summary>Rows of all side outputs so far, and of the largest batch of them.</summary>
        public long SideRows { get; private set; }

        public int LargestSide { get; private set; }

        /// <summary>Managed bytes that the operator's calls have allocated.</summary>
        public long AllocatedBytes { get; private set; }

        public void Take((string? User, string Anonymous)[] events)
        {
            var memory = BatchMemory.Create();
            var columns = new Column[_types.Length];
            for (var c = 0; c < columns.Length; c++)
            {
                columns[c] = Column.Allocate(_types[c].Physical, events.Length, memory);
                columns[c].Validity = memory.AllocateBits(events.Length, c == _types.Length - 1);
            }

            for (var i = 0; i < events.Length; i++)
            {
                columns[^1].As<long>()[i] = _sequence++;
                Set(columns[_anonymous], i, events[i].Anonymous, memory);
                if (events[i].User is { } user) Set(columns[_user], i, user, memory);
            }

            var step = new StepContext();
            step.Begin(++_step, 0);
            var batch = new Batch(memory, columns, events.Length);
            var before = GC.GetAllocatedBytesForCurrentThread();
            Take(batch, step);
            AllocatedBytes += GC.GetAllocatedBytesForCurrentThread() - before;
        }

        public void Dispose() => Operator.Dispose();

        private void Take(Batch events, StepContext step)
        {
            Operator.Accept(0, events, step);
            Operator.EndOfInput(step, 0);
            while (Operator.Produce(step) is { } batch) batch.Release();
            for (var side = 0; side < IdentityFeed.Recent; side++)
            {
                while (Operator.TakeSide(side) is { } batch)
                {
                    SideRows += batch.Count;
                    LargestSide = Math.Max(LargestSide, batch.Count);
                    batch.Release();
                }
            }

            Operator.EndOfStep();
        }

        private static void Set(Column column, int row, string text, BatchMemory memory)
        {
            column.As<StringView>()[row] = StringView.Copy(System.Text.Encoding.UTF8.GetBytes(text), memory);
            column.Validity[row >> 6] |= 1UL << row;
        }
    }
}
