using System.Runtime.InteropServices;
using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;

namespace Freshet.Dataflow.Aggregation;

/// <summary>The state of JSON_ARRAYAGG over an append-only input: the items' text, with commas between them.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct JsonArrayState
{
    public unsafe byte* Text;
    public long Length;
    public long Capacity;
}

/// <summary>
/// JSON_ARRAYAGG over an input that takes nothing back, items in order of arrival. The argument is a JSON array of one item
/// or none (what ABSENT ON NULL leaves of a NULL); its brackets fall away here. State: 24 bytes and the items' text, which
/// the group owns. Cost: adding copies an item; every step that changes a group copies its whole array.
/// </summary>
internal sealed unsafe class JsonArrayAccumulator : Accumulator
{
    private const int LeastCapacity = 64;

    public override int StateBytes => sizeof(JsonArrayState);

    public override void Add(in Column argument, in AccumulatorInput input)
    {
        var items = argument.As<StringView>();
        for (var i = 0; i < input.Count; i++)
        {
            var row = input.Rows[i];
            if (argument.IsValid(row)) Append((JsonArrayState*)(input.Groups[i] + Offset), StringView.Span(items + argument.IndexOf(row))[1..^1]);
        }
    }

    public override Column Read(byte** groups, int count, BatchMemory memory, List<Overflow> overflows)
    {
        var result = Column.Allocate(PhysicalKind.View, count, memory);
        var views = result.As<StringView>();
        for (var i = 0; i < count; i++)
        {
            var state = (JsonArrayState*)(groups[i] + Offset);
            if (state->Length > int.MaxValue - 2)
            {
                overflows.Add(new Overflow(i, $"{state->Length} bytes"));
                result.EnsureValidity(count, memory);
                result.SetNull(i);
                continue;
            }

            var length = (int)state->Length;
            var text = memory.Allocate(length + 2L);
            text[0] = (byte)'[';
            NativeMemory.Copy(state->Text, text + 1, (nuint)length);
            text[length + 1] = (byte)']';
            views[i] = new StringView(text, length + 2);
        }

        return result;
    }

    public override void Merge(byte** from, byte** into, int count)
    {
        for (var i = 0; i < count; i++)
        {
            var source = (JsonArrayState*)(from[i] + Offset);
            Append((JsonArrayState*)(into[i] + Offset), new ReadOnlySpan<byte>(source->Text, checked((int)source->Length)));
        }
    }

    public override void Release(byte** groups, int count)
    {
        for (var i = 0; i < count; i++) NativeMemory.Free(((JsonArrayState*)(groups[i] + Offset))->Text);
    }

    private static void Append(JsonArrayState* state, ReadOnlySpan<byte> items)
    {
        if (items.IsEmpty) return;
        var needed = state->Length + items.Length + 1;
        if (needed > state->Capacity)
        {
            state->Capacity = Math.Max(Math.Max(needed, LeastCapacity), 2 * state->Capacity);
            state->Text = (byte*)NativeMemory.Realloc(state->Text, (nuint)state->Capacity);
        }

        if (state->Length > 0) state->Text[state->Length++] = (byte)',';
        items.CopyTo(new Span<byte>(state->Text + state->Length, items.Length));
        state->Length += items.Length;
    }
}
