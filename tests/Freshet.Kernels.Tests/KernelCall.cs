using System.Text;
using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;
using Freshet.Kernels.Expressions;
using Freshet.Tests;

namespace Freshet.Kernels.Tests;

/// <summary>Calls a kernel over rows of plain values: texts, numbers, NULL.</summary>
internal static class KernelCall
{
    /// <summary>The results of all rows; an error of a row is the text "error: ...".</summary>
    public static List<object?> Run(ScalarKernel kernel, SqlType result, SqlType[] types, params object?[][] rows)
    {
        var batch = TestRows.Of([.. types.Select(t => t.Physical)], rows);
        var memory = BatchMemory.Create();
        var context = new EvaluationContext();
        context.Begin(batch, memory);
        var column = kernel(context, batch.Columns, new CallTypes(types, result));
        var answer = new Batch(memory, [column.Flatten(rows.Length, memory)], rows.Length);
        var values = TestRows.Read(answer).Select(r => r.Values[0]).ToList();
        foreach (var error in context.Errors) values[error.Row] = "error: " + error.Reason;
        memory.Release();
        batch.Release();
        return values;
    }

    /// <summary>Random texts of characters of one to four bytes, some equal to each other.</summary>
    public static string Text(Random random, int lengthMax)
    {
        var text = new StringBuilder();
        string[] alphabet = ["a", "b", "A", "1", " ", "é", "ß", "世", "界", "😀", "𝒳", ","];
        for (var i = random.Next(lengthMax + 1); i > 0; i--) text.Append(alphabet[random.Next(alphabet.Length)]);
        return text.ToString();
    }
}
