using Freshet.Columns;
using Freshet.Columns.Json;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;
using Freshet.Kernels.Expressions;

namespace Freshet.Kernels.Json;

/// <summary>
/// The parts of a column of ARRAY, MAP, MULTISET or ROW values as columns of their own, so that kernels run over all parts of
/// all rows at once. Part column f holds field f of the type: elements; keys and values; a row's fields. The parts of row r
/// are those from Starts[r] up to Starts[r + 1]; of a ROW there is one for each row. Rows that are NULL or not active have none.
/// Lives in the context's memory.
/// </summary>
internal readonly unsafe struct NestedParts
{
    [ThreadStatic]
    private static JsonStructure? t_structure;

    private NestedParts(EvaluationContext context, int* starts, int count, Column[] columns)
    {
        Starts = starts;
        Count = count;
        Columns = columns;
        Parts = new EvaluationContext { TimeZone = context.TimeZone, ClockMicros = context.ClockMicros };
        Parts.Begin(new Batch(context.Memory, columns, count), context.Memory);
    }

    public int* Starts { get; }

    /// <summary>Parts of all rows.</summary>
    public int Count { get; }

    public Column[] Columns { get; }

    /// <summary>What kernels over the parts run in.</summary>
    public EvaluationContext Parts { get; }

    public static NestedParts Of(EvaluationContext context, in Column input, SqlType type)
    {
        var structure = t_structure ??= new JsonStructure();
        var starts = context.Memory.Allocate<int>(context.Rows + 1);
        new Span<int>(starts, context.Rows + 1).Clear();
        for (var i = 0; i < context.ActiveCount; i++)
        {
            var row = Freshet.Kernels.ValidityKernel.RowOf(context, i);
            if (input.IsValid(row)) starts[row + 1] = CountOf(Scan(structure, input, row), type);
        }

        for (var row = 0; row < context.Rows; row++) starts[row + 1] += starts[row];
        var count = starts[context.Rows];
        var columns = new Column[type.Fields.Length];
        for (var f = 0; f < columns.Length; f++)
        {
            var kind = type.Fields[f].Type.Physical;
            columns[f] = Column.Allocate(kind, count, context.Memory);
            columns[f].Validity = context.Memory.AllocateBits(Math.Max(1, count), false);
            new Span<byte>(columns[f].Values, count * kind.WidthBytes()).Clear();
        }

        for (var i = 0; i < context.ActiveCount; i++)
        {
            var row = Freshet.Kernels.ValidityKernel.RowOf(context, i);
            if (input.IsValid(row)) Read(Scan(structure, input, row), type, columns, starts[row], context.Memory);
        }

        return new NestedParts(context, starts, count, columns);
    }

    /// <summary>The row that a part belongs to.</summary>
    public int RowOf(int part, int rows)
    {
        var (low, high) = (0, rows - 1);
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            if (Starts[middle] <= part) low = middle;
            else high = middle - 1;
        }

        return low;
    }

    private static JsonValue Scan(JsonStructure structure, in Column input, int row)
    {
        var view = input.As<StringView>() + input.IndexOf(row);
        var text = StringView.Span(view);
        structure.Scan(view->IsInline ? (byte*)view + 4 : view->Pointer, text.Length);
        return structure.Count == 0 ? default : structure.ValueAt(0);
    }

    private static int CountOf(in JsonValue value, SqlType type)
    {
        if (type.Kind == TypeKind.Row) return 1;
        var count = 0;
        if (type.Kind == TypeKind.Map)
            foreach (var _ in value.Members()) count++;
        else
            foreach (var _ in value.Elements()) count++;
        return count;
    }

    private static void Read(in JsonValue value, SqlType type, Column[] columns, int at, BatchMemory memory)
    {
        if (type.Kind == TypeKind.Row)
        {
            // The members stand in the order of the fields.
            var f = 0;
            foreach (var member in value.Members())
            {
                if (f < columns.Length) Set(columns[f], at, NestedText.TryRead(member.Value, type.Fields[f].Type, columns[f].Values, at, memory));
                f++;
            }
        }
        else if (type.Kind == TypeKind.Map)
        {
            foreach (var member in value.Members())
            {
                Set(columns[0], at, NestedText.TryReadKey(member, type.Fields[0].Type, columns[0].Values, at, memory));
                Set(columns[1], at, NestedText.TryRead(member.Value, type.Fields[1].Type, columns[1].Values, at, memory));
                at++;
            }
        }
        else
        {
            foreach (var element in value.Elements())
            {
                Set(columns[0], at, NestedText.TryRead(element, type.Fields[0].Type, columns[0].Values, at, memory));
                at++;
            }
        }
    }

    private static void Set(in Column column, int row, bool isValid)
    {
        if (isValid) column.Validity[row >> 6] |= 1UL << row;
    }
}
