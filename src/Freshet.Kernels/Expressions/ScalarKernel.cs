using Freshet.Columns;
using Freshet.Columns.Types;

namespace Freshet.Kernels.Expressions;

/// <summary>The types of one call in a plan, fixed when the plan is made.</summary>
public sealed record CallTypes(SqlType[] Arguments, SqlType Result);

/// <summary>
/// Computes one function over a batch: arguments in, one column out, of <see cref="EvaluationContext.Rows"/> rows.
/// The result lies in the context's memory (or is an argument, or points into an argument's bytes).
/// Rows that are not active hold unspecified but readable values; a kernel reports an error only for an active row.
/// </summary>
public delegate Column ScalarKernel(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types);
