using Freshet.Columns;
using Freshet.Columns.Formats;
using Freshet.Columns.Json;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;
using Freshet.Kernels.Expressions;

namespace Freshet.Engine.Functions;

/// <summary>A table function's Eval as a kernel that gives an ARRAY of rows, which the plan unnests.</summary>
internal sealed unsafe class TableBody<TRow>(string name, FunctionMethod method, RowShape shape, Func<object> create) : IDisposable
{
    private readonly ThreadLocal<Call> _calls = new(() => new Call(method.Bind<Func<ValueReader, IEnumerable<TRow>>>(create()), shape));

    public Column Evaluate(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types)
    {
        var call = _calls.Value!;
        call.Reader.Begin(arguments, types.Arguments);
        var result = Column.Allocate(PhysicalKind.View, context.Rows, context.Memory);
        new Span<StringView>(result.Values, context.Rows).Clear();
        result.EnsureValidity(context.Rows, context.Memory);
        for (var i = 0; i < context.ActiveCount; i++)
        {
            var row = context.Active is null ? i : context.Active[i];
            try
            {
                if (call.Reader.MoveTo(row, method.TakesNull) && call.TryRows(context.Memory))
                {
                    result.As<StringView>()[row] = StringView.Copy(call.Text.Written, context.Memory);
                    continue;
                }
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

    /// <summary>The state of one thread: writes rows as JSON of their shape.</summary>
    internal sealed class Call(Func<ValueReader, IEnumerable<TRow>> eval, RowShape shape)
    {
        private readonly Action<Call, TRow> _write = shape.Visitor<Call, TRow>(nameof(Column));
        private BatchMemory _memory = null!;

        public ValueReader Reader { get; } = new();

        public Utf8Buffer Text { get; } = new();

        public bool TryRows(BatchMemory memory)
        {
            var rows = eval(Reader);
            if (rows is null) return false;
            _memory = memory;
            Text.Clear();
            Text.Write((byte)'[');
            foreach (var row in rows)
            {
                if (Text.Length > 1) Text.Write((byte)',');
                if (row is null && !shape.IsValue)
                {
                    Text.Write("null"u8);
                    continue;
                }

                _write(this, row);
                if (!shape.IsValue) Text.Write((byte)'}');
            }

            Text.Write((byte)']');
            return true;
        }

        /// <summary>Writes one column of a row.</summary>
        public void Column<T>(int index, T value)
        {
            if (!shape.IsValue)
            {
                Text.Write(index == 0 ? (byte)'{' : (byte)',');
                JsonValueWriter.WriteString(shape.Fields[index].Name, Text);
                Text.Write((byte)':');
            }

            Int128 room = 0;
            if (ValueWriter.TryWrite(value, &room, 0, _memory)) JsonValueWriter.Write(shape.Fields[index].Type, &room, 0, JsonTimeFormat.Iso8601, Text);
            else Text.Write("null"u8);
        }
    }
}
