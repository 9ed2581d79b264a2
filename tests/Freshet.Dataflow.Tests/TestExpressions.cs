using Freshet.Columns;
using Freshet.Columns.Types;
using Freshet.Kernels.Expressions;

namespace Freshet.Dataflow.Tests;

/// <summary>A BIGINT column compared with a number; NULL where it is NULL.</summary>
internal sealed unsafe class GreaterThan(int column, long limit) : VectorExpression(SqlType.Boolean)
{
    public override Column Evaluate(EvaluationContext context)
    {
        var input = context.Input.Columns[column];
        var result = Column.Allocate(PhysicalKind.Bool, context.Rows, context.Memory);
        for (var i = 0; i < context.Rows; i++) result.As<byte>()[i] = input.As<long>()[input.IndexOf(i)] > limit ? (byte)1 : (byte)0;
        result.Validity = input.Validity;
        return result;
    }
}

/// <summary>100 divided by a BIGINT column; fails for active rows with 0.</summary>
internal sealed unsafe class HundredOver(int column) : VectorExpression(SqlType.BigInt)
{
    public override Column Evaluate(EvaluationContext context)
    {
        var input = context.Input.Columns[column];
        var result = Column.Allocate(PhysicalKind.Int64, context.Rows, context.Memory);
        new Span<long>(result.Values, context.Rows).Clear();
        for (var i = 0; i < context.ActiveCount; i++)
        {
            var row = context.Active is null ? i : context.Active[i];
            var value = input.As<long>()[row];
            if (value == 0) context.Fail(row, "Division by zero; guard it with NULLIF.", "0"u8);
            else result.As<long>()[row] = 100 / value;
        }

        result.Validity = input.Validity;
        return result;
    }
}
