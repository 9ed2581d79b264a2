using System.Collections.Immutable;
using Freshet.Columns.Json;
using Freshet.Columns.Types;
using Freshet.Kernels.Json;
using Freshet.Plan;
using Freshet.Syntax.Text;
using Freshet.Syntax.Tree;

namespace Freshet.Sql.Binding;

/// <summary>ARRAY, MAP and ROW made and taken apart: constructors, [], fields; [] and fields of a VARIANT.</summary>
internal sealed class NestedExpressions(ExpressionBinder binder)
{
    public BoundExpression Field(BoundExpression value, string field, TextSpan span)
    {
        if (value.Type.Kind == TypeKind.Variant) return Path(value, JsonPathStep.Member(field), span);
        if (value.Type.Kind != TypeKind.Row) throw binder.Error(span, $"{value.Type.Name} has no fields.");
        var index = IndexOf(value.Type, field);
        return index >= 0 ? Field(value, index, span) : throw binder.Error(span, $"The row has no field {field}.{NearestName.Hint(field, value.Type.Fields.Select(f => f.Name))}");
    }

    public BoundExpression Index(Syntax.Tree.Index index)
    {
        var value = binder.Bind(index.Base);
        var at = binder.Bind(index.At);
        switch (value.Type.Kind)
        {
            case TypeKind.Variant when at is BoundLiteral { Text: { } key }: return Path(value, JsonPathStep.Member(key), index.Span);
            case TypeKind.Variant when at is BoundLiteral literal && at.Type.IsInteger && literal.Integer > 0: return Path(value, JsonPathStep.Element((int)literal.Integer - 1), index.Span);
            case TypeKind.Variant when at.Type.IsCharacter: return new BoundCall("MEMBER", VariantKernels.Member, [value, at], SqlType.Variant, index.Span);
            case TypeKind.Variant when at.Type.IsInteger: return new BoundCall("ELEMENT", VariantKernels.Element, [value, at], SqlType.Variant, index.Span);
            case TypeKind.Array when at is BoundLiteral { IsNull: false } literal && at.Type.IsInteger && literal.Integer < 1:
                throw binder.Error(at.Span, $"The elements of an array are counted from 1; {literal.Integer} is none of them.");
            case TypeKind.Array when at.Type.IsInteger || at.Type.Kind == TypeKind.Null:
                return new BoundCall("AT", CollectionKernels.Element, [value, binder.Coerce.To(at, at.Type.Kind == TypeKind.Null ? SqlType.Int : at.Type)], value.Type.Fields[0].Type.WithNullable(true), index.Span);
            case TypeKind.Map: return new BoundCall("AT", CollectionKernels.MapValue, [value, binder.Coerce.To(at, value.Type.Fields[0].Type)], value.Type.Fields[1].Type.WithNullable(true), index.Span);
            case TypeKind.Row when at is BoundLiteral { Text: { } name }: return Field(value, name, index.Span);
            case TypeKind.Row when at is BoundLiteral { IsNull: false } position && at.Type.IsInteger:
                return position.Integer >= 1 && position.Integer <= value.Type.Fields.Length
                    ? Field(value, (int)position.Integer - 1, index.Span)
                    : throw binder.Error(at.Span, $"The row has fields 1 to {value.Type.Fields.Length}, not {position.Integer}.");
            default: throw binder.Error(index.Span, $"[] with {at.Type.Name} is not possible on {value.Type.Name}.");
        }
    }

    public BoundCall Construct(Constructor constructor)
    {
        var items = constructor.Items.Select(binder.Bind).ToImmutableArray();
        switch (constructor.Kind)
        {
            case "ARRAY" when !items.IsEmpty:
                var element = binder.Coerce.Common(items, "ARRAY");
                return new BoundCall("ARRAY", CollectionKernels.ArrayOf, [.. items.Select(i => binder.Coerce.To(i, element))], SqlType.Array(element).NotNull, constructor.Span);
            case "MAP" when !items.IsEmpty && items.Length % 2 == 0:
                var key = binder.Coerce.Common(items.Where((_, i) => i % 2 == 0), "the keys of MAP");
                var value = binder.Coerce.Common(items.Where((_, i) => i % 2 == 1), "the values of MAP");
                return new BoundCall("MAP", CollectionKernels.MapOf, [.. items.Select((item, i) => binder.Coerce.To(item, i % 2 == 0 ? key : value))], SqlType.Map(key, value).NotNull, constructor.Span);
            case "ROW":
                var fields = items.Select((item, i) => new RowField($"EXPR${i}", item.Type)).ToImmutableArray();
                return new BoundCall("ROW", CollectionKernels.RowOf, items, SqlType.Row(fields).NotNull, constructor.Span);
            default: throw binder.Error(constructor.Span, $"{constructor.Kind}[...] needs {(constructor.Kind == "MAP" ? "keys and values in turn" : "at least one element")}.");
        }
    }

    /// <summary>The field of a row is NULL where the row is.</summary>
    private static BoundExpression Field(BoundExpression value, int index, TextSpan span)
    {
        var field = value.Type.Fields[index];
        if (value is BoundCall { Name: "ROW" }) return value.Children[index];
        return new BoundField(value, field.Name, field.Type.WithNullable(field.Type.IsNullable || value.Type.IsNullable), span);
    }

    private static int IndexOf(SqlType row, string field)
    {
        for (var i = 0; i < row.Fields.Length; i++)
            if (row.Fields[i].Name == field) return i;
        for (var i = 0; i < row.Fields.Length; i++)
            if (row.Fields[i].Name.Equals(field, StringComparison.OrdinalIgnoreCase)) return i;
        return -1;
    }

    private static BoundPath Path(BoundExpression value, JsonPathStep step, TextSpan span) =>
        value is BoundPath path ? new BoundPath(path.Operand, JsonPath.Of(JsonPathMode.Lax, path.Path.Steps.Add(step)), span) : new BoundPath(value, JsonPath.Of(JsonPathMode.Lax, [step]), span);
}
