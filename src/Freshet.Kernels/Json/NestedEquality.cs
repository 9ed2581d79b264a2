using Freshet.Columns;
using Freshet.Columns.Json;
using Freshet.Columns.Types;
using Freshet.Kernels.Expressions;

namespace Freshet.Kernels.Json;

/// <summary>= and &lt;&gt; of values with a MAP in them: maps are equal with the same keys and values in any order. Values of other nested types are equal when their bytes are.</summary>
public static unsafe class NestedEquality
{
    [ThreadStatic]
    private static JsonStructure? t_left;

    [ThreadStatic]
    private static JsonStructure? t_right;

    public static Column Equal(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types) => Run(context, arguments, types, 1);

    public static Column NotEqual(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types) => Run(context, arguments, types, 0);

    private static Column Run(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types, byte whenEqual)
    {
        var output = Column.Allocate(PhysicalKind.Bool, context.Rows, context.Memory);
        output.Validity = ValidityKernel.All(arguments, context.Rows, context.Memory, out var isNull);
        if (isNull) return Column.ConstantNull(PhysicalKind.Bool, context.Memory);
        var (left, right) = (t_left ??= new JsonStructure(), t_right ??= new JsonStructure());
        for (var i = 0; i < context.ActiveCount; i++)
        {
            var row = ValidityKernel.RowOf(context, i);
            if (output.Validity is not null && output.IsNull(row)) continue;
            var l = arguments[0].As<StringView>() + arguments[0].IndexOf(row);
            var r = arguments[1].As<StringView>() + arguments[1].IndexOf(row);
            var equal = l->Equals(*r) || AreEqual(Scan(left, l), Scan(right, r), types.Arguments[0]);
            output.As<byte>()[row] = equal ? whenEqual : (byte)(1 - whenEqual);
        }

        return output;
    }

    private static JsonValue Scan(JsonStructure structure, StringView* view)
    {
        structure.Scan(view->IsInline ? (byte*)view + 4 : view->Pointer, view->Length);
        return structure.Count == 0 ? default : structure.ValueAt(0);
    }

    private static bool AreEqual(in JsonValue left, in JsonValue right, SqlType type)
    {
        if (left.Kind is JsonKind.Null or JsonKind.None || right.Kind is JsonKind.Null or JsonKind.None) return left.Kind == right.Kind;
        switch (type.Kind)
        {
            case TypeKind.Map: return AreMapsEqual(left, right, type.Fields[1].Type);
            case TypeKind.Array or TypeKind.Multiset:
                var others = right.Elements();
                foreach (var element in left.Elements())
                    if (!others.MoveNext() || !AreEqual(element, others.Current, type.Fields[0].Type)) return false;
                return !others.MoveNext();
            case TypeKind.Row:
                var members = right.Members();
                var f = 0;
                foreach (var member in left.Members())
                    if (!members.MoveNext() || !AreEqual(member.Value, members.Current.Value, type.Fields[f++].Type)) return false;
                return true;
            default: return left.Raw.SequenceEqual(right.Raw);
        }
    }

    private static bool AreMapsEqual(in JsonValue left, in JsonValue right, SqlType type)
    {
        var count = 0;
        foreach (var member in left.Members())
        {
            count++;
            var found = false;
            foreach (var other in right.Members())
            {
                // Keys are written in one way, so that equal keys have equal bytes.
                if (!other.Key.SequenceEqual(member.Key)) continue;
                found = AreEqual(member.Value, other.Value, type);
                break;
            }

            if (!found) return false;
        }

        foreach (var _ in right.Members()) count--;
        return count == 0;
    }
}
