using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Freshet.Columns;
using Freshet.Columns.Types;
using Freshet.Kernels.Expressions;
using Freshet.Kernels.Rows;

namespace Freshet.Kernels.Texts;

/// <summary>
/// SPLIT_INDEX with a separator of one byte and a number that are the same for all rows. Where the parts of a column before this one
/// were just cut off, the texts are read on from there (<see cref="SplitPlaces"/>): several parts of a text are cut in one pass over it.
/// The results share the texts' bytes. Cost: a few ns a row and 32 bytes read.
/// </summary>
public static unsafe class SplitKernel
{
    public static Column Part(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types)
    {
        var (texts, separator, number) = (arguments[0], arguments[1], arguments[2]);
        if (texts.IsConstant || !separator.IsConstant || separator.IsNull(0) || !number.IsConstant || number.IsNull(0)) return RowLoop.Run(context, arguments, types, default(SplitIndex));
        var index = RowLoop.Integer(number, 0);
        Span<byte> room = stackalloc byte[2];
        var separators = separator.Kind == PhysicalKind.View ? RowLoop.Bytes(separator, 0) : SplitIndex.Letter(RowLoop.Integer(separator, 0), room);
        if (separators.Length != 1 || index is < 0 or > int.MaxValue) return RowLoop.Run(context, arguments, types, default(SplitIndex));
        return Part(context, texts, separators[0], (int)index);
    }

    private static Column Part(EvaluationContext context, in Column texts, byte separator, int index)
    {
        var rows = context.Rows;
        var output = Column.Allocate(PhysicalKind.View, rows, context.Memory);
        new Span<StringView>(output.Values, rows).Clear();
        output.Validity = context.Memory.AllocateBits(rows, false);
        var places = context.SplitPlaces;
        var before = places.Covers(context, texts, separator, index) ? places.Next : null;
        var skip = before is null ? index : index - places.Part;
        var after = context.Memory.Allocate<int>(rows);
        var views = texts.As<StringView>();
        var results = output.As<StringView>();
        var count = 0;
        for (var i = 0; i < context.ActiveCount; i++)
        {
            var row = ValidityKernel.RowOf(context, i);
            after[row] = SplitPlaces.None;
            var from = before is null ? 0 : before[row];
            if (from < 0 || texts.IsNull(row)) continue;
            var view = views + row;
            var text = StringView.Span(view);

            // The bytes lie in native memory (those of a short text in the view itself) and do not move.
            var bytes = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(text));
            if (text.IsEmpty || !SplitBytes.TryPart(bytes, text.Length, from, separator, skip, out var start, out var end)) continue;
            StringView.Write(results + row, bytes + start, end - start);
            output.Validity[row >> 6] |= 1UL << row;
            if (end < text.Length) after[row] = end + 1;
            count++;
        }

        if (count == rows) output.Validity = null;
        places.Remember(context, texts, separator, index + 1, after);
        return output;
    }
}

/// <summary>Where the next part of each text of a column begins, after <see cref="SplitKernel"/> has cut off those before it; of the column split last in this batch.</summary>
internal sealed unsafe class SplitPlaces
{
    /// <summary>A text that has no further part.</summary>
    public const int None = -1;

    private void* _texts;
    private byte _separator;
    private int _set;

    /// <summary>The number of the part that begins there.</summary>
    public int Part { get; private set; }

    /// <summary>For each row the place in its text, or <see cref="None"/>.</summary>
    public int* Next { get; private set; }

    public void Forget() => _texts = null;

    /// <summary>Whether the texts of all rows that matter can be read on from here to come to a part.</summary>
    public bool Covers(EvaluationContext context, in Column texts, byte separator, int part) =>
        _texts == texts.Values && _separator == separator && Part <= part && context.IsWithin(_set);

    public void Remember(EvaluationContext context, in Column texts, byte separator, int part, int* next)
    {
        (_separator, Part, _set) = (separator, part, context.ActiveSet.Number);
        _texts = texts.Values;
        Next = next;
    }
}
