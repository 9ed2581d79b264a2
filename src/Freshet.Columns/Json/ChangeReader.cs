using System.Text;
using Freshet.Columns.Memory;

namespace Freshet.Columns.Json;

/// <summary>A row in a document of changes: where its JSON object lies, and +1 for a row that is there or -1 for one that is no more.</summary>
public readonly unsafe struct ChangedRow(byte* start, int length, int weight)
{
    public byte* Start { get; } = start;

    public int Length { get; } = length;

    public int Weight { get; } = weight;
}

/// <summary>
/// Takes documents of changes apart: the rows in them, in order, as JSON objects of their own. Rows point into the document, those
/// that are put together (the old row of Canal and Maxwell) into the given memory. A document that says nothing of a row (an
/// empty one, a DDL message) has none. One thread.
/// </summary>
public sealed unsafe class ChangeReader(ChangeFormat format) : IDisposable
{
    private readonly JsonStructure _structure = new();
    private readonly byte[] _opField = Encoding.UTF8.GetBytes(format.OpField);

    /// <summary>Adds the rows of a document; false with the reason where it is none of the format.</summary>
    public bool TryRead(byte* document, int length, BatchMemory memory, List<ChangedRow> rows, out string reason)
    {
        reason = "";
        _structure.Scan(document, length);
        if (!JsonValidator.TryValidate(_structure, JsonLimits.Default, out _) || _structure.Count == 0 || _structure.ValueAt(0) is not { Kind: JsonKind.Object } root)
        {
            reason = "The document is not a JSON object.";
            return false;
        }

        switch (format.Envelope)
        {
            case ChangeEnvelope.OpField: return OpField(root, rows, out reason);
            case ChangeEnvelope.Debezium: return Debezium(root, rows, out reason);
            default: return DataAndOld(root, memory, rows, out reason);
        }
    }

    public void Dispose() => _structure.Dispose();

    private bool OpField(in JsonValue root, List<ChangedRow> rows, out string reason)
    {
        reason = $"The member '{format.OpField}' is none of +I, -U, +U, -D.";
        if (!root.TryGetMember(_opField, out var op)) return false;
        var text = op.Content;
        var isOld = text.SequenceEqual("-U"u8);
        var weight = isOld || text.SequenceEqual("-D"u8) || text.SequenceEqual("d"u8) ? -1
            : text.SequenceEqual("+I"u8) || text.SequenceEqual("+U"u8) || text.SequenceEqual("c"u8) || text.SequenceEqual("r"u8) || text.SequenceEqual("u"u8) ? 1 : 0;
        if (weight == 0) return false;
        if (!isOld || !format.ByKey) Add(root, weight, rows);
        return true;
    }

    private bool Debezium(JsonValue root, List<ChangedRow> rows, out string reason)
    {
        reason = "The document has no 'op' of c, r, u or d with 'before' and 'after'.";
        if (root.TryGetMember("payload"u8, out var payload)) root = payload;
        if (!root.TryGetMember("op"u8, out var op) || op.Content.Length != 1) return false;
        root.TryGetMember("before"u8, out var before);
        root.TryGetMember("after"u8, out var after);
        switch (op.Content[0])
        {
            case (byte)'c' or (byte)'r' when after.Kind == JsonKind.Object:
                Add(after, 1, rows);
                return true;
            case (byte)'d' when before.Kind == JsonKind.Object:
                Add(before, -1, rows);
                return true;
            case (byte)'u' when after.Kind == JsonKind.Object && (format.ByKey || before.Kind == JsonKind.Object):
                if (!format.ByKey) Add(before, -1, rows);
                Add(after, 1, rows);
                return true;
            case (byte)'u':
                reason = "The 'before' of an update is null: the database must give whole rows (REPLICA IDENTITY FULL), or the table a PRIMARY KEY.";
                return false;
            default:
                return false;
        }
    }

    private bool DataAndOld(in JsonValue root, BatchMemory memory, List<ChangedRow> rows, out string reason)
    {
        reason = "The document has no 'type' of INSERT, UPDATE or DELETE with 'data'.";
        if (root.TryGetMember("isDdl"u8, out var ddl) && ddl.Kind == JsonKind.True) return true;
        if (!root.TryGetMember("type"u8, out var type)) return false;
        var kind = Encoding.UTF8.GetString(type.Content).ToUpperInvariant();
        if (kind is "CREATE" or "ALTER" or "DROP" or "TRUNCATE") return true;
        if (kind is not ("INSERT" or "UPDATE" or "DELETE") || !root.TryGetMember("data"u8, out var data)) return false;
        root.TryGetMember("old"u8, out var old);
        if (data.Kind == JsonKind.Object) return Change(kind, data, old, memory, rows);
        var olds = old.Kind == JsonKind.Array ? old.Elements() : default;
        foreach (var row in data.Elements())
        {
            var before = old.Kind == JsonKind.Array && olds.MoveNext() ? olds.Current : default;
            if (!Change(kind, row, before, memory, rows)) return false;
        }

        return true;
    }

    private bool Change(string kind, in JsonValue row, in JsonValue old, BatchMemory memory, List<ChangedRow> rows)
    {
        if (row.Kind != JsonKind.Object) return false;
        if (kind == "UPDATE" && !format.ByKey) rows.Add(Merged(row, old, memory));
        Add(row, kind == "DELETE" ? -1 : 1, rows);
        return true;
    }

    /// <summary>The row before: the new one with the old values of what has changed. Of a member that stands twice the last one counts.</summary>
    private static ChangedRow Merged(in JsonValue row, in JsonValue old, BatchMemory memory)
    {
        if (old.Kind != JsonKind.Object || old.Length <= 2) return new ChangedRow(row.Start, row.Length, -1);
        var length = row.Length + old.Length - 1;
        var text = memory.Allocate(length);
        row.Raw[..^1].CopyTo(new Span<byte>(text, length));
        text[row.Length - 1] = row.Length > 2 ? (byte)',' : (byte)' ';
        old.Raw[1..].CopyTo(new Span<byte>(text + row.Length, length - row.Length));
        return new ChangedRow(text, length, -1);
    }

    private static void Add(in JsonValue row, int weight, List<ChangedRow> rows) => rows.Add(new ChangedRow(row.Start, row.Length, weight));
}
