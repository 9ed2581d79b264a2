using System.Collections.Immutable;
using Freshet.Plan;
using Freshet.Syntax;
using Freshet.Syntax.Text;
using Freshet.Syntax.Tree;

namespace Freshet.Sql.Binding;

/// <summary>
/// CREATE TABLE ... AS query: the columns that are declared, then those of the query; a list of names alone orders those of the query.
/// A declared column that the query does not give is computed, or NULL.
/// </summary>
internal static class TableFromQuery
{
    /// <summary>The declaration with all its columns, and the INSERT that fills the table.</summary>
    public static (CreateTable Table, Insert Insert) Of(CreateTable create, PlanNode query, SourceText source)
    {
        var given = query.Schema.Fields.Select(f => f.Name).ToList();
        if (given.GroupBy(n => n).FirstOrDefault(g => g.Count() > 1) is { } twice) throw new SqlException(source, create.As!.Span, $"The query has two columns named {twice.Key}: name one with AS.");
        ColumnDefinition Given(string name, TextSpan span) => given.IndexOf(name) is >= 0 and var i
            ? new PhysicalColumn(name, query.Schema[i], span)
            : throw new SqlException(source, span, $"The query gives no column {name}.{NearestName.Hint(name, given)}");
        ImmutableArray<ColumnDefinition> columns;
        if (!create.Columns.IsEmpty && create.Columns.All(c => c is NamedColumn))
        {
            if (create.Columns.Length != given.Count) throw new SqlException(source, create.Span, $"{create.Columns.Length} column names are given, the query has {given.Count} columns.");
            columns = [.. create.Columns.Select(c => Given(c.Name, c.Span))];
        }
        else
        {
            columns = [.. create.Columns, .. given.Where(n => create.Columns.All(c => c.Name != n)).Select(n => Given(n, create.As!.Span))];
        }

        var table = create with { As = null, Columns = columns };
        return (table, new Insert(create.Name, [.. given], create.As!, create.Span));
    }
}
