using System.Collections.Immutable;
using System.Globalization;
using Freshet.Syntax.Tree;

namespace Freshet.Syntax.Printing;

/// <summary>Queries and the tables of FROM as text.</summary>
internal sealed class QueryPrinter
{
    private readonly SqlWriter _writer;

    public QueryPrinter(SqlWriter writer)
    {
        _writer = writer;
        Expressions = new ExpressionPrinter(writer, this);
    }

    public ExpressionPrinter Expressions { get; }

    public void Print(Query query)
    {
        if (!query.With.IsEmpty)
        {
            _writer.Add("WITH ").Add(query.With[0].IsRecursive, "RECURSIVE ").List(query.With, table =>
            {
                _writer.Name(table.Name);
                if (!table.Columns.IsEmpty) _writer.Names(table.Columns);
                _writer.Add(" AS (");
                Print(table.Query);
                _writer.Add(")");
            });
            _writer.Add(" ");
        }

        Print(query.Body);
        if (!query.OrderBy.IsEmpty)
        {
            _writer.Add(" ");
            Expressions.Order(query.OrderBy);
        }

        Clause(" LIMIT ", query.Limit);
        Clause(" OFFSET ", query.Offset);
    }

    private void Clause(string word, Expression? expression)
    {
        if (expression is null) return;
        _writer.Add(word);
        Expressions.Print(expression);
    }

    private void Print(QueryBody body)
    {
        switch (body)
        {
            case SelectBody select: Print(select); break;
            case WindowedBody windowed:
                Print(windowed.Select);
                if (!windowed.Windows.IsEmpty)
                {
                    _writer.Add(" WINDOW ").List(windowed.Windows, w =>
                    {
                        _writer.Name(w.Name).Add(" AS ");
                        Print(w.Window);
                    });
                }

                Clause(" QUALIFY ", windowed.Qualify);
                break;
            case ValuesBody values:
                _writer.Add("VALUES ").List(values.Rows, row =>
                {
                    _writer.Add("(");
                    Expressions.Print(row);
                    _writer.Add(")");
                });
                break;
            case NestedBody nested:
                _writer.Add("(");
                Print(nested.Query);
                _writer.Add(")");
                break;
            case SetBody set:
                Print(set.Left);
                _writer.Add(" ").Add(set.Operator.ToString().ToUpperInvariant()).Add(set.IsAll, " ALL").Add(" ");
                Print(set.Right);
                break;
            default: throw new InvalidOperationException($"{body.GetType().Name} has no text.");
        }
    }

    private void Print(SelectBody select)
    {
        _writer.Add("SELECT ");
        Hints(select.Hints);
        _writer.Add(select.IsDistinct, "DISTINCT ").List(select.Items, item =>
        {
            Expressions.Print(item.Expression);
            if (item.Alias is not null) _writer.Add(" AS ").Name(item.Alias);
        });
        if (select.From is not null)
        {
            _writer.Add(" FROM ");
            Print(select.From);
        }

        Clause(" WHERE ", select.Where);
        if (select.GroupBy is { } group)
        {
            _writer.Add(" GROUP BY ").Add(group.Keys.IsEmpty, "()");
            Expressions.Print(group.Keys);
        }

        Clause(" HAVING ", select.Having);
    }

    public void Hints(ImmutableArray<Hint> hints)
    {
        if (hints.IsEmpty) return;
        _writer.Add("/*+ ").List(hints, hint =>
        {
            _writer.Name(hint.Name);
            if (hint.Arguments.IsEmpty) return;
            _writer.Add("(").List(hint.Arguments, a =>
            {
                if (a.Key is not null) _writer.Quoted(a.Key).Add(" = ");
                _writer.Quoted(a.Value);
            });
            _writer.Add(")");
        });
        _writer.Add(" */ ");
    }

