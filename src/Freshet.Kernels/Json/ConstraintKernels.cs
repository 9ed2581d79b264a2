using System.Text;
using Freshet.Columns;
using Freshet.Columns.Formats;
using Freshet.Columns.Json;
using Freshet.Columns.Types;
using Freshet.Kernels.Expressions;

namespace Freshet.Kernels.Json;

/// <summary>What is done with texts and bytes whose length is not that of their type.</summary>
public enum LengthRule
{
    /// <summary>A declared length is a promise, nobody looks.</summary>
    Ignore,

    /// <summary>Longer ones are cut, shorter ones of a fixed length filled up: with blanks, or with zero bytes.</summary>
    TrimPad,

    /// <summary>They are errors.</summary>
    Error,
}

/// <summary>How deep values are looked at.</summary>
public enum NestedRule
{
    /// <summary>Not into nested values.</summary>
    Ignore,

    /// <summary>Into the fields of rows.</summary>
    Rows,

    /// <summary>Into elements, keys and values too.</summary>
    All,
}

/// <summary>What a sink holds its columns to.</summary>
public sealed record ConstraintRules(bool ChecksNulls, LengthRule Length, NestedRule Nested);

/// <summary>
/// NOT NULL and lengths of a sink's columns, as Flink's constraint enforcer: a value as the sink takes it, or an error of the row
/// that names the column and the option. Rows whose NULLs are to be dropped are told apart by <see cref="Satisfies"/>.
/// </summary>
public static unsafe class ConstraintKernels
{
    /// <summary>The value, held to the rules; argument and result have the type's layout.</summary>
    public static ScalarKernel Enforce(string column, SqlType type, ConstraintRules rules) => (context, arguments, types) =>
    {
        if (rules.ChecksNulls && !type.IsNullable && arguments[0].Validity is not null)
        {
            for (var i = 0; i < context.ActiveCount; i++)
            {
                var row = context.Active is null ? i : context.Active[i];
                if (arguments[0].IsNull(row)) context.Fail(row, NullReason(column));
            }
        }

        return type.Physical == PhysicalKind.View ? JsonRows.Run(context, arguments, types, new EnforceRow(column, type, rules)) : arguments[0];
    };

    /// <summary>Whether a value has no NULL where its type takes none.</summary>
    public static ScalarKernel Satisfies(SqlType type, ConstraintRules rules) => (context, arguments, types) => JsonRows.Run(context, arguments, types, new SatisfiesRow(type, rules));

    private static string NullReason(string path) =>
        $"Column '{path}' is NOT NULL, however, a null value is being written into it. You can set job configuration 'table.exec.sink.not-null-enforcer'='DROP' to suppress this exception and drop such records silently.";

    private static string LengthReason(string path, SqlType type, int length) =>
        $"Column '{path}' is {type.Name}, however, a string of length {length} is being written into it. You can set job configuration 'table.exec.sink.type-length-enforcer' to control this behaviour.";

    private readonly struct EnforceRow(string column, SqlType type, ConstraintRules rules) : IJsonRow
    {
        public bool TryRow(JsonRows rows, ReadOnlySpan<Column> arguments, int row)
        {
            if (arguments[0].IsNull(row)) return false;
            var view = arguments[0].As<StringView>() + arguments[0].IndexOf(row);
            var result = (StringView*)rows.Result + row;
            if (type.Fields.IsEmpty)
            {
                var text = StringView.Span(view);
                if (Fit(text, column, type, rules.Length, rows.Buffer, out var failure)) *result = rows.Buffer.Written.SequenceEqual(text) ? *view : StringView.Copy(rows.Buffer.Written, rows.Memory);
                return failure is null || rows.Fail(failure, text);
            }

            if (!rows.TryScan(arguments[0], row, true, out var value)) return false;
            rows.Buffer.Clear();
            var walk = new Walk(rules, rows.Buffer);
            walk.Visit(value, type, column);
            if (walk.Failure is not null) return rows.Fail(walk.Failure, []);
            *result = StringView.Copy(rows.Buffer.Written, rows.Memory);
            return true;
        }
    }

    private readonly struct SatisfiesRow(SqlType type, ConstraintRules rules) : IJsonRow
    {
        public bool TryRow(JsonRows rows, ReadOnlySpan<Column> arguments, int row)
        {
            var isFine = type.IsNullable || arguments[0].IsValid(row);
            if (isFine && !type.Fields.IsEmpty && rules.Nested != NestedRule.Ignore && arguments[0].IsValid(row) && rows.TryScan(arguments[0], row, true, out var value))
            {
                rows.Buffer.Clear();
                var walk = new Walk(rules, rows.Buffer);
                walk.Visit(value, type, "");
                isFine = walk.Failure is null;
            }

            ((byte*)rows.Result)[row] = isFine ? (byte)1 : (byte)0;
            return true;
        }
    }

