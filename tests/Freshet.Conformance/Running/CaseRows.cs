using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Xml;
using Freshet.Columns;
using Freshet.Columns.Json;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;
using Freshet.Conformance.Cases;
using Freshet.Engine.Sources;
using Freshet.Plan;
using Freshet.Plan.Catalog;

namespace Freshet.Conformance.Running;

/// <summary>A row of a case and its kind: +I, -U, +U or -D.</summary>
internal sealed record CaseRow(JsonElement Row, string Kind)
{
    public long Weight => Kind[0] == '-' ? -1 : 1;
}

/// <summary>
/// Rows of a case as batches: each value is written as JSON in the form that the engine's own decoder reads, so that what enters
/// a circuit is made by the code that makes it elsewhere.
/// </summary>
internal static class CaseRows
{
    /// <summary>The columns that are asked for, then the position; NULL where rows are taken back.</summary>
    public static unsafe Batch? Decode(TableDefinition table, IReadOnlyList<string> given, ImmutableArray<ScanColumn> columns, IReadOnlyList<CaseRow> rows)
    {
        if (rows.Count == 0) return null;
        JsonPathColumn[] paths = [.. columns.Select(c => TopicColumn.Of(table.Schema.Fields[c.Column].Name, c)).Select(c => new JsonPathColumn(c.Path!, c.Type, c.FailsAsNull ? OnDecodeFailure.Null : OnDecodeFailure.Error))];
        using var decoder = new JsonRowDecoder(paths, new JsonDecodeOptions());
        foreach (var (row, _) in rows)
        {
            var line = Encoding.UTF8.GetBytes(Line(row, table, given) + "\n").AsSpan();
            while (!line.IsEmpty)
            {
                var room = decoder.GetBuffer();
                var count = Math.Min(room.Length, line.Length);
                line[..count].CopyTo(room);
                decoder.Commit(count);
                line = line[count..];
            }
        }

        decoder.Complete();
        var batch = decoder.TryRead(Batch.MaxRows) ?? throw new InvalidDataException("The rows of a case gave no batch.");
        if (decoder.Errors.Count > 0) throw new InvalidDataException($"Table {table.Name}: {decoder.Errors[0].Reason} {decoder.Errors[0].Value}");
        if (batch.Rows != rows.Count) throw new InvalidDataException($"Table {table.Name}: {rows.Count} rows became {batch.Rows}.");
        var memory = BatchMemory.Create();
        var positions = Column.Allocate(PhysicalKind.Int64, batch.Rows, memory);
        if (table.Changes == RowChanges.TakenBack) positions.Validity = memory.AllocateBits(batch.Rows, false);
        var weights = memory.Allocate<long>(batch.Rows);
        for (var i = 0; i < batch.Rows; i++)
        {
            positions.As<long>()[i] = i;
            weights[i] = rows[i].Weight;
        }

        var result = batch.WithColumns(memory, [.. batch.Columns, positions]);
        if (rows.Any(r => r.Weight != 1)) result.Weights = weights;
        batch.Release();
        return result;
    }

    /// <summary>The row's values, by the names of the columns.</summary>
    private static string Line(JsonElement row, TableDefinition table, IReadOnlyList<string> given)
    {
        if (row.GetArrayLength() != given.Count) throw new InvalidDataException($"Table {table.Name} has {given.Count} columns, a row {row.GetArrayLength()}.");
        var text = new StringBuilder("{");
        var i = 0;
        foreach (var value in row.EnumerateArray())
        {
            var name = given[i++];
            if (text.Length > 1) text.Append(',');
            text.Append(Quoted(name)).Append(':').Append(Json(value, table.Schema[table.Schema.IndexOf(name)]));
        }

        return text.Append('}').ToString();
    }

    private static string Quoted(string text) => "\"" + JsonEncodedText.Encode(text, System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping) + "\"";

    private static string Plain(JsonElement value) => value.ValueKind == JsonValueKind.String ? Case.StringOf(value) : value.GetRawText();

