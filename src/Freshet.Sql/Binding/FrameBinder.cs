using System.Globalization;
using Freshet.Columns.Types;
using Freshet.Plan;
using Freshet.Plan.Rules;
using Freshet.Syntax;
using Freshet.Syntax.Text;
using Freshet.Syntax.Tree;

namespace Freshet.Sql.Binding;

/// <summary>
/// The frame of a window: signed distances from the current row. Without a frame: all rows up to the current one and its equals
/// where there is an order, else the whole partition.
/// </summary>
internal sealed class FrameBinder(SourceText source, ExpressionBinder binder)
{
    public PlanFrame Bind(WindowSpec spec, BoundOver window)
    {
        if (spec.Frame is not { } frame) return new PlanFrame(true, PlanBound.Unbounded, spec.OrderBy.IsEmpty ? PlanBound.Unbounded : PlanBound.Current);
        var to = frame.To ?? new FrameBound(FrameBoundKind.CurrentRow, null);
        if (frame.From.Kind == FrameBoundKind.UnboundedFollowing) throw Error(spec.Span, "A frame cannot begin at UNBOUNDED FOLLOWING.");
        if (to.Kind == FrameBoundKind.UnboundedPreceding) throw Error(spec.Span, "A frame cannot end at UNBOUNDED PRECEDING.");
        if (frame.From.Kind == FrameBoundKind.CurrentRow && to.Kind == FrameBoundKind.Preceding) throw Error(spec.Span, "A frame that begins at CURRENT ROW cannot end before it.");
        if (frame.From.Kind == FrameBoundKind.Following && to.Kind is FrameBoundKind.Preceding or FrameBoundKind.CurrentRow) throw Error(spec.Span, "A frame that begins after the current row cannot end before that.");
        var hasDistance = frame.From.Distance is not null || to.Distance is not null;
        if (frame.IsRange && hasDistance && window.Order.Length != 1) throw Error(spec.Span, "RANGE with a distance needs exactly one column in ORDER BY.");
        var order = window.Order.IsEmpty ? null : window.Order[0].Value;
        return new PlanFrame(frame.IsRange, Side(frame.From, frame.IsRange, order, isFrom: true), Side(to, frame.IsRange, order, isFrom: false));
    }

    private PlanBound Side(FrameBound bound, bool isRange, BoundExpression? order, bool isFrom)
    {
        if (bound.Kind is FrameBoundKind.UnboundedPreceding or FrameBoundKind.UnboundedFollowing) return PlanBound.Unbounded;
        if (bound.Distance is null) return PlanBound.Current;
        var isBefore = bound.Kind == FrameBoundKind.Preceding;
        if (FoldConstants.Fold(binder.Bind(bound.Distance)) is not BoundLiteral { IsNull: false, Utf8: null } literal) throw Error(bound.Distance.Span, "The distance of a frame is a constant.");
        if (isRange) return Range(literal, order!, isBefore, isFrom);
        if (!literal.Type.IsInteger) throw Error(literal.Span, "The distance of a frame of ROWS is a whole number.");
        return new PlanBound(false, isBefore ? -literal.Bits : literal.Bits);
    }

    private PlanBound Range(BoundLiteral distance, BoundExpression order, bool isBefore, bool isFrom)
    {
        var type = order.Type;
        if (type.IsTimestamp || type.Kind is TypeKind.Date or TypeKind.Time)
        {
            if (distance.Type.Kind != TypeKind.IntervalDayTime) throw Error(distance.Span, $"A range over {type.Name} has an interval in days or smaller units as its distance, such as INTERVAL '10' SECOND.");
            var ms = type.Kind == TypeKind.Date ? Whole(distance.Bits, 86_400_000, isBefore, isFrom) : type.Kind == TypeKind.Time ? distance.Bits : distance.Bits * 1000;
            return new PlanBound(false, isBefore ? -ms : ms);
        }

        if (!type.IsNumeric || !distance.Type.IsNumeric) throw Error(distance.Span, $"A range over {type.Name} cannot have a distance of type {distance.Type.Name}.");
        var value = NumberOf(distance);
        if (type.IsApproximate) return new PlanBound(false, 0, isBefore ? -(double)value : (double)value);
        var scaled = (isBefore ? -value : value) * Power(type.Scale);
        return new PlanBound(false, (Int128)(isFrom ? Math.Ceiling(scaled) : Math.Floor(scaled)));
    }

    /// <summary>A distance in whole units: a value is within it when it is within the real one.</summary>
    private static Int128 Whole(Int128 distance, long unit, bool isBefore, bool isFrom)
    {
        var (whole, rest) = Int128.DivRem(distance, unit);
        return rest == 0 || isBefore == isFrom ? whole : isFrom ? whole + 1 : whole;
    }

    private static decimal NumberOf(BoundLiteral literal) => literal.Type.Kind switch
    {
        TypeKind.Double => (decimal)BitConverter.Int64BitsToDouble((long)literal.Bits),
        TypeKind.Float => (decimal)BitConverter.Int32BitsToSingle((int)literal.Bits),
        TypeKind.Decimal => decimal.Parse(literal.Bits.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture) / Power(literal.Type.Scale),
        _ => (decimal)literal.Bits,
    };

    private static decimal Power(int exponent)
    {
        var power = 1m;
        for (var i = 0; i < exponent; i++) power *= 10;
        return power;
    }

    private SqlException Error(TextSpan span, string sentence) => new(source, span, sentence);
}
