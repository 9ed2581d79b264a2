using System.Collections.Immutable;
using Freshet.Columns.Types;
using Freshet.Syntax.Tree;

namespace Freshet.Syntax.Printing;

/// <summary>Expressions as text.</summary>
internal sealed class ExpressionPrinter(SqlWriter writer, QueryPrinter queries)
{
    /// <summary>How tightly an expression binds; an operand below what its operator needs is put into parentheses.</summary>
    private static int Level(Expression expression) => expression switch
    {
        Binary { Operator: "OR" } => 1,
        Binary { Operator: "AND" } => 2,
        Unary { Operator: "NOT" } => 3,
        IsTest => 4,
        Binary { Operator: "=" or "<>" or "<" or "<=" or ">" or ">=" } or Quantified or Call { Function: "OVERLAPS", Arguments.Length: 2 } => 5,
        Between or InList or InQuery or Like => 6,
        Binary { Operator: "+" or "-" or "IS DISTINCT FROM" or "IS NOT DISTINCT FROM" } => 7,
        Binary => 8,
        Unary => 9,
        Literal or Name or Call or Cast or Case or ScalarQuery or Tree.Index or FieldAccess or Constructor or Exists or CollectionQuery or OrderedCall or OverCall => 11,
        _ => 10,
    };

    private void Print(Expression expression, int least)
    {
        if (Level(expression) >= least)
        {
            Print(expression);
            return;
        }

        writer.Add("(");
        Print(expression);
        writer.Add(")");
    }

    public void Print(ImmutableArray<Expression> expressions) => writer.List(expressions, Print);

    public void Print(Expression expression)
    {
        switch (expression)
        {
            case Literal literal: Print(literal); break;
            case IntervalLiteral interval: writer.Add("INTERVAL ").Add(interval.IsNegative, "-").Quoted(interval.Text).Add(" ").Add(Units(interval.From, interval.To)); break;
            case IntervalOf interval:
                writer.Add("INTERVAL (");
                Print(interval.Value);
                writer.Add(") ").Add(Units(interval.From, interval.To));
                break;
            case Name name: writer.Name(name); break;
            case Star star: writer.Add(star.Qualifier is null ? "*" : "").Add(star.Qualifier is null ? "" : Qualified(star.Qualifier) + ".*"); break;
            case Word word: writer.Add(word.Text); break;
            case Unary unary: Operator(unary); break;
            case Binary binary: Operator(binary); break;
            case IsTest test:
                Print(test.Operand, 4);
                writer.Add(test.IsNegated ? " IS NOT " : " IS ").Add(test.Test);
                break;
            case Between between: Print(between); break;
            case InList list:
                Print(list.Operand, 6);
                writer.Add(list.IsNegated, " NOT").Add(" IN (");
                Print(list.Items);
                writer.Add(")");
                break;
            case InQuery query:
                Print(query.Operand, 6);
                writer.Add(query.IsNegated, " NOT").Add(" IN (");
                queries.Print(query.Query);
                writer.Add(")");
                break;
            case Like like: Print(like); break;
            case Quantified quantified: Print(quantified); break;
            case Exists exists: Enclosed("EXISTS (", exists.Query); break;
            case ScalarQuery query: Enclosed("(", query.Query); break;
            case CollectionQuery query: Enclosed(query.Kind + "(", query.Query); break;
            case Case @case: Print(@case); break;
            case Cast cast:
                writer.Add(cast.IsTry ? "TRY_CAST(" : "CAST(");
                Print(cast.Operand);
                writer.Add(" AS ").Add(cast.IntervalUnit is { } unit ? "INTERVAL " + unit : cast.Type.ToString()).Add(")");
                break;
            case Call call: new CallPrinter(writer, this).Print(call, [], null); break;
            case OrderedCall ordered: Print(ordered); break;
            case OverCall over:
                Print(over.Function);
                writer.Add(" OVER ");
                if (over.Window is null) writer.Name(over.WindowName!);
                else queries.Print(over.Window);
                break;
            case NamedValue named:
                writer.Name(named.Name).Add(" => ");
                Print(named.Value);
                break;
            case Tree.Index index:
                Print(index.Base, 11);
                writer.Add("[");
                Print(index.At);
                writer.Add("]");
                break;
            case FieldAccess access:
                Field(access.Base);
                writer.Add(".").Name(access.Field);
                break;
            case FieldsOf fields:
                Field(fields.Base);
                writer.Add(".*");
                break;
            case Constructor constructor:
                var isRow = constructor.Kind == "ROW";
                writer.Add(constructor.Kind).Add(isRow ? "(" : "[");
                Print(constructor.Items);
                writer.Add(isRow ? ")" : "]");
                break;
            case GroupingSets sets:
                writer.Add(sets.Kind).Add(" (");
                Print(sets.Items);
                writer.Add(")");
                break;
            case GroupingSet set:
                writer.Add("(");
                Print(set.Keys);
                writer.Add(")");
                break;
            case TableArgument table: queries.Argument(table.Table); break;
            case DescriptorArgument descriptor: writer.Add("DESCRIPTOR").Names(descriptor.Columns); break;
            case ModelArgument model: writer.Add("MODEL ").Name(model.Model); break;
            default: throw new InvalidOperationException($"{expression.GetType().Name} has no text.");
        }
    }

