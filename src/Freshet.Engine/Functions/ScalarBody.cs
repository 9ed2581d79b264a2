using Freshet.Columns;
using Freshet.Columns.Types;
using Freshet.Kernels.Expressions;

namespace Freshet.Engine.Functions;

/// <summary>A scalar function's Eval as a kernel: a loop over the rows that matter. What Eval throws is an error of its row.</summary>
internal sealed unsafe class ScalarBody<TResult>(string name, FunctionMethod method, Func<object> create) : IDisposable
{
    private readonly ThreadLocal<(ValueReader Reader, Func<ValueReader, TResult> Eval)> _calls = new(() => (new ValueReader(), method.Bind<Func<ValueReader, TResult>>(create())));

    public Column Evaluate(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types)
    {
        var (reader, eval) = _calls.Value;
        reader.Begin(arguments, types.Arguments);
        var result = Column.Allocate(types.Result.Physical, context.Rows, context.Memory);
        new Span<byte>(result.Values, context.Rows * types.Result.Physical.WidthBytes()).Clear();
        result.EnsureValidity(context.Rows, context.Memory);
        for (var i = 0; i < context.ActiveCount; i++)
        {
            var row = context.Active is null ? i : context.Active[i];
            try
            {
                if (reader.MoveTo(row, method.TakesNull) && ValueWriter.TryWrite(eval(reader), result.Values, row, context.Memory)) continue;
            }
            catch (Exception exception)
            {
                context.Fail(row, FunctionErrors.Reason(name, exception));
            }

            result.SetNull(row);
        }

        return result;
    }

    public void Dispose() => _calls.Dispose();
}
