using System.Collections.Immutable;
using System.Globalization;
using Freshet.Columns.Formats;
using Freshet.Columns.Types;
using Freshet.Plan.Catalog;
using Freshet.Syntax;

namespace Freshet.Engine.Sources;

/// <summary>
/// What connector <c>datagen</c> makes for each field, from Flink's options: a sequence, or random values between bounds. A value
/// is a function of the seed, the field and the row's number alone, so that a range can be read again.
/// </summary>
internal sealed class DataGenFields
{
    public static readonly string[] TableOptions = ["connector", "number-of-rows", "rows-per-second", "seed", "scan.watermark.emit.strategy"];

    private static readonly string[] FieldOptions = ["kind", "min", "max", "max-past", "length", "var-len", "null-rate", "start", "end"];

    private readonly TableDefinition _table;
    private readonly ulong _seed;
    private readonly long _nowMs;

    /// <param name="nowMs">What generated times end at, ms since 1970.</param>
    public DataGenFields(TableDefinition table, long nowMs)
    {
        _table = table;
        _nowMs = nowMs;
        _seed = (ulong)Whole("seed", 0);
        Rows = _table.Options.ContainsKey("number-of-rows") ? Whole("number-of-rows", 0) : long.MaxValue;
        foreach (var field in Physical) Rows = Math.Min(Rows, SequenceRows($"fields.{field}"));
    }

    /// <summary>How many rows there are; <see cref="long.MaxValue"/> without an end.</summary>
    public long Rows { get; }

    private IEnumerable<string> Physical => Enumerable.Range(0, _table.Schema.Count).Where(c => !_table.IsComputed(c)).Select(c => _table.Schema.Fields[c].Name);

    /// <summary>Holds options against what there is.</summary>
    public static void Check(TableDefinition table, Func<string, SqlException> error)
    {
        foreach (var key in table.Options.Keys.Where(k => !TableOptions.Contains(k)))
        {
            var parts = key.Split('.');
            if (parts.Length < 3 || parts[0] != "fields") throw error($"The connector 'datagen' has no option '{key}'. Its options are {string.Join(", ", TableOptions)} and fields.<column>.<{string.Join("|", FieldOptions)}>.");
            if (table.Schema.IndexOf(parts[1]) < 0) throw error($"'{key}': there is no column {parts[1]}.{Syntax.Text.NearestName.Hint(parts[1], table.Schema.Fields.Select(f => f.Name))}");
            if (!FieldOptions.Contains(parts[^1])) throw error($"'{key}': there is no such option.{Syntax.Text.NearestName.Hint(parts[^1], FieldOptions)} The options of a field are {string.Join(", ", FieldOptions)}.");
        }

        var fields = new DataGenFields(table, 0);
        if (fields.Rows == long.MaxValue) throw error("A datagen table without an end is not supported: give 'number-of-rows', or a field of kind 'sequence'.");
    }

    /// <summary>A row as a JSON object, with a line feed.</summary>
    public void Write(long row, Utf8Buffer buffer)
    {
        var separator = (byte)'{';
        foreach (var name in Physical)
        {
            buffer.Write(separator);
            separator = (byte)',';
            Freshet.Columns.Json.JsonValueWriter.WriteString(name, buffer);
            buffer.Write((byte)':');
            var random = new Draws(_seed ^ Draws.Hash(name) ^ ((ulong)row * 0x9E3779B97F4A7C15));
            Value(_table.Schema[_table.Schema.IndexOf(name)], $"fields.{name}", row, ref random, buffer);
        }

        buffer.Write("}\n"u8);
    }

