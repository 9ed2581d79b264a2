using System.Collections.Immutable;
using Freshet.Columns.Types;
using Freshet.Kernels;
using Freshet.Kernels.Json;
using Freshet.Plan;
using Freshet.Syntax.Text;
using Freshet.Syntax.Tree;

namespace Freshet.Sql.Binding;

/// <summary>OBJECT_OF(class, name, value ...) and OBJECT_UPDATE(object, name, value ...): rows of a named type. Classes are names alone.</summary>
internal sealed class StructuredObjects(ExpressionBinder binder)
{
    public BoundCall Make(Call call)
    {
        if (call.Arguments.IsEmpty || call.Arguments.Length % 2 == 0) throw binder.Error(call.Span, "OBJECT_OF takes the name of a class, then names and values in turn.");
        if (binder.Bind(call.Arguments[0]) is not BoundLiteral { Text: { } name }) throw binder.Error(call.Arguments[0].Span, "The first argument must be a non-nullable character string literal representing the class name.");
        var fields = ImmutableArray.CreateBuilder<RowField>();
        var values = ImmutableArray.CreateBuilder<BoundExpression>();
        for (var i = 1; i < call.Arguments.Length; i += 2)
        {
            var field = FieldName(call.Arguments[i]);
            if (fields.Any(f => f.Name == field)) throw binder.Error(call.Arguments[i].Span, $"The field name '{field}' is there twice.");
            var value = binder.Bind(call.Arguments[i + 1]);
            fields.Add(new RowField(field, value.Type));
            values.Add(value);
        }

        return new BoundCall("OBJECT_OF " + name, CollectionKernels.RowOf, values.ToImmutable(), SqlType.Structured(name, fields.ToImmutable()), call.Span);
    }

    public BoundCase Update(Call call)
    {
        if (call.Arguments.Length < 3 || call.Arguments.Length % 2 == 0) throw binder.Error(call.Span, "OBJECT_UPDATE takes an object, then names and values in turn.");
        var target = binder.Bind(call.Arguments[0]);
        if (target.Type.StructuredName is not { } name) throw binder.Error(call.Arguments[0].Span, $"The first argument of OBJECT_UPDATE must be an object, this is {target.Type.Name}.");
        var fields = target.Type.Fields.ToArray();
        var values = fields.Select((f, i) => (BoundExpression)new BoundCall("." + f.Name, CollectionKernels.Field(f.Name), [target], f.Type, call.Span)).ToArray();
        for (var i = 1; i < call.Arguments.Length; i += 2)
        {
            var field = FieldName(call.Arguments[i]);
            var index = Array.FindIndex(fields, f => f.Name == field);
            if (index < 0) throw binder.Error(call.Arguments[i].Span, $"The field name '{field}' at position {i + 1} is not part of the structured type attributes. Available attributes: [{string.Join(", ", fields.Select(f => f.Name))}].{NearestName.Hint(field, fields.Select(f => f.Name))}");
            values[index] = binder.Bind(call.Arguments[i + 1]);
            fields[index] = new RowField(field, values[index].Type);
        }

        var type = SqlType.Structured(name, [.. fields]);
        var updated = new BoundCall("OBJECT_OF " + name, CollectionKernels.RowOf, [.. values], type, call.Span);
        var isNull = new BoundCall("IS NULL", LogicKernel.IsNull, [target], SqlType.Boolean.NotNull, call.Span);
        return new BoundCase([isNull], [new BoundLiteral(type, call.Span, null)], updated, type, call.Span);
    }

    private string FieldName(Expression expression) =>
        binder.Bind(expression) is BoundLiteral { Text: { } name } ? name : throw binder.Error(expression.Span, "The name of a field is a text in quotes.");
}
