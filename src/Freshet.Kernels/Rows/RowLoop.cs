using Freshet.Columns;
using Freshet.Columns.Formats;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;
using Freshet.Kernels.Expressions;

namespace Freshet.Kernels.Rows;

/// <summary>
/// One row of a function: a struct, so that the loop over the rows is compiled for it. It stores the result through the loop
/// and answers true, or answers false for NULL (after <see cref="RowLoop.Fail"/> the row is an error).
/// </summary>
public interface IRowFunction
{
    /// <summary>Whether rows in which an argument is NULL reach the function; else their result is NULL.</summary>
    static virtual bool TakesNull => false;

    bool TryRow(RowLoop rows, ReadOnlySpan<Column> arguments, int row);
}

/// <summary>
/// The loop that functions of one row share: over the active rows, once where all arguments are constant, with buffers that
/// are reused. One per thread; a kernel runs to its end before the next begins. Costs no virtual call and, but for what a
/// function itself does, no allocation for a row.
/// </summary>
public sealed unsafe class RowLoop
{
    /// <summary>Longest text that a function makes from shorter ones, bytes.</summary>
    public const int ResultMaxBytes = 1 << 20;

    [ThreadStatic]
    private static RowLoop? t_loop;

    private Column _result;
    private int _row;
    private string? _failure;
    private string _failureValue = "";

    /// <summary>Room for the result of a row.</summary>
    public Utf8Buffer Buffer { get; } = new();

    /// <summary>Room for a part of it.</summary>
    public Utf8Buffer Parts { get; } = new();

    public CallTypes Types { get; private set; } = null!;

    public EvaluationContext Context { get; private set; } = null!;

    public BatchMemory Memory => Context.Memory;

    /// <summary>The kernel of a function.</summary>
    public static ScalarKernel Of<T>(T function = default)
        where T : struct, IRowFunction => (context, arguments, types) => Run(context, arguments, types, function);

    public static Column Run<T>(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types, T function)
        where T : struct, IRowFunction
    {
        var loop = t_loop ??= new RowLoop();
        loop.Context = context;
        loop.Types = types;
        var result = NewResult(context, arguments, types);
        loop._result = result;
        if (result.IsConstant) loop.RunOnce(arguments, function);
        else if (loop.RunAll(arguments, function) == context.Rows) result.Validity = null;
        return result;
    }

    /// <summary>A result of NULLs, to be filled row by row; of one row where all arguments are the same for all rows.</summary>
    internal static Column NewResult(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types)
    {
        var isConstant = true;
        foreach (var argument in arguments) isConstant &= argument.IsConstant;
        var count = isConstant ? 1 : context.Rows;
        var kind = types.Result.Physical;
        var result = Column.Allocate(kind, count, context.Memory);
        result.Validity = context.Memory.AllocateBits(Math.Max(count, 1), false);
        new Span<byte>(result.Values, count * kind.WidthBytes()).Clear();
        result.IsConstant = isConstant;
        return result;
    }

    /// <summary>The bytes of a text or binary value.</summary>
    public static ReadOnlySpan<byte> Bytes(in Column column, int row) => StringView.Span(column.As<StringView>() + column.IndexOf(row));

    public static long Integer(in Column column, int row) => CastKernel.ReadInteger(column, row);

    /// <summary>An integer cut to the range of INT.</summary>
    public static int Int(in Column column, int row) => (int)Math.Clamp(CastKernel.ReadInteger(column, row), int.MinValue, int.MaxValue);

    public static double Double(in Column column, int row) => column.As<double>()[column.IndexOf(row)];

    public static bool Boolean(in Column column, int row) => column.As<byte>()[column.IndexOf(row)] != 0;

    public static bool AnyNull(ReadOnlySpan<Column> arguments, int row)
    {
        foreach (var argument in arguments)
            if (argument.IsNull(row)) return true;
        return false;
    }

    /// <summary>Where the result of the row lies, for a function that writes a view there itself.</summary>
    public StringView* Target => _result.As<StringView>() + _row;

