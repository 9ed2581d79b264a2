using Freshet.Columns.Types;
using Freshet.Kernels;
using Freshet.Kernels.Times;
using Freshet.Plan;
using Freshet.Plan.Rules;
using Freshet.Syntax;
using Freshet.Syntax.Text;

namespace Freshet.Sql.Binding;

/// <summary>
/// WHERE with NOW() in a view that is kept: comparisons of a time of the row with the clock become the moments from which, and up
/// to which, the row is in the result. Other conditions on the clock are refused.
/// </summary>
internal sealed class TemporalFilterBinder(SourceText source, QueryRules rules)
{
    private const long OneMs = 1;

    public PlanNode Bind(PlanNode node, BoundExpression condition)
    {
        var parts = BoundLogical.Conjuncts(condition).ToLookup(ReadsClock);
        if (rules.IsBounded || rules.MayReadClock || !parts[true].Any()) return FindTimedJoins.WithWhere(new Filter(node, condition));
        if (BoundLogical.All(parts[false]) is { } rest) node = FindTimedJoins.WithWhere(new Filter(node, rest));
        BoundExpression? from = null;
        BoundExpression? until = null;
        foreach (var part in parts[true])
        {
            if (!TryBounds(part, out var first, out var end))
            {
                QueryBinder.CheckClock(source, part, rules);
                throw new SqlException(source, part.Span, "This condition on the clock is not supported.");
            }

            from = Latest(from, first);
            until = Earliest(until, end);
        }

        return Filtered(node, from, until);
    }

    private static bool ReadsClock(BoundExpression expression) => expression.Parts().OfType<BoundCall>().Any(ClockCall.Is);

    private static Project Filtered(PlanNode node, BoundExpression? from, BoundExpression? until)
    {
        var width = node.Schema.Count;
        List<BoundExpression> expressions = [.. node.Schema.Fields.Select((f, i) => new BoundColumn(i, f.Type))];
        List<string> names = [.. node.Schema.Fields.Select(f => f.Name)];
        var places = new[] { -1, -1 };
        foreach (var (bound, i) in new[] { from, until }.Select((b, i) => (b, i)))
        {
            if (bound is null) continue;
            places[i] = expressions.Count;
            expressions.Add(bound);
            names.Add(i == 0 ? "from$" : "until$");
        }

        var filter = new TemporalFilter(new Project(node, [.. expressions], [.. names]), places[0], places[1]);
        return new Project(filter, [.. Enumerable.Range(0, width).Select(i => new BoundColumn(i, node.Schema[i]))], [.. node.Schema.Fields.Select(f => f.Name)]);
    }

    /// <summary>The moments within which a comparison of a row's time with the clock holds.</summary>
    private static bool TryBounds(BoundExpression condition, out BoundExpression? from, out BoundExpression? until)
    {
        (from, until) = (null, null);
        if (condition is not BoundCall { Name: "=" or "<" or "<=" or ">" or ">=", Children: [var left, var right] } call) return false;
        var op = call.Name;
        if (ReadsClock(left)) (left, right, op) = (right, left, op.Replace('<', '#').Replace('>', '<').Replace('#', '>'));
        // The row's time, op, the clock plus a length.
        if (ReadsClock(left) || ClockPlus(right) is not { } plus || !left.Type.IsTimestamp) return false;
        var time = AsInstant(left);
        if (op is ">" or ">=") until = Plus(time, -plus + (op == ">=" ? OneMs : 0));
        if (op is "<" or "<=") from = Plus(time, -plus + (op == "<" ? OneMs : 0));
        if (op == "=") (from, until) = (Plus(time, -plus), Plus(time, -plus + OneMs));
        return true;
    }

    private static BoundExpression AsInstant(BoundExpression time)
    {
        var type = SqlType.TimestampLtz(3).WithNullable(time.Type.IsNullable);
        return time.Type.Equals(type) ? time : new BoundCast(time, type, false, time.Span);
    }

    /// <summary>What is added to the clock, ms; null where an expression is something else.</summary>
    private static long? ClockPlus(BoundExpression expression) => expression switch
    {
        BoundCall { Name: "CURRENT_TIMESTAMP" or "NOW" or "LOCALTIMESTAMP" or "CURRENT_ROW_TIMESTAMP" } => 0,
        BoundCast { Type.IsTimestamp: true } cast => ClockPlus(cast.Operand),
        BoundCall { Name: "+" or "-", Children: [var clock, BoundLiteral { IsNull: false, Type.Kind: TypeKind.IntervalDayTime } length] } call
            when ClockPlus(clock) is { } plus => plus + ((call.Name == "+" ? 1 : -1) * length.Integer),
        _ => null,
    };

    private static BoundExpression Plus(BoundExpression time, long ms) => ms == 0
        ? time
        : new BoundCall("+", TimeArithmetic.AddInterval(1), [time, new BoundLiteral(SqlType.IntervalDayTime.NotNull, time.Span, (Int128)ms)], time.Type, time.Span);

    private static BoundExpression? Latest(BoundExpression? a, BoundExpression? b) => Better(a, b, ">=");

    private static BoundExpression? Earliest(BoundExpression? a, BoundExpression? b) => Better(a, b, "<=");

    /// <summary>The one of two moments for which the comparison with the other holds; NULL where one is.</summary>
    private static BoundExpression? Better(BoundExpression? a, BoundExpression? b, string op)
    {
        if (a is null || b is null) return a ?? b;
        var kernel = op == ">=" ? ComparisonKernel.GreaterOrEqual : new Freshet.Kernels.Expressions.ScalarKernel(ComparisonKernel.LessOrEqual);
        var isNullable = a.Type.IsNullable || b.Type.IsNullable;
        var test = new BoundCall(op, kernel, [a, b], SqlType.Boolean.WithNullable(isNullable), a.Span);
        var type = a.Type.WithNullable(isNullable);
        var isNull = new BoundCall("IS NULL", LogicKernel.IsNull, [test], SqlType.Boolean.NotNull, a.Span);
        return new BoundCase([isNull, test], [new BoundLiteral(type.WithNullable(true), a.Span, null), a], b, type, a.Span);
    }
}