    private static string Qualified(Name name) => string.Join('.', name.Parts.Select(p => "`" + p.Replace("`", "``", StringComparison.Ordinal) + "`"));

    private static string Units(string from, string? to) => to is null ? from : $"{from} TO {to}";

    /// <summary>What stands before a point: a name would take the point for its own, a number for a fraction.</summary>
    private void Field(Expression expression)
    {
        var parentheses = expression is Name or Literal || Level(expression) < 11;
        writer.Add(parentheses, "(");
        Print(expression);
        writer.Add(parentheses, ")");
    }

    private void Enclosed(string open, Query query)
    {
        writer.Add(open);
        queries.Print(query);
        writer.Add(")");
    }

    private void Print(Literal literal)
    {
        switch (literal.Kind)
        {
            case LiteralKind.String: writer.Quoted(literal.Text); break;
            case LiteralKind.Binary: writer.Add("x").Quoted(literal.Text); break;
            case LiteralKind.Date: writer.Add("DATE ").Quoted(literal.Text); break;
            case LiteralKind.Time: writer.Add("TIME ").Quoted(literal.Text); break;
            case LiteralKind.Timestamp: writer.Add("TIMESTAMP ").Quoted(literal.Text); break;
            case LiteralKind.TimestampLtz: writer.Add("TIMESTAMP WITH LOCAL TIME ZONE ").Quoted(literal.Text); break;
            case LiteralKind.Null or LiteralKind.Boolean: writer.Add(literal.Text.ToUpperInvariant()); break;
            default: writer.Add(literal.Text); break;
        }
    }

    private void Operator(Unary unary)
    {
        var isNot = unary.Operator == "NOT";
        writer.Add(isNot ? "NOT " : unary.Operator);
        // Two signs in a row would begin a comment.
        Print(unary.Operand, isNot ? 3 : unary.Operand is Unary ? 10 : 9);
    }

    private void Operator(Binary binary)
    {
        var level = Level(binary);
        var isLogical = binary.Operator is "AND" or "OR";
        Print(binary.Left, level);
        writer.Add(" ").Add(binary.Operator).Add(" ");
        // IS DISTINCT FROM takes a whole sum to its right, but no other of its kind.
        var right = binary.Operator.StartsWith("IS", StringComparison.Ordinal) ? 8 : isLogical ? level : level + 1;
        Print(binary.Right, right);
    }

    private void Print(Between between)
    {
        Print(between.Operand, 6);
        writer.Add(between.IsNegated, " NOT").Add(" BETWEEN ").Add(between.IsSymmetric, "SYMMETRIC ");
        Print(between.Low, 7);
        writer.Add(" AND ");
        Print(between.High, 7);
    }

    private void Print(Like like)
    {
        Print(like.Operand, 6);
        writer.Add(like.IsNegated, " NOT").Add(like.IsSimilar ? " SIMILAR TO " : " LIKE ");
        Print(like.Pattern, 7);
        if (like.Escape is null) return;
        writer.Add(" ESCAPE ");
        Print(like.Escape, 7);
    }

    private void Print(Quantified quantified)
    {
        Print(quantified.Left, 5);
        writer.Add($" {quantified.Operator} {quantified.Quantifier} (");
        if (quantified.Query is null) Print(quantified.Items);
        else queries.Print(quantified.Query);
        writer.Add(")");
    }

    private void Print(Case @case)
    {
        writer.Add("CASE");
        if (@case.Operand is not null)
        {
            writer.Add(" ");
            Print(@case.Operand);
        }

        foreach (var branch in @case.Branches)
        {
            writer.Add(" WHEN ");
            Print(branch.When);
            writer.Add(" THEN ");
            Print(branch.Then);
        }

        if (@case.Else is not null)
        {
            writer.Add(" ELSE ");
            Print(@case.Else);
        }

        writer.Add(" END");
    }

    private void Print(OrderedCall ordered)
    {
        new CallPrinter(writer, this).Print(ordered.Call, ordered.IsWithinGroup ? [] : ordered.OrderBy, () =>
        {
            if (!ordered.IsWithinGroup) return;
            writer.Add(" WITHIN GROUP (");
            Order(ordered.OrderBy);
            writer.Add(")");
        });
        writer.Add(ordered.Nulls is not null, $" {ordered.Nulls} NULLS");
    }

    /// <summary>ORDER BY a DESC, b.</summary>
    public void Order(ImmutableArray<OrderItem> items)
    {
        if (items.IsEmpty) return;
        writer.Add("ORDER BY ");
        OrderItems(items);
    }

    public void OrderItems(ImmutableArray<OrderItem> items) => writer.List(items, item =>
    {
        Print(item.Expression);
        writer.Add(item.IsDescending, " DESC").Add(item.NullsFirst == true, " NULLS FIRST").Add(item.NullsFirst == false, " NULLS LAST");
    });

    /// <summary>Options of JSON functions, whose values are words, types or expressions.</summary>
    public void Option(object value)
    {
        if (value is Expression expression)
        {
            writer.Add("DEFAULT ");
            Print(expression);
        }
        else
        {
            writer.Add(value is SqlType type ? type.ToString() : (string)value);
        }
    }
}
