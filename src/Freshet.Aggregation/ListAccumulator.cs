using System.Text;
using Freshet.Columns;
using Freshet.Columns.Formats;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;

namespace Freshet.Aggregation;

/// <summary>
/// LISTAGG, ARRAY_AGG, COLLECT, JSON_ARRAYAGG and JSON_OBJECTAGG: the values of a group one after another, by the position of
/// their rows where the input has one, else by content. With DISTINCT the first of equal values stays.
/// Cost: every step that changes a group writes its whole list.
/// </summary>
internal sealed unsafe class ListAccumulator(ListForm form, StoredForm stored, bool isDistinct, ulong seed) : BagAccumulator(PhysicalKind.View)
{
    private readonly Utf8Buffer _text = new();
    private readonly SeenBytes? _seen = isDistinct ? new SeenBytes(seed) : null;

    public override Column Read(byte** groups, int count, BatchMemory memory, List<FailedResult> failures)
    {
        var result = Column.Allocate(PhysicalKind.View, count, memory);
        var views = result.As<StringView>();
        for (var i = 0; i < count; i++)
        {
            _text.Clear();
            _seen?.Clear();
            var writer = new Writer(this);
            Values.Walk(*RootOf(groups[i]), ref writer);
            if (writer.Count > 0 || !form.IsNullWhenEmpty)
            {
                if (writer.Count == 0) _text.Write(form.Open);
                _text.Write(form.Close);
                views[i] = StringView.Copy(_text.Written, memory);
            }

            if (writer.Twice is { } key) failures.Add(new FailedResult(i, key, "JSON_OBJECTAGG: two rows of the group have this key; keys must be different."));
            if (writer.Twice is null && (writer.Count > 0 || !form.IsNullWhenEmpty)) continue;
            result.EnsureValidity(count, memory);
            result.SetNull(i);
        }

        return result;
    }

    private struct Writer(ListAccumulator list) : IValueVisitor
    {
        public long Count;
        public string? Twice;
        private int _keyFrom;
        private int _keyEnd;

        public void Visit(OwnedValue* value, long weight)
        {
            var tuple = StringView.Span((StringView*)value);
            var item = tuple[(list.ValueOf(tuple) + 1)..];
            item = item[list.Trim..^list.Trim];
            if (item.IsEmpty && list.Trim > 0) return;
            if (list._seen is not null)
            {
                if (!list._seen.Add(item)) return;
                weight = 1;
            }

            for (var left = weight; left > 0; left--)
            {
                if (list.IsMembers && IsKnownKey(item)) return;
                list._text.Write(Count == 0 ? list.Open : list.Between);
                _keyFrom = list._text.Length;
                list._text.Write(item);
                Count++;
            }
        }

        /// <summary>Members come in order of their keys, so that equal keys are neighbours.</summary>
        private bool IsKnownKey(ReadOnlySpan<byte> member)
        {
            var end = 1;
            while (member[end] != (byte)'"') end += member[end] == (byte)'\\' ? 2 : 1;
            end++;
            var same = Count > 0 && end == _keyEnd && list._text.Written.Slice(_keyFrom, end).SequenceEqual(member[..end]);
            if (same) Twice ??= Encoding.UTF8.GetString(member[1..(end - 1)]);
            _keyEnd = end;
            return same;
        }
    }

    private ReadOnlySpan<byte> Open => form.Open;

    private ReadOnlySpan<byte> Between => form.Between;

    private int Trim => form.Trim;

    private bool IsMembers => form.IsMembers;

    private int ValueOf(ReadOnlySpan<byte> tuple) => stored.ValueFrom(tuple);
}