    private static string Json(JsonElement value, SqlType type)
    {
        if (value.ValueKind == JsonValueKind.Null) return "null";
        switch (type.Kind)
        {
            case TypeKind.Char: return Quoted(Plain(value).PadRight(type.Precision));
            case TypeKind.VarChar: return Quoted(Plain(value));
            case TypeKind.Binary or TypeKind.VarBinary: return Quoted(Convert.ToBase64String(Bytes(value)));
            case TypeKind.Date or TypeKind.Time: return Quoted(Plain(value));
            case TypeKind.Timestamp: return Quoted(Time(value));
            case TypeKind.TimestampLtz: return Quoted(Time(value) is var time && time.EndsWith('Z') ? time : time + "Z");
            case TypeKind.IntervalDayTime when value.ValueKind == JsonValueKind.String:
                return Quoted(((long)XmlConvert.ToTimeSpan(value.GetString()!).TotalMilliseconds).ToString(CultureInfo.InvariantCulture));
            case TypeKind.IntervalYearMonth when value.ValueKind == JsonValueKind.String: return Months(value.GetString()!);
            case TypeKind.IntervalDayTime or TypeKind.IntervalYearMonth: return Quoted(value.GetRawText());
            case TypeKind.TinyInt when value.ValueKind == JsonValueKind.Number: return unchecked((sbyte)value.GetInt64()).ToString(CultureInfo.InvariantCulture);
            case TypeKind.SmallInt when value.ValueKind == JsonValueKind.Number: return unchecked((short)value.GetInt64()).ToString(CultureInfo.InvariantCulture);
            case TypeKind.Array: return $"[{string.Join(',', value.EnumerateArray().Select(e => Json(e, type.Fields[0].Type)))}]";
            case TypeKind.Map: return $"{{{string.Join(',', Pairs(value, type.Fields[0].Type, type.Fields[1].Type).Select(p => $"{p.Key}:{p.Value}"))}}}";
            case TypeKind.Multiset: return Multiset(value, type);
            case TypeKind.Row: return Row(value, type);
            case TypeKind.Variant: return Plain(value);
            default: return value.ValueKind is JsonValueKind.String ? Quoted(value.GetString()!) : value.GetRawText();
        }
    }

    private static string Time(JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.Number)
            return DateTimeOffset.FromUnixTimeMilliseconds(value.GetInt64()).ToString("yyyy-MM-dd HH:mm:ss.fff", CultureInfo.InvariantCulture);
        var text = Plain(value);
        return text.Contains(':', StringComparison.Ordinal) ? text : text + " 00:00:00";
    }

    private static string Months(string period)
    {
        var months = 0;
        var number = "";
        foreach (var c in period[1..])
        {
            if (c is 'Y' or 'M') months += int.Parse(number, CultureInfo.InvariantCulture) * (c == 'Y' ? 12 : 1);
            number = char.IsLetter(c) ? "" : number + c;
        }

        return $"\"{months}\"";
    }

    private static byte[] Bytes(JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.Object) return Convert.FromHexString(value.GetProperty("bytes_hex").GetString()!);
        if (value.ValueKind == JsonValueKind.Array) return [.. value.EnumerateArray().Select(b => unchecked((byte)b.GetInt32()))];
        return Encoding.UTF8.GetBytes(Plain(value));
    }

    /// <summary>Keys are texts in JSON, whatever their type.</summary>
    private static IEnumerable<(string Key, string Value)> Pairs(JsonElement value, SqlType key, SqlType item)
    {
        var pairs = value.ValueKind == JsonValueKind.Array ? value : value.TryGetProperty("map", out var map) && map.ValueKind == JsonValueKind.Array ? map : default;
        if (pairs.ValueKind != JsonValueKind.Array)
            return value.EnumerateObject().Select(p => (Quoted(p.Name), Json(p.Value, item)));
        return pairs.EnumerateArray().Select(p => (Json(p[0], key) is var k && k.StartsWith('"') ? k : Quoted(k), Json(p[1], item)));
    }

    private static string Multiset(JsonElement value, SqlType type)
    {
        var element = type.Fields[0].Type;
        if (value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(e => e.ValueKind != JsonValueKind.Array)) return $"[{string.Join(',', value.EnumerateArray().Select(e => Json(e, element)))}]";
        return $"[{string.Join(',', Pairs(value, element, SqlType.Int).SelectMany(p => Enumerable.Repeat(element.IsCharacter ? p.Key : p.Key.Trim('"'), int.Parse(p.Value, CultureInfo.InvariantCulture))))}]";
    }

    private static string Row(JsonElement value, SqlType type)
    {
        if (value.ValueKind == JsonValueKind.Object && value.TryGetProperty("row", out var body) && type.Fields.All(f => f.Name != "row")) value = body;
        if (value.ValueKind == JsonValueKind.Array)
            return $"[{string.Join(',', value.EnumerateArray().Select((e, i) => Json(e, type.Fields[i].Type)))}]";
        return $"{{{string.Join(',', type.Fields.Select(f => $"{Quoted(f.Name)}:{(value.TryGetProperty(f.Name, out var field) ? Json(field, f.Type) : "null")}"))}}}";
    }
}
