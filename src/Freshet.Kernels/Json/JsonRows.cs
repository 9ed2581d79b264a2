using Freshet.Columns;
using Freshet.Columns.Formats;
using Freshet.Columns.Json;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;
using Freshet.Kernels.Expressions;
using Freshet.Kernels.Rows;

namespace Freshet.Kernels.Json;

/// <summary>One row of a JSON function: a struct, so that the loop over the rows is compiled for it.</summary>
internal interface IJsonRow
{
    /// <summary>Stores the value of a row in <see cref="JsonRows.Result"/>; false: NULL, or after <see cref="JsonRows.Fail"/> an error.</summary>
    bool TryRow(JsonRows rows, ReadOnlySpan<Column> arguments, int row);
}

/// <summary>
/// The loop that all JSON kernels share: over the active rows, once where all arguments are constant, with a document index
/// and buffers that are reused. One per thread; a kernel runs to its end before the next begins.
/// </summary>
internal sealed unsafe class JsonRows
{
    [ThreadStatic]
    private static JsonRows? t_rows;

    private string? _failure;
    private string _failureValue = "";

    internal JsonStructure Structure { get; } = new();

    internal Utf8Buffer Buffer { get; } = new();

    /// <summary>A second buffer, for functions that put a text together from parts.</summary>
    internal Utf8Buffer Parts { get; } = new();

    internal JsonCanonical Canonical { get; } = new();

    internal List<JsonValue> Matches { get; } = [];

    internal BatchMemory Memory { get; private set; } = null!;

    internal SqlType Type { get; private set; } = null!;

    internal CallTypes Types { get; private set; } = null!;

    internal TimeZoneInfo Zone { get; private set; } = null!;

    internal void* Result { get; private set; }

    internal static Column Run<T>(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types, T body)
        where T : struct, IJsonRow
    {
        var rows = t_rows ??= new JsonRows();
        rows.Memory = context.Memory;
        rows.Type = types.Result;
        rows.Types = types;
        rows.Zone = context.TimeZone;
        var result = RowLoop.NewResult(context, arguments, types);
        rows.Result = result.Values;
        if (result.IsConstant)
        {
            if (context.ActiveCount == 0) return result;
            if (body.TryRow(rows, arguments, 0)) result.Validity[0] = 1;
            else if (rows._failure is not null)
            {
                for (var i = 0; i < context.ActiveCount; i++) rows.Report(context, context.Active is null ? i : context.Active[i]);
                rows._failure = null;
            }

            return result;
        }

        var valid = 0;
        for (var i = 0; i < context.ActiveCount; i++)
        {
            var row = context.Active is null ? i : context.Active[i];
            if (body.TryRow(rows, arguments, row))
            {
                result.Validity[row >> 6] |= 1UL << row;
                valid++;
            }
            else if (rows._failure is not null)
            {
                rows.Report(context, row);
                rows._failure = null;
            }
        }

        if (valid == context.Rows) result.Validity = null;
        return result;
    }

    /// <summary>Says why the row has no value.</summary>
    internal bool Fail(string reason, ReadOnlySpan<byte> value)
    {
        _failure = reason;
        _failureValue = DecodeError.Cut(value);
        return false;
    }

    /// <summary>Indexes the JSON text in a row of a column; text that is not known to be JSON is validated.</summary>
    internal bool TryScan(in Column column, int row, bool isTrusted, out JsonValue root)
    {
        var view = column.As<StringView>() + column.IndexOf(row);
        return TryScan(StringView.Span(view), isTrusted, out root);
    }

    internal bool TryScan(ReadOnlySpan<byte> text, bool isTrusted, out JsonValue root)
    {
        // The bytes lie in native memory (a column's values or what views point at): they do not move.
        Structure.Scan((byte*)System.Runtime.CompilerServices.Unsafe.AsPointer(ref System.Runtime.InteropServices.MemoryMarshal.GetReference(text)), text.Length);
        root = default;
        if (!isTrusted && !JsonValidator.TryValidate(Structure, new JsonLimits(MaxDepth: JsonValidator.MaxDepth), out _)) return false;
        if (Structure.Count == 0) return false;
        root = Structure.ValueAt(0);
        return true;
    }

    /// <summary>Stores a JSON value as the result type; JSON null and a missing value are NULL.</summary>
    internal bool TryStore(in JsonValue value, int row, out TextResult result)
    {
        result = TextResult.Ok;
        if (value.Kind is JsonKind.Null or JsonKind.None) return false;
        result = JsonScalar.TryWrite(value, Type, Result, row, Zone, Memory);
        return result == TextResult.Ok;
    }

    internal void StoreText(ReadOnlySpan<byte> text, int row) => ((StringView*)Result)[row] = StringView.Copy(text, Memory);

    /// <summary>Copies a value of the result type from another column; false if it is NULL there.</summary>
    internal bool TryCopy(in Column from, int row)
    {
        if (from.IsNull(row)) return false;
        var width = from.Kind.WidthBytes();
        var source = (byte*)from.Values + (long)from.IndexOf(row) * width;
        new Span<byte>(source, width).CopyTo(new Span<byte>((byte*)Result + (long)row * width, width));
        return true;
    }

    private void Report(EvaluationContext context, int row) => context.Fail(row, _failure!, System.Text.Encoding.UTF8.GetBytes(_failureValue));
}