    /// <summary>The result is a copy of these bytes.</summary>
    public bool Store(ReadOnlySpan<byte> text)
    {
        _result.As<StringView>()[_row] = StringView.Copy(text, Context.Memory);
        return true;
    }

    /// <summary>The result is what <see cref="Buffer"/> holds.</summary>
    public bool StoreBuffer() => Store(Buffer.Written);

    /// <summary>The result is a part of an argument: its bytes are shared.</summary>
    public bool Keep(ReadOnlySpan<byte> part)
    {
        // Bytes of arguments lie in native memory and do not move.
        StringView.Write(Target, (byte*)System.Runtime.CompilerServices.Unsafe.AsPointer(ref System.Runtime.InteropServices.MemoryMarshal.GetReference(part)), part.Length);
        return true;
    }

    /// <summary>The result is an argument of the result's layout.</summary>
    public bool Copy(in Column from, int row)
    {
        var width = _result.Kind.WidthBytes();
        new Span<byte>((byte*)from.Values + (long)from.IndexOf(row) * width, width).CopyTo(new Span<byte>((byte*)_result.Values + (long)_row * width, width));
        return true;
    }

    public bool Store(bool value)
    {
        _result.As<byte>()[_row] = value ? (byte)1 : (byte)0;
        return true;
    }

    /// <summary>An integer of any width.</summary>
    public bool Store(long value)
    {
        switch (_result.Kind)
        {
            case PhysicalKind.Int8: _result.As<sbyte>()[_row] = (sbyte)value; break;
            case PhysicalKind.Int16: _result.As<short>()[_row] = (short)value; break;
            case PhysicalKind.Int32: _result.As<int>()[_row] = (int)value; break;
            default: _result.As<long>()[_row] = value; break;
        }

        return true;
    }

    /// <summary>A FLOAT or DOUBLE.</summary>
    public bool Store(double value)
    {
        if (_result.Kind == PhysicalKind.Float32) _result.As<float>()[_row] = (float)value;
        else _result.As<double>()[_row] = value;
        return true;
    }

    /// <summary>A DECIMAL by its unscaled value; NULL where it has too many digits.</summary>
    public bool StoreUnscaled(Int128 unscaled) => DecimalKernel.TryWrite(_result, _row, unscaled, Types.Result.Precision);

    /// <summary>Says why the row has no value.</summary>
    public bool Fail(string reason, ReadOnlySpan<byte> value = default)
    {
        _failure = reason;
        _failureValue = DecodeError.Cut(value);
        return false;
    }

    private void RunOnce<T>(ReadOnlySpan<Column> arguments, T function)
        where T : struct, IRowFunction
    {
        _row = 0;
        if (Context.ActiveCount == 0 || (!T.TakesNull && AnyNull(arguments, 0))) return;
        if (function.TryRow(this, arguments, 0)) _result.Validity[0] = 1;
        else if (_failure is not null)
        {
            for (var i = 0; i < Context.ActiveCount; i++) Report(ValidityKernel.RowOf(Context, i));
            _failure = null;
        }
    }

    /// <summary>The number of rows that have a value.</summary>
    private int RunAll<T>(ReadOnlySpan<Column> arguments, T function)
        where T : struct, IRowFunction
    {
        var valid = 0;
        var isNull = false;
        var validity = T.TakesNull ? null : ValidityKernel.All(arguments, Context.Rows, Context.Memory, out isNull);
        if (isNull) return 0;
        var active = Context.Active;
        var count = Context.ActiveCount;
        for (var i = 0; i < count; i++)
        {
            var row = active is null ? i : active[i];
            if (validity is not null && (validity[row >> 6] >> row & 1) == 0) continue;
            _row = row;
            if (function.TryRow(this, arguments, row))
            {
                _result.Validity[row >> 6] |= 1UL << row;
                valid++;
            }
            else if (_failure is not null)
            {
                Report(row);
                _failure = null;
            }
        }

        return valid;
    }

    private void Report(int row) => Context.Fail(row, _failure!, System.Text.Encoding.UTF8.GetBytes(_failureValue));
}
