using System.Security.Cryptography;
using System.Text;
using Freshet.Columns.Expressions;
using Freshet.Columns.Types;

namespace Freshet.Columns.Kernels;

/// <summary>
/// Functions over text. Texts are UTF-8; lengths and positions count code points (Flink counts UTF-16 units, which differs
/// only for characters beyond U+FFFF). NULL in, NULL out. Results that are part of an argument point into it.
/// </summary>
public static unsafe class TextKernel
{
    private const string TooLong = "The result would be longer than 1 MiB.";
    private const int ResultMaxBytes = 1 << 20;

    /// <summary>Computes one row: reads arguments, appends the result's bytes; false for NULL.</summary>
    private delegate bool RowFunction(ReadOnlySpan<Column> arguments, int row, List<byte> output);

    /// <summary>Bytes of the first <paramref name="count"/> code points; <paramref name="characters"/> says how many there are of them.</summary>
    public static int PrefixBytes(ReadOnlySpan<byte> text, int count, out int characters)
    {
        characters = 0;
        var at = 0;
        while (at < text.Length)
        {
            if ((text[at] & 0xC0) != 0x80)
            {
                if (characters == count) break;
                characters++;
            }

            at++;
        }

        return at;
    }

    public static int Length(ReadOnlySpan<byte> text)
    {
        var count = 0;
        foreach (var b in text)
            if ((b & 0xC0) != 0x80) count++;
        return count;
    }

    public static Column CharLength(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types) =>
        Integers(context, arguments, static (a, row) => Length(Text(a[0], row)));

    public static Column Upper(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types) =>
        Strings(context, arguments, static (a, row, o) => Append(o, Encoding.UTF8.GetString(Text(a[0], row)).ToUpperInvariant()));

    public static Column Lower(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types) =>
        Strings(context, arguments, static (a, row, o) => Append(o, Encoding.UTF8.GetString(Text(a[0], row)).ToLowerInvariant()));

    public static Column InitCap(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types) => Strings(context, arguments, static (a, row, o) =>
    {
        var text = Encoding.UTF8.GetString(Text(a[0], row)).ToLowerInvariant().ToCharArray();
        for (var i = 0; i < text.Length; i++)
            if (i == 0 || !char.IsLetterOrDigit(text[i - 1])) text[i] = char.ToUpperInvariant(text[i]);
        return Append(o, new string(text));
    });

    public static Column Reverse(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types) => Strings(context, arguments, static (a, row, o) =>
    {
        var text = Text(a[0], row);
        for (var end = text.Length; end > 0;)
        {
            var start = end - 1;
            while (start > 0 && (text[start] & 0xC0) == 0x80) start--;
            o.AddRange(text[start..end]);
            end = start;
        }

        return true;
    });

    public static Column Concat(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types) => Strings(context, arguments, static (a, row, o) =>
    {
        for (var i = 0; i < a.Length; i++) o.AddRange(Text(a[i], row));
        return true;
    });

    /// <summary>CONCAT_WS(separator, a, b ...): NULL arguments are left out.</summary>
    public static Column ConcatWithSeparator(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types) => Strings(context, arguments, static (a, row, o) =>
    {
        if (a[0].IsNull(row)) return false;
        var any = false;
        for (var i = 1; i < a.Length; i++)
        {
            if (a[i].IsNull(row)) continue;
            if (any) o.AddRange(Text(a[0], row));
            o.AddRange(Text(a[i], row));
            any = true;
        }

        return true;
    }, nullIsNull: false);

    /// <summary>SUBSTRING(text, start [, length]): start counts from 1, from the end when negative.</summary>
    public static Column Substring(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types) => Strings(context, arguments, static (a, row, o) =>
    {
        var text = Text(a[0], row);
        var start = Integer(a[1], row);
        var length = a.Length > 2 ? Integer(a[2], row) : long.MaxValue;
        if (length < 0) return false;
        var total = Length(text);
        if (start < 0) start = total + start + 1;
        else if (start == 0) start = 1;
        if (start > total || start < 1 || length == 0) return true;
        var from = PrefixBytes(text, (int)start - 1, out _);
        var rest = text[from..];
        o.AddRange(rest[..PrefixBytes(rest, (int)Math.Min(length, int.MaxValue), out _)]);
        return true;
    });

    public static Column Left(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types) => Strings(context, arguments, static (a, row, o) =>
    {
        var text = Text(a[0], row);
        o.AddRange(text[..PrefixBytes(text, (int)Math.Clamp(Integer(a[1], row), 0, int.MaxValue), out _)]);
        return true;
    });

    public static Column Right(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types) => Strings(context, arguments, static (a, row, o) =>
    {
        var text = Text(a[0], row);
        var skip = Length(text) - (int)Math.Clamp(Integer(a[1], row), 0, int.MaxValue);
        o.AddRange(text[PrefixBytes(text, Math.Max(0, skip), out _)..]);
        return true;
    });

    /// <summary>TRIM: what to trim is the second argument, a blank without one.</summary>
    public static ScalarKernel Trim(bool leading, bool trailing) => (context, arguments, types) => Strings(context, arguments, (a, row, o) =>
    {
        var text = Text(a[0], row);
        var set = a.Length > 1 ? Text(a[1], row) : " "u8;
        var start = 0;
        var end = text.Length;
        while (leading && start < end && set.Contains(text[start])) start++;
        while (trailing && end > start && set.Contains(text[end - 1])) end--;
        o.AddRange(text[start..end]);
        return true;
    });

