using Freshet.Columns;
using Freshet.Columns.Types;

namespace Freshet.Kernels.Expressions;

/// <summary>
/// An expression that is computed for a whole batch at once, by interpretation: one call of a kernel per node and batch,
/// none per row. Immutable and shared by all workers; all that changes is in the <see cref="EvaluationContext"/>.
/// </summary>
public abstract class VectorExpression(SqlType type)
{
    public SqlType Type { get; } = type;

    /// <summary>The values for all rows of the context's input (inactive rows unspecified).</summary>
    public abstract Column Evaluate(EvaluationContext context);
}

/// <summary>A column of the input, by position.</summary>
public sealed class ColumnReference(int index, SqlType type) : VectorExpression(type)
{
    public int Index { get; } = index;

    public override Column Evaluate(EvaluationContext context) => context.Input.Columns[Index];
}
