using Freshet.Columns.Types;
using Freshet.Sql.Functions;
using Freshet.Syntax;
using Freshet.Syntax.Text;
using Freshet.Syntax.Tree;

namespace Freshet.Sql.Binding;

/// <summary>A column that a name can mean.</summary>
/// <param name="Table">The alias of its table; null for none.</param>
internal sealed record ScopeColumn(string? Table, string Name, SqlType Type, int Index)
{
    /// <summary>USING has merged it with another one: it is found only with its table's name, and is not part of *.</summary>
    public bool IsMerged { get; init; }
}

/// <summary>The columns that names can mean in one SELECT.</summary>
internal sealed class Scope(SourceText source, IReadOnlyList<ScopeColumn> columns, FunctionRegistry? functions = null)
{
    /// <summary>The functions of the program that can be called here.</summary>
    public FunctionRegistry? Functions => functions;

    public IReadOnlyList<ScopeColumn> Columns => columns;

    public ScopeColumn Resolve(Name name)
    {
        if (TryResolve(name, out var column)) return column;
        var what = name.Parts.Length == 1 ? "column" : "column or field";
        throw new SqlException(source, name.Span, $"There is no {what} {name}.{NearestName.Hint(name.Last, columns.Select(c => c.Name))} The columns here are: {string.Join(", ", columns.Select(c => c.Name).Distinct().Take(30))}.");
    }

    public bool TryResolve(Name name, out ScopeColumn column)
    {
        if (name.Column is { } index)
        {
            column = columns.First(c => c.Index == index);
            return true;
        }

        var parts = name.Parts;
        var matches = (parts.Length == 1
            ? columns.Where(c => c.Name == parts[0] && !c.IsMerged)
            : columns.Where(c => c.Name == parts[^1] && c.Table == parts[^2])).ToList();
        if (matches.Count == 0)
        {
            matches = (parts.Length == 1
                ? columns.Where(c => c.Name.Equals(parts[0], StringComparison.OrdinalIgnoreCase) && !c.IsMerged)
                : columns.Where(c => c.Name.Equals(parts[^1], StringComparison.OrdinalIgnoreCase) && string.Equals(c.Table, parts[^2], StringComparison.OrdinalIgnoreCase))).ToList();
        }

        column = matches.Count > 0 ? matches[0] : null!;
        if (matches.Count <= 1) return matches.Count == 1;
        throw new SqlException(source, name.Span, $"The name {name} is ambiguous: it is a column of {string.Join(" and ", matches.Select(m => m.Table ?? "the query"))}. Write the table's alias before it.");
    }
}