    private void Value(SqlType type, string path, long row, ref Draws random, Utf8Buffer buffer)
    {
        if (Text(path, "kind", "random") == "sequence")
        {
            buffer.Write(type.IsCharacter ? "\""u8 : ""u8);
            buffer.Write(Whole($"{path}.start", 0) + row);
            buffer.Write(type.IsCharacter ? "\""u8 : ""u8);
            return;
        }

        var isNull = random.Unit() < Number(path, "null-rate", 0);
        if (isNull && type.IsNullable)
        {
            buffer.Write("null"u8);
            return;
        }

        switch (type.Kind)
        {
            case TypeKind.Boolean: buffer.Write(random.Next() % 2 == 0 ? "true"u8 : "false"u8); break;
            case TypeKind.TinyInt: buffer.Write(Between(path, sbyte.MinValue, sbyte.MaxValue, ref random)); break;
            case TypeKind.SmallInt: buffer.Write(Between(path, short.MinValue, short.MaxValue, ref random)); break;
            case TypeKind.Int: buffer.Write(Between(path, int.MinValue, int.MaxValue, ref random)); break;
            case TypeKind.BigInt: buffer.Write(Between(path, long.MinValue, long.MaxValue, ref random)); break;
            case TypeKind.Float: Write(Real(path, -float.MaxValue, float.MaxValue, ref random).ToString("R", CultureInfo.InvariantCulture), buffer); break;
            case TypeKind.Double: Write(Real(path, -double.MaxValue, double.MaxValue, ref random).ToString("R", CultureInfo.InvariantCulture), buffer); break;
            case TypeKind.Decimal:
                var most = Math.Min(Math.Pow(10, type.Precision - type.Scale) - 1, 1e18);
                Write(((decimal)Real(path, -most, most, ref random)).ToString($"F{Math.Min(type.Scale, 15)}", CultureInfo.InvariantCulture), buffer);
                break;
            case TypeKind.Char or TypeKind.VarChar: Hex(type, path, ref random, buffer); break;
            case TypeKind.Binary or TypeKind.VarBinary:
                var bytes = new byte[Length(type, path, ref random)];
                for (var i = 0; i < bytes.Length; i++) bytes[i] = (byte)random.Next();
                Write($"\"{Convert.ToBase64String(bytes)}\"", buffer);
                break;
            case TypeKind.Date: Write($"\"{Time(path, ref random):yyyy-MM-dd}\"", buffer); break;
            case TypeKind.Time: Write($"\"{Time(path, ref random):HH:mm:ss}\"", buffer); break;
            case TypeKind.Timestamp: Write($"\"{Time(path, ref random):yyyy-MM-dd HH:mm:ss.fff}\"", buffer); break;
            case TypeKind.TimestampLtz: Write($"\"{Time(path, ref random):yyyy-MM-dd HH:mm:ss.fff}Z\"", buffer); break;
            case TypeKind.IntervalYearMonth or TypeKind.IntervalDayTime: Write($"\"{Between(path, 0, 120, ref random)}\"", buffer); break;
            case TypeKind.Array or TypeKind.Multiset: Elements(type, path, row, ref random, buffer); break;
            case TypeKind.Map: Pairs(type, path, row, ref random, buffer); break;
            case TypeKind.Row: Fields(type, path, row, ref random, buffer); break;
            default: buffer.Write("null"u8); break;
        }
    }

    private void Elements(SqlType type, string path, long row, ref Draws random, Utf8Buffer buffer)
    {
        var length = Whole($"{path}.length", 3);
        buffer.Write((byte)'[');
        for (var i = 0; i < length; i++)
        {
            if (i > 0) buffer.Write((byte)',');
            Value(type.Fields[0].Type, path + ".element", row, ref random, buffer);
        }

        buffer.Write((byte)']');
    }

    private void Pairs(SqlType type, string path, long row, ref Draws random, Utf8Buffer buffer)
    {
        var length = Whole($"{path}.length", 3);
        var key = new Utf8Buffer();
        buffer.Write((byte)'{');
        for (var i = 0; i < length; i++)
        {
            if (i > 0) buffer.Write((byte)',');
            key.Clear();
            Value(type.Fields[0].Type, path + ".key", row, ref random, key);
            if (key.Written[0] == '"') buffer.Write(key.Written);
            else Write($"\"{System.Text.Encoding.UTF8.GetString(key.Written)}\"", buffer);
            buffer.Write((byte)':');
            Value(type.Fields[1].Type, path + ".value", row, ref random, buffer);
        }

        buffer.Write((byte)'}');
    }