    public void Print(WindowSpec window)
    {
        _writer.Add("(");
        var space = "";
        if (window.Base is not null)
        {
            _writer.Name(window.Base);
            space = " ";
        }

        if (!window.PartitionBy.IsEmpty)
        {
            _writer.Add(space).Add("PARTITION BY ");
            Expressions.Print(window.PartitionBy);
            space = " ";
        }

        if (!window.OrderBy.IsEmpty)
        {
            _writer.Add(space);
            Expressions.Order(window.OrderBy);
            space = " ";
        }

        if (window.Frame is { } frame)
        {
            _writer.Add(space).Add(frame.IsRange ? "RANGE " : "ROWS ").Add(frame.To is not null, "BETWEEN ");
            Print(frame.From);
            if (frame.To is not null)
            {
                _writer.Add(" AND ");
                Print(frame.To);
            }
        }

        _writer.Add(")");
    }

    private void Print(FrameBound bound)
    {
        switch (bound.Kind)
        {
            case FrameBoundKind.CurrentRow: _writer.Add("CURRENT ROW"); break;
            case FrameBoundKind.UnboundedPreceding: _writer.Add("UNBOUNDED PRECEDING"); break;
            case FrameBoundKind.UnboundedFollowing: _writer.Add("UNBOUNDED FOLLOWING"); break;
            default:
                Expressions.Print(bound.Distance!);
                _writer.Add(bound.Kind == FrameBoundKind.Preceding ? " PRECEDING" : " FOLLOWING");
                break;
        }
    }

    private void Print(TableReference table)
    {
        switch (table)
        {
            case NamedTable named:
                _writer.Name(named.Name);
                if (!named.Hints.IsEmpty) Hints(named.Hints);
                Print(named.Alias);
                break;
            case QueryTable query:
                _writer.Add(query.IsLateral, "LATERAL ").Add("(");
                Print(query.Query);
                _writer.Add(")");
                Print(query.Alias);
                break;
            case JoinTable join: Print(join); break;
            case UnnestTable unnest:
                _writer.Add("UNNEST(");
                Expressions.Print(unnest.Collection);
                _writer.Add(")").Add(unnest.WithOrdinality, " WITH ORDINALITY");
                Print(unnest.Alias);
                break;
            case FunctionTable function: Print(function); break;
            case SystemTimeTable system:
                Operand(system.Table);
                _writer.Add(" FOR SYSTEM_TIME AS OF ");
                Expressions.Print(system.AsOf);
                Print(system.Alias);
                break;
            case MatchTable match:
                Operand(match.Table);
                new PatternPrinter(_writer, Expressions).Print(match);
                Print(match.Alias);
                break;
            default: throw new InvalidOperationException($"{table.GetType().Name} has no text.");
        }
    }

    /// <summary>A join within parentheses, anything else as it is.</summary>
    private void Operand(TableReference table)
    {
        _writer.Add(table is JoinTable, "(");
        Print(table);
        _writer.Add(table is JoinTable, ")");
    }

    private void Print(JoinTable join)
    {
        Print(join.Left);
        var isComma = join is { Kind: JoinKind.Cross, Condition: null };
        _writer.Add(join.IsNatural, " NATURAL").Add(isComma ? " CROSS JOIN " : $" {join.Kind.ToString().ToUpperInvariant()} JOIN ");
        Operand(join.Right);
        Clause(" ON ", join.Condition);
        if (!join.Using.IsEmpty) _writer.Add(" USING ").Names(join.Using);
    }

    private void Print(FunctionTable function)
    {
        _writer.Add(function.IsLateral, "LATERAL ").Add(function.IsTable, "TABLE(").Name(function.Function).Add("(").List(function.Written, a =>
        {
            if (a.Name is not null) _writer.Name(a.Name).Add(" => ");
            Expressions.Print(a.Value);
        });
        _writer.Add(")").Add(function.IsTable, ")");
        Print(function.Alias);
    }

