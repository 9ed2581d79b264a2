using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;
using Freshet.Kernels.Expressions;
using Freshet.Tests;

namespace Freshet.Kernels.Tests.Json;

/// <summary>Calls a kernel on values given as text; null is NULL. JSON kinds take their text as it is.</summary>
internal static unsafe class KernelRun
{
    /// <summary>The result of one row as text, NULL, or "error: ..." — the same for a column of values and for a constant.</summary>
    internal static string Call(ScalarKernel kernel, SqlType result, params (SqlType Type, string? Text)[] arguments)
    {
        var flat = Call(kernel, result, false, arguments);
        Assert.Equal(flat, Call(kernel, result, true, arguments));
        return flat;
    }

    private static string Call(ScalarKernel kernel, SqlType result, bool isConstant, (SqlType Type, string? Text)[] arguments)
    {
        // Three rows of which only the second is active: the others must not be reported.
        var memory = BatchMemory.Create();
        var columns = new Column[arguments.Length];
        for (var i = 0; i < arguments.Length; i++)
        {
            var (type, text) = arguments[i];
            columns[i] = isConstant ? TextColumn.Of(type, memory, text) with { IsConstant = true } : TextColumn.Of(type, memory, null, text, text);
        }

        var active = memory.Allocate<int>(1);
        *active = 1;
        var batch = new Batch(memory, columns, 3);
        batch.Select(active, 1);
        var context = new EvaluationContext();
        context.Begin(batch, memory);
        var column = kernel(context, columns, new CallTypes([.. arguments.Select(a => a.Type)], result));
        var shown = context.Errors.Count > 0
            ? "error: " + Assert.Single(context.Errors).Reason
            : TextColumn.TextOf(result, column, 1);
        if (context.Errors.Count > 0) Assert.Equal(1, context.Errors[0].Row);
        batch.Release();
        return shown;
    }
}
