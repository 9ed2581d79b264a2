using System.Collections.Immutable;
using Freshet.Columns.Types;
using Freshet.Kernels.Expressions;

namespace Freshet.Plan;

/// <summary>
/// The parts that stand at several places of a filter's condition and the columns of the projection above it: they are computed once for
/// a batch (<see cref="SharedExpression"/>). Of a part that is shared as a whole, what is in it is shared only where it also stands elsewhere.
/// Parts are the same when their texts and types are: equal texts mean equal values, and a call that gives every row another value bears its own place in its text.
/// </summary>
public sealed class SharedParts
{
    /// <summary>Trees beyond so many nodes are left as they are: comparing all of their parts would cost more than it saves.</summary>
    private const long SizeMax = 5_000;

    private readonly Dictionary<(string Text, SqlType Type), int> _numbers = [];

    private SharedParts(ImmutableArray<BoundExpression> parts)
    {
        Parts = parts;
        foreach (var part in parts) _numbers.Add(KeyOf(part), _numbers.Count);
    }

    /// <summary>The parts, in the order in which they are met.</summary>
    public ImmutableArray<BoundExpression> Parts { get; }

    public static SharedParts Of(ImmutableArray<BoundExpression> expressions)
    {
        if (expressions.Sum(e => e.Size) > SizeMax) return new SharedParts([]);
        var places = new Dictionary<(string, SqlType), int>();
        var met = new List<BoundExpression>();
        foreach (var expression in expressions) Visit(expression);
        return new SharedParts([.. met.Where(e => places[KeyOf(e)] > 1)]);

        void Visit(BoundExpression expression)
        {
            if (expression.Children.IsEmpty) return;
            var key = KeyOf(expression);
            places[key] = places.GetValueOrDefault(key) + 1;
            if (places[key] > 1) return;
            met.Add(expression);
            foreach (var child in expression.Children) Visit(child);
        }
    }

    /// <summary>The expression with its shared parts marked, to be lowered.</summary>
    public BoundExpression Mark(BoundExpression expression)
    {
        if (_numbers.Count == 0 || expression.Children.IsEmpty) return expression;
        var marked = expression.With(ImmutableArray.CreateRange(expression.Children, Mark));
        return _numbers.TryGetValue(KeyOf(expression), out var number) ? new BoundShared(marked, number) : marked;
    }

    private static (string Text, SqlType Type) KeyOf(BoundExpression expression) => (expression.ToString()!, expression.Type);

    private sealed class BoundShared(BoundExpression part, int number) : BoundExpression(part.Type, part.Span)
    {
        public override ImmutableArray<BoundExpression> Children => [part];

        public override BoundExpression With(ImmutableArray<BoundExpression> children) => new BoundShared(children[0], number);

        public override VectorExpression Lower() => new SharedExpression(part.Lower(), number, Type);

        public override string ToString() => part.ToString()!;
    }
}
