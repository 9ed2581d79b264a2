using System.Collections.Immutable;
using Freshet.Columns;
using Freshet.Columns.Types;
using Freshet.Kernels.Json;
using Freshet.Plan;
using Freshet.Syntax;
using Freshet.Syntax.Text;
using Freshet.Syntax.Tree;

namespace Freshet.Sql.Binding;

/// <summary>UNNEST of a collection that is computed from the rows on its left.</summary>
internal sealed class UnnestBinder(SourceText source, QueryBinder queries)
{
    public (PlanNode Node, IReadOnlyList<ScopeColumn> Columns) Bind(UnnestTable unnest, (PlanNode Node, IReadOnlyList<ScopeColumn> Columns) left, bool isOuter)
    {
        var binder = new ExpressionBinder(source, new Scope(source, left.Columns, queries.Rules.Functions)) { Outer = queries.Outer };
        var collection = binder.Bind(unnest.Collection);
        if (collection.Type.Kind is not (TypeKind.Array or TypeKind.Multiset or TypeKind.Map or TypeKind.Variant))
            throw new SqlException(source, unnest.Collection.Span, $"UNNEST takes an ARRAY, MAP, MULTISET or VARIANT, this is {collection.Type.Name}.");
        using var explosion = new CollectionExplosion(collection.Type, unnest.WithOrdinality);
        var names = unnest.Alias?.Columns ?? [];
        var elements = explosion.Columns;
        if (!names.IsEmpty && names.Length != elements.Length) throw new SqlException(source, unnest.Span, $"{names.Length} column names are given for elements of {elements.Length} columns.");
        var fields = elements.Select((e, i) => new Field(names.IsEmpty ? e.Name : names[i], e.Type.WithNullable(isOuter || e.Type.IsNullable))).ToImmutableArray();
        var width = left.Node.Schema.Count;
        var input = new Project(left.Node, [.. left.Node.Schema.Fields.Select((f, i) => (BoundExpression)new BoundColumn(i, f.Type)), collection], [.. left.Node.Schema.Fields.Select(f => f.Name), "collection$"]);
        PlanNode node = new Unnest(input, width, fields, isOuter, unnest.WithOrdinality);
        return (node, [.. left.Columns, .. fields.Select((f, i) => new ScopeColumn(unnest.Alias?.Name, f.Name, f.Type, width + 1 + i))]);
    }
}