    public static ScalarKernel Pad(bool left) => (context, arguments, types) => Strings(context, arguments, (a, row, o) =>
    {
        var text = Text(a[0], row);
        var length = Integer(a[1], row);
        var pad = Text(a[2], row);
        if (length < 0 || length > ResultMaxBytes) return false;
        var missing = (int)length - Length(text);
        if (missing <= 0)
        {
            o.AddRange(text[..PrefixBytes(text, (int)length, out _)]);
            return true;
        }

        if (pad.IsEmpty) return false;
        if (!left) o.AddRange(text);
        for (var i = missing; i > 0;)
        {
            var bytes = PrefixBytes(pad, i, out var characters);
            o.AddRange(pad[..bytes]);
            i -= characters;
        }

        if (left) o.AddRange(text);
        return true;
    });

    public static Column Replace(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types) => Strings(context, arguments, static (a, row, o) =>
    {
        var text = Text(a[0], row);
        var search = Text(a[1], row);
        if (search.IsEmpty)
        {
            o.AddRange(text);
            return true;
        }

        for (int at; (at = text.IndexOf(search)) >= 0; text = text[(at + search.Length)..])
        {
            o.AddRange(text[..at]);
            o.AddRange(Text(a[2], row));
        }

        o.AddRange(text);
        return true;
    });

    public static Column Repeat(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types)
    {
        var failed = new List<int>();
        var result = Strings(context, arguments, (a, row, o) =>
        {
            var text = Text(a[0], row);
            var times = Math.Max(0, Integer(a[1], row));
            if (times * text.Length > ResultMaxBytes)
            {
                failed.Add(row);
                return false;
            }

            for (var i = 0; i < times; i++) o.AddRange(text);
            return true;
        });
        foreach (var row in failed) context.Fail(row, TooLong);
        return result;
    }

    /// <summary>POSITION(search IN text), from 1; 0 where it is not.</summary>
    public static Column Position(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types) =>
        Integers(context, arguments, static (a, row) => Find(Text(a[1], row), Text(a[0], row)));

    /// <summary>INSTR(text, search), from 1; 0 where it is not.</summary>
    public static Column InString(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types) =>
        Integers(context, arguments, static (a, row) => Find(Text(a[0], row), Text(a[1], row)));

    /// <summary>SPLIT_INDEX(text, separator, index from 0).</summary>
    public static Column SplitIndex(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types) => Strings(context, arguments, static (a, row, o) =>
    {
        var text = Text(a[0], row);
        var separator = Text(a[1], row);
        var index = Integer(a[2], row);
        if (index < 0 || text.IsEmpty) return false;
        while (true)
        {
            var at = separator.IsEmpty ? -1 : text.IndexOf(separator);
            if (index == 0)
            {
                o.AddRange(at < 0 ? text : text[..at]);
                return true;
            }

            if (at < 0) return false;
            text = text[(at + separator.Length)..];
            index--;
        }
    });

    public static ScalarKernel Hash(Func<byte[], byte[]> hash) => (context, arguments, types) => Strings(context, arguments, (a, row, o) =>
        Append(o, Convert.ToHexStringLower(hash(Text(a[0], row).ToArray()))));

    public static readonly Func<byte[], byte[]> Md5 = MD5.HashData;
    public static readonly Func<byte[], byte[]> Sha1 = SHA1.HashData;
    public static readonly Func<byte[], byte[]> Sha256 = SHA256.HashData;
    public static readonly Func<byte[], byte[]> Sha384 = SHA384.HashData;
    public static readonly Func<byte[], byte[]> Sha512 = SHA512.HashData;

    public static Column ToBase64(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types) =>
        Strings(context, arguments, static (a, row, o) => Append(o, Convert.ToBase64String(Text(a[0], row))));

    /// <summary>LIKE: % any text, _ any character; the escape character is the third argument.</summary>
    public static Column Like(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types) => Integers(
        context,
        arguments,
        static (a, row) => Matches(Text(a[0], row), Text(a[1], row), a.Length > 2 ? Text(a[2], row)[0] : (byte)0) ? 1 : 0,
        PhysicalKind.Bool);

    internal static ReadOnlySpan<byte> Text(in Column column, int row) => StringView.Span(column.As<StringView>() + column.IndexOf(row));

    private static long Integer(in Column column, int row) => CastKernel.ReadInteger(column, row);

    private static bool Append(List<byte> output, string text)
    {
        output.AddRange(Encoding.UTF8.GetBytes(text));
        return true;
    }

    private static long Find(ReadOnlySpan<byte> text, ReadOnlySpan<byte> search)
    {
        var at = text.IndexOf(search);
        return at < 0 ? 0 : Length(text[..at]) + 1;
    }

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

    private static Column Strings(EvaluationContext context, ReadOnlySpan<Column> arguments, RowFunction function, bool nullIsNull = true)
    {
        var isNull = false;
        var validity = nullIsNull ? ValidityKernel.All(arguments, context.Rows, context.Memory, out isNull) : null;
        if (isNull) return Column.ConstantNull(PhysicalKind.View, context.Memory);
        var output = Column.Allocate(PhysicalKind.View, context.Rows, context.Memory);
        new Span<StringView>(output.Values, context.Rows).Clear();
        output.Validity = ValidityKernel.Copy(validity, context.Rows, context.Memory);
        var scratch = t_scratch ??= new List<byte>(256);
        for (var i = 0; i < context.ActiveCount; i++)
        {
            var row = ValidityKernel.RowOf(context, i);
            if (output.IsNull(row)) continue;
            scratch.Clear();
            if (function(arguments, row, scratch))
                output.As<StringView>()[row] = StringView.Copy(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(scratch), context.Memory);
            else
                output.SetNull(row);
        }

        return output;
    }

    [ThreadStatic]
    private static List<byte>? t_scratch;
}
