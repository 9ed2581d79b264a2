using System.Collections.Immutable;
using Freshet.Columns;
using Freshet.Columns.Types;
using Freshet.Plan;
using Freshet.Plan.Catalog;
using Freshet.Sql.Functions;
using Freshet.Syntax;
using Freshet.Syntax.Text;
using Freshet.Syntax.Tree;

namespace Freshet.Sql.Binding;

/// <summary>
/// LATERAL TABLE(f(x)): the function's rows of each row on the left. The function gives an ARRAY of rows, which is unnested.
/// </summary>
internal static class TableFunctionBinder
{
    public static (PlanNode Node, IReadOnlyList<ScopeColumn> Columns) Bind(
        SourceText source, FunctionRegistry functions, FunctionTable call, (PlanNode Node, IReadOnlyList<ScopeColumn> Columns) left, bool isOuter, ExpressionBinder? outer)
    {
        var function = functions.Find(call.Function, ProgramFunctionKind.Table)
            ?? throw new SqlException(source, call.Span, $"There is no table function {call.Function}.{NearestName.Hint(call.Function, functions.Names)}");
        var binder = new ExpressionBinder(source, new Scope(source, left.Columns, functions)) { Outer = outer };
        var rows = ProgramCalls.Value(binder, function, [.. call.Arguments.Select(a => binder.Bind(a.Value))], call.Span);
        var element = rows.Type.Fields[0].Type;
        var columns = element.Kind == TypeKind.Row ? element.Fields : [new RowField("f0", element)];
        var names = call.Alias?.Columns ?? [];
        if (!names.IsEmpty && names.Length != columns.Length)
            throw new SqlException(source, call.Span, $"{names.Length} column names are given for rows of {columns.Length} columns.");
        var fields = columns.Select((c, i) => new Field(names.IsEmpty ? c.Name : names[i], c.Type)).ToImmutableArray();
        var width = left.Node.Schema.Count;
        var input = new Project(left.Node, [.. left.Node.Schema.Fields.Select((f, i) => (BoundExpression)new BoundColumn(i, f.Type)), rows], [.. left.Node.Schema.Fields.Select(f => f.Name), "rows$"]);
        PlanNode node = new Unnest(input, width, fields, isOuter);
        return (node, [.. left.Columns, .. fields.Select((f, i) => new ScopeColumn(call.Alias?.Name, f.Name, node.Schema[width + 1 + i], width + 1 + i))]);
    }
}