    /// <summary>A text or bytes in the length of their type; false after a failure.</summary>
    private static bool Fit(ReadOnlySpan<byte> text, string path, SqlType type, LengthRule rule, Utf8Buffer buffer, out string? failure)
    {
        failure = null;
        buffer.Clear();
        if (rule == LengthRule.Ignore || type.Precision == SqlType.MaxLength || !(type.IsCharacter || type.IsBinary))
        {
            buffer.Write(text);
            return true;
        }

        var isFixed = type.Kind is TypeKind.Char or TypeKind.Binary;
        var length = type.IsBinary ? text.Length : Characters(text, int.MaxValue, out _);
        if (rule == LengthRule.Error)
        {
            if (length > type.Precision || (isFixed && length < type.Precision)) failure = LengthReason(path, type, length);
            buffer.Write(text);
            return failure is null;
        }

        var end = text.Length;
        if (type.IsBinary) end = Math.Min(end, type.Precision);
        else Characters(text, type.Precision, out end);
        buffer.Write(text[..end]);
        for (var i = length; isFixed && i < type.Precision; i++) buffer.Write(type.IsBinary ? (byte)0 : (byte)' ');
        return true;
    }

    /// <summary>Characters of a text up to a number of them, and where the last one ends.</summary>
    private static int Characters(ReadOnlySpan<byte> text, int max, out int end)
    {
        var count = 0;
        for (end = 0; end < text.Length && count < max; count++)
        {
            end++;
            while (end < text.Length && (text[end] & 0xC0) == 0x80) end++;
        }

        return count;
    }

    /// <summary>A nested value part by part: written as the rules ask, up to the first part that breaks one.</summary>
    private sealed class Walk(ConstraintRules rules, Utf8Buffer buffer)
    {
        private readonly Utf8Buffer _part = new();

        public string? Failure { get; private set; }

        public void Visit(in JsonValue value, SqlType type, string path)
        {
            if (Failure is not null) return;
            if (value.Kind is JsonKind.Null or JsonKind.None)
            {
                if (rules.ChecksNulls && !type.IsNullable) Failure = NullReason(path);
                buffer.Write("null"u8);
                return;
            }

            if (type.Kind == TypeKind.Row && rules.Nested != NestedRule.Ignore) Fields(value, type, path);
            else if (type.Kind is TypeKind.Array or TypeKind.Multiset && rules.Nested == NestedRule.All) Elements(value, type, path);
            else if (type.Kind == TypeKind.Map && rules.Nested == NestedRule.All) Pairs(value, type, path);
            else if (value.Kind == JsonKind.String && (type.IsCharacter || type.IsBinary)) Text(value, type, path);
            else buffer.Write(value.Raw);
        }

        private void Fields(in JsonValue value, SqlType type, string path)
        {
            var i = 0;
            buffer.Write((byte)'{');
            foreach (var member in value.Members())
            {
                if (i > 0) buffer.Write((byte)',');
                JsonValueWriter.WriteString(type.Fields[i].Name, buffer);
                buffer.Write((byte)':');
                Visit(member.Value, type.Fields[i].Type, $"{path}.{type.Fields[i].Name}");
                i++;
            }

            buffer.Write((byte)'}');
        }

        private void Elements(in JsonValue value, SqlType type, string path)
        {
            var i = 0;
            buffer.Write((byte)'[');
            foreach (var element in value.Elements())
            {
                if (i > 0) buffer.Write((byte)',');
                Visit(element, type.Fields[0].Type, $"{path}[{i++}]");
            }

            buffer.Write((byte)']');
        }

        private void Pairs(in JsonValue value, SqlType type, string path)
        {
            var isFirst = true;
            buffer.Write((byte)'{');
            foreach (var member in value.Members())
            {
                if (!isFirst) buffer.Write((byte)',');
                isFirst = false;
                if (rules.ChecksNulls && !type.Fields[0].Type.IsNullable && member.Key.SequenceEqual("\\u0000"u8)) Failure ??= NullReason($"{path}[key]");
                buffer.Write((byte)'"');
                buffer.Write(member.Key);
                buffer.Write("\":"u8);
                Visit(member.Value, type.Fields[1].Type, $"{path}[value]");
            }

            buffer.Write((byte)'}');
        }

        private void Text(in JsonValue value, SqlType type, string path)
        {
            var text = new byte[value.Content.Length];
            var length = JsonText.Unescape(value.Content, text);
            if (type.IsBinary)
            {
                var bytes = Convert.FromBase64String(Encoding.ASCII.GetString(text, 0, length));
                Fit(bytes, path, type, rules.Length, _part, out var failure);
                Failure ??= failure;
                buffer.Write((byte)'"');
                buffer.Write(Encoding.ASCII.GetBytes(Convert.ToBase64String(_part.Written)));
                buffer.Write((byte)'"');
                return;
            }

            Fit(text.AsSpan(0, length), path, type, rules.Length, _part, out var reason);
            Failure ??= reason;
            JsonValueWriter.WriteString(_part.Written, buffer);
        }
    }
}