    private void Fields(SqlType type, string path, long row, ref Draws random, Utf8Buffer buffer)
    {
        buffer.Write((byte)'[');
        for (var i = 0; i < type.Fields.Length; i++)
        {
            if (i > 0) buffer.Write((byte)',');
            Value(type.Fields[i].Type, $"{path}.{type.Fields[i].Name}", row, ref random, buffer);
        }

        buffer.Write((byte)']');
    }

    private void Hex(SqlType type, string path, ref Draws random, Utf8Buffer buffer)
    {
        buffer.Write((byte)'"');
        for (var i = Length(type, path, ref random); i > 0; i--) buffer.Write((byte)"0123456789abcdef"[(int)(random.Next() & 15)]);
        buffer.Write((byte)'"');
    }

    private int Length(SqlType type, string path, ref Draws random)
    {
        var length = (int)Whole($"{path}.length", type.Precision == SqlType.MaxLength ? 100 : type.Precision);
        return Text(path, "var-len", "false") == "true" ? 1 + (int)(random.Next() % (ulong)Math.Max(1, length)) : length;
    }

    private DateTime Time(string path, ref Draws random)
    {
        var past = Planning.OptionText.TryDuration(Text(path, "max-past", ""), out var longest) ? (long)longest.TotalMilliseconds : 0;
        return DateTime.UnixEpoch.AddMilliseconds(_nowMs - (past == 0 ? 0 : (long)(random.Next() % (ulong)past)));
    }

    private long Between(string path, long least, long most, ref Draws random)
    {
        least = Whole($"{path}.min", least);
        most = Whole($"{path}.max", most);
        var width = (ulong)(most - least) + 1;
        return width == 0 ? (long)random.Next() : least + (long)(random.Next() % width);
    }

    private double Real(string path, double least, double most, ref Draws random)
    {
        least = Number(path, "min", least);
        most = Number(path, "max", most);
        var unit = random.Unit();
        return least * (1 - unit) + most * unit;
    }

    private long SequenceRows(string path) => Text(path, "kind", "random") switch
    {
        "sequence" => Whole($"{path}.end", long.MaxValue - 1) - Whole($"{path}.start", 0) + 1,
        "random" => long.MaxValue,
        var kind => throw new SqlException(_table.Source, _table.Place, $"'{path}.kind' is 'random' or 'sequence', not '{kind}'."),
    };

    private string Text(string path, string option, string otherwise) => _table.Option($"{path}.{option}", otherwise);

    private long Whole(string key, long otherwise) => !_table.Options.TryGetValue(key, out var text) ? otherwise
        : long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) ? value
        : throw new SqlException(_table.Source, _table.Place, $"'{key}' = '{text}' is no whole number.");

    private double Number(string path, string option, double otherwise) => !_table.Options.TryGetValue($"{path}.{option}", out var text) ? otherwise
        : double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) ? value
        : throw new SqlException(_table.Source, _table.Place, $"'{path}.{option}' = '{text}' is no number.");

    private static void Write(string text, Utf8Buffer buffer) => buffer.Write(System.Text.Encoding.UTF8.GetBytes(text));

    /// <summary>Numbers one after another from a seed: splitmix64.</summary>
    private struct Draws(ulong state)
    {
        private ulong _state = state;

        public ulong Next()
        {
            var z = _state += 0x9E3779B97F4A7C15;
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            return z ^ (z >> 31);
        }

        public double Unit() => (Next() >> 11) * (1.0 / (1UL << 53));

        public static ulong Hash(string text)
        {
            var hash = 14695981039346656037UL;
            foreach (var c in text) hash = (hash ^ c) * 1099511628211;
            return hash;
        }
    }
}
