using Freshet.Columns;
using Freshet.Columns.Types;
using Freshet.Kernels.Expressions;
using Freshet.Kernels.Rows;

namespace Freshet.Kernels.Patterns;

/// <summary>text LIKE pattern [ESCAPE character], text SIMILAR TO pattern [ESCAPE character]. A wrong pattern is an error of the row.</summary>
public static unsafe class PatternKernels
{
    public static Column Like(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types) => Run(context, arguments, default(LikeMatch));

    public static Column Similar(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types) => Run(context, arguments, default(SimilarMatch));

    private interface IMatch
    {
        /// <summary>Whether a text has the pattern; null and the error where there is none.</summary>
        bool? Matches(ReadOnlySpan<byte> text, ReadOnlySpan<byte> pattern, ReadOnlySpan<byte> escape, out string? error);
    }

    private static Column Run<T>(EvaluationContext context, ReadOnlySpan<Column> arguments, T match)
        where T : struct, IMatch
    {
        var output = Column.Allocate(PhysicalKind.Bool, context.Rows, context.Memory);
        output.Validity = ValidityKernel.All(arguments, context.Rows, context.Memory, out var isNull);
        if (isNull) return Column.ConstantNull(PhysicalKind.Bool, context.Memory);
        var hasFailed = false;
        for (var i = 0; i < context.ActiveCount; i++)
        {
            var row = ValidityKernel.RowOf(context, i);
            if (output.Validity is not null && output.IsNull(row)) continue;
            var pattern = RowLoop.Bytes(arguments[1], row);
            var result = match.Matches(RowLoop.Bytes(arguments[0], row), pattern, arguments.Length > 2 ? RowLoop.Bytes(arguments[2], row) : default, out var error);
            output.As<byte>()[row] = result == true ? (byte)1 : (byte)0;
            if (result is not null) continue;
            context.Fail(row, error!, pattern);
            if (!hasFailed) output.Validity = ValidityKernel.Copy(output.Validity, context.Rows, context.Memory);
            hasFailed = true;
            output.SetNull(row);
        }

        return output;
    }

    private readonly struct LikeMatch : IMatch
    {
        public bool? Matches(ReadOnlySpan<byte> text, ReadOnlySpan<byte> pattern, ReadOnlySpan<byte> escape, out string? error)
        {
            var like = LikePattern.Of(pattern, escape);
            error = like.Error;
            return error is null ? like.Matches(text) : null;
        }
    }

    private readonly struct SimilarMatch : IMatch
    {
        public bool? Matches(ReadOnlySpan<byte> text, ReadOnlySpan<byte> pattern, ReadOnlySpan<byte> escape, out string? error)
        {
            var similar = SimilarPattern.Of(pattern, escape);
            error = similar.Error;
            return error is null ? similar.Matches(text) : null;
        }
    }
}
