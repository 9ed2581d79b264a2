using Freshet.Columns;
using Freshet.Columns.Formats;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;

namespace Freshet.Aggregation;

/// <summary>
/// BITMAP_AND_AGG, BITMAP_OR_AGG and BITMAP_XOR_AGG (the call's parameter says which): the numbers that all sets of a group have, some,
/// or an odd number of them; as a set, or as the number of members where the result is BIGINT.
/// Cost: every step that changes a group walks the members of its different sets.
/// </summary>
internal sealed unsafe class BitmapAccumulator(AggregateCall call) : BagAccumulator(PhysicalKind.View)
{
    private readonly bool _counts = call.ResultType.Kind == TypeKind.BigInt;
    private readonly Dictionary<uint, long> _seen = [];
    private readonly List<uint> _members = [];
    private readonly Utf8Buffer _text = new();

    public override Column Read(byte** groups, int count, BatchMemory memory, List<FailedResult> failures)
    {
        var result = Column.Allocate(call.ResultType.Physical, count, memory);
        for (var i = 0; i < count; i++)
        {
            _seen.Clear();
            var tally = new Tally(_seen, _members);
            Values.Walk(*RootOf(groups[i]), ref tally);
            _members.Clear();
            foreach (var (member, sets) in _seen)
            {
                if (Keeps(sets, tally.Sets)) _members.Add(member);
            }

            if (_counts)
            {
                result.As<long>()[i] = _members.Count;
            }
            else
            {
                _members.Sort();
                BitmapText.Write(_members, _text);
                result.As<StringView>()[i] = StringView.Copy(_text.Written, memory);
            }

            if (tally.Sets > 0) continue;
            result.EnsureValidity(count, memory);
            result.SetNull(i);
        }

        return result;
    }

    private bool Keeps(long sets, long all) => call.Parameter[0] switch
    {
        'A' => sets == all,
        'X' => (sets & 1) != 0,
        _ => sets > 0,
    };

    /// <summary>How many sets of a group there are, and how many have each number.</summary>
    private struct Tally(Dictionary<uint, long> seen, List<uint> members) : IValueVisitor
    {
        public long Sets;

        public void Visit(OwnedValue* value, long weight)
        {
            Sets += weight;
            BitmapText.TryRead(StringView.Span((StringView*)value), members);
            foreach (var member in members) seen[member] = seen.GetValueOrDefault(member) + weight;
        }
    }
}