    /// <summary>A table as an argument of a table function.</summary>
    public void Argument(TableReference table)
    {
        var (inner, partition, order) = table is PartitionedTable p ? (p.Table, p.PartitionBy, p.OrderBy) : (table, [], []);
        _writer.Add("TABLE ");
        Print(inner);
        if (!partition.IsEmpty)
        {
            _writer.Add(" PARTITION BY (");
            Expressions.Print(partition);
            _writer.Add(")");
        }

        if (order.IsEmpty) return;
        _writer.Add(" ORDER BY (");
        Expressions.OrderItems(order);
        _writer.Add(")");
    }

    private void Print(TableAlias? alias)
    {
        if (alias is null) return;
        _writer.Add(" AS ").Name(alias.Name);
        if (!alias.Columns.IsEmpty) _writer.Names(alias.Columns);
    }
}

/// <summary>MATCH_RECOGNIZE as text.</summary>
internal sealed class PatternPrinter(SqlWriter writer, ExpressionPrinter expressions)
{
    public void Print(MatchTable match)
    {
        writer.Add(" MATCH_RECOGNIZE (");
        if (!match.PartitionBy.IsEmpty)
        {
            writer.Add("PARTITION BY ");
            expressions.Print(match.PartitionBy);
            writer.Add(" ");
        }

        expressions.Order(match.OrderBy);
        if (!match.Measures.IsEmpty)
        {
            writer.Add(" MEASURES ").List(match.Measures, m =>
            {
                expressions.Print(m.Expression);
                writer.Add(" AS ").Name(m.Name);
            });
        }

        writer.Add(match.IsAllRows ? " ALL ROWS PER MATCH" : " ONE ROW PER MATCH");
        if (match.After is { } after)
        {
            writer.Add(" AFTER MATCH SKIP ").Add(after.Skip);
            if (after.Variable is not null) writer.Add(" ").Name(after.Variable);
        }

        writer.Add(" PATTERN (").Add(match.IsAnchoredAtStart, "^ ");
        Print(match.Pattern);
        writer.Add(match.IsAnchoredAtEnd, " $").Add(")");
        if (match.Within is not null)
        {
            writer.Add(" WITHIN ");
            expressions.Print(match.Within);
        }

        if (!match.Subsets.IsEmpty) writer.Add(" SUBSET ").List(match.Subsets, s => writer.Name(s.Name).Add(" = ").Names(s.Variables));
        writer.Add(" DEFINE ").List(match.Definitions, d =>
        {
            writer.Name(d.Variable).Add(" AS ");
            expressions.Print(d.Condition);
        });
        writer.Add(")");
    }

    private void Print(Pattern pattern)
    {
        switch (pattern)
        {
            case PatternVariable variable: writer.Name(variable.Name); break;
            case PatternSequence sequence: Items(sequence.Items, " "); break;
            case PatternChoice choice: Items(choice.Items, " | "); break;
            case PatternExclusion exclusion:
                writer.Add("{- ");
                Print(exclusion.Item);
                writer.Add(" -}");
                break;
            case PatternPermutation permutation:
                writer.Add("PERMUTE(");
                Items(permutation.Items, ", ");
                writer.Add(")");
                break;
            case PatternRepeat repeat:
                Group(repeat.Item);
                writer.Add(Quantifier(repeat)).Add(repeat.IsReluctant, "?");
                break;
            default: throw new InvalidOperationException($"{pattern.GetType().Name} has no text.");
        }
    }

    private void Items(ImmutableArray<Pattern> items, string between)
    {
        for (var i = 0; i < items.Length; i++)
        {
            writer.Add(i > 0, between);
            Group(items[i]);
        }
    }

    private void Group(Pattern item)
    {
        var isGroup = item is PatternSequence or PatternChoice;
        writer.Add(isGroup, "(");
        Print(item);
        writer.Add(isGroup, ")");
    }

    private static string Quantifier(PatternRepeat repeat) => (repeat.Least, repeat.Most) switch
    {
        (0, null) => "*",
        (1, null) => "+",
        (0, 1) => "?",
        (_, null) => string.Create(CultureInfo.InvariantCulture, $"{{{repeat.Least},}}"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{{{repeat.Least},{repeat.Most}}}"),
    };
}
