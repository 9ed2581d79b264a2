using Freshet.Columns.Expressions;
using Freshet.Columns.Types;

namespace Freshet.Columns.Kernels;

/// <summary>LIKE over UTF-8. NULL in, NULL out.</summary>
public static unsafe class TextKernel
{
    /// <summary>LIKE: % any text, _ any character; the escape character is the third argument.</summary>
    public static Column Like(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types) => Integers(
        context,
        arguments,
        static (a, row) => Matches(Text(a[0], row), Text(a[1], row), a.Length > 2 ? Text(a[2], row)[0] : (byte)0) ? 1 : 0,
        PhysicalKind.Bool);

    internal static ReadOnlySpan<byte> Text(in Column column, int row) => StringView.Span(column.As<StringView>() + column.IndexOf(row));

    /// <summary>Backtracks only to the last %, so that it takes at most text times pattern steps.</summary>
    private static bool Matches(ReadOnlySpan<byte> text, ReadOnlySpan<byte> pattern, byte escape)
    {
        int t = 0, p = 0, starPattern = -1, starText = 0;
        while (t < text.Length)
        {
            if (p < pattern.Length && pattern[p] == '%' && (escape != (byte)'%'))
            {
                starPattern = ++p;
                starText = t;
                continue;
            }

            if (p < pattern.Length)
            {
                if (escape != 0 && pattern[p] == escape && p + 1 < pattern.Length)
                {
                    if (pattern[p + 1] == text[t])
                    {
                        p += 2;
                        t++;
                        continue;
                    }
                }
                else if (pattern[p] == '_')
                {
                    p++;
                    t++;
                    while (t < text.Length && (text[t] & 0xC0) == 0x80) t++;
                    continue;
                }
                else if (pattern[p] == text[t])
                {
                    p++;
                    t++;
                    continue;
                }
            }

            if (starPattern < 0) return false;
            p = starPattern;
            t = ++starText;
        }

        while (p < pattern.Length && pattern[p] == '%') p++;
        return p == pattern.Length;
    }

    private delegate long IntegerFunction(ReadOnlySpan<Column> arguments, int row);

    private static Column Integers(EvaluationContext context, ReadOnlySpan<Column> arguments, IntegerFunction function, PhysicalKind kind = PhysicalKind.Int32)
    {
        var validity = ValidityKernel.All(arguments, context.Rows, context.Memory, out var isNull);
        if (isNull) return Column.ConstantNull(kind, context.Memory);
        var output = Column.Allocate(kind, context.Rows, context.Memory);
        output.Validity = validity;
        for (var i = 0; i < context.ActiveCount; i++)
        {
            var row = ValidityKernel.RowOf(context, i);
            if (validity is not null && output.IsNull(row)) continue;
            var value = function(arguments, row);
            if (kind == PhysicalKind.Bool) output.As<byte>()[row] = (byte)value;
            else output.As<int>()[row] = (int)value;
        }

        return output;
    }
}
