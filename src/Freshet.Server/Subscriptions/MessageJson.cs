using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Freshet.Columns;
using Freshet.Server.Api;

namespace Freshet.Server.Subscriptions;

/// <summary>
/// Messages as JSON:
/// <code>
/// {"type":"start","step":41,"columns":[{"name":"user_id","type":"STRING"},..],"key":["user_id"]}
/// {"type":"reset","message":".."}
/// {"type":"snapshot","step":41,"rows":[["a",1],..],"weights":[1,..],"last":true}
/// {"type":"changes","step":42,"rows":[["a",1],["a",2]],"weights":[-1,1]}
/// {"type":"progress","step":50}
/// {"type":"end","code":"slow_reader","message":".."}
/// </code>
/// Rows are arrays of values in the order of the columns, as in the answers of /api/sql.
/// </summary>
internal static class MessageJson
{
    public static ChangeMessage Start(long step, Schema schema, IReadOnlyList<int> key) => Write(MessageKind.Start, -1, json =>
    {
        json.WriteNumber("step", step);
        RowJson.WriteColumns(json, schema);
        RowJson.WriteKey(json, schema, key);
    });

    public static ChangeMessage Reset(string message) => Write(MessageKind.Reset, -1, json => json.WriteString("message", message));

    public static ChangeMessage Progress(long step) => Write(MessageKind.Progress, step, json => json.WriteNumber("step", step));

    public static ChangeMessage End(string code, string message) => Write(MessageKind.End, -1, json =>
    {
        json.WriteString("code", code);
        json.WriteString("message", message);
    });

    public static ChangeMessage Snapshot(long step, Schema schema, Batch? rows, bool isLast) => Write(MessageKind.Snapshot, isLast ? step : -1, json =>
    {
        json.WriteNumber("step", step);
        TryWriteRows(json, schema, rows is null ? [] : [rows], int.MaxValue);
        json.WriteBoolean("last", isLast);
    });

    /// <summary>A step's delta; null where it is longer than <paramref name="bytesMax"/>.</summary>
    public static ChangeMessage? Changes(long step, Schema schema, IReadOnlyList<Batch> rows, int bytesMax)
    {
        var fits = true;
        var message = Write(MessageKind.Changes, step, json =>
        {
            json.WriteNumber("step", step);
            fits = TryWriteRows(json, schema, rows, bytesMax);
        });
        return fits ? message : null;
    }

    private static ChangeMessage Write(MessageKind kind, long step, Action<Utf8JsonWriter> members)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true }))
        {
            json.WriteStartObject();
            json.WriteString("type", TypeOf(kind));
            members(json);
            json.WriteEndObject();
        }

        return new ChangeMessage(kind, step, buffer.WrittenMemory);
    }

    public static string TypeOf(MessageKind kind) => kind switch
    {
        MessageKind.Start => "start",
        MessageKind.Reset => "reset",
        MessageKind.Snapshot => "snapshot",
        MessageKind.Changes => "changes",
        MessageKind.Progress => "progress",
        _ => "end",
    };

    private static bool TryWriteRows(Utf8JsonWriter json, Schema schema, IReadOnlyList<Batch> batches, int bytesMax)
    {
        json.WriteStartArray("rows");
        foreach (var batch in batches)
        {
            for (var i = 0; i < batch.Count; i++)
            {
                RowJson.WriteArray(json, schema, batch, batch.RowAt(i));
                if (json.BytesCommitted + json.BytesPending > bytesMax) return false;
            }
        }

        json.WriteEndArray();
        json.WriteStartArray("weights");
        foreach (var batch in batches)
            for (var i = 0; i < batch.Count; i++) json.WriteNumberValue(batch.WeightOf(batch.RowAt(i)));
        json.WriteEndArray();
        return true;
    }
}
