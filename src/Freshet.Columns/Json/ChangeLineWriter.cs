using Freshet.Columns.Formats;

namespace Freshet.Columns.Json;

/// <summary>
/// Changes as JSON lines, the twin of <see cref="ChangeReader"/>: a row that is added is an insert, one that is taken back a
/// delete, as Flink's formats write the two halves of an update.
/// </summary>
public sealed class ChangeLineWriter(Schema schema, ChangeFormat format, JsonTimeFormat times)
{
    private readonly JsonLineWriter _rows = new(schema, times);

    public void WriteRow(ReadOnlySpan<Column> columns, int row, bool isAdded, Utf8Buffer buffer)
    {
        WriteDocument(columns, row, isAdded, buffer);
        buffer.Write((byte)'\n');
    }

    /// <summary>The change without a line feed.</summary>
    public void WriteDocument(ReadOnlySpan<Column> columns, int row, bool isAdded, Utf8Buffer buffer)
    {
        switch (format.Envelope)
        {
            case ChangeEnvelope.OpField:
                _rows.WriteObject(columns, row, buffer);
                buffer.Truncate(buffer.Length - 1);
                if (schema.Count > 0) buffer.Write((byte)',');
                JsonValueWriter.WriteString(format.OpField, buffer);
                buffer.Write(isAdded ? ":\"+I\"}"u8 : ":\"-D\"}"u8);
                break;
            case ChangeEnvelope.Debezium:
                buffer.Write(isAdded ? "{\"before\":null,\"after\":"u8 : "{\"before\":"u8);
                _rows.WriteObject(columns, row, buffer);
                buffer.Write(isAdded ? ",\"op\":\"c\"}"u8 : ",\"after\":null,\"op\":\"d\"}"u8);
                break;
            case ChangeEnvelope.Canal:
                buffer.Write("{\"data\":["u8);
                _rows.WriteObject(columns, row, buffer);
                buffer.Write(isAdded ? "],\"type\":\"INSERT\"}"u8 : "],\"type\":\"DELETE\"}"u8);
                break;
            default:
                buffer.Write("{\"data\":"u8);
                _rows.WriteObject(columns, row, buffer);
                buffer.Write(isAdded ? ",\"type\":\"insert\"}"u8 : ",\"type\":\"delete\"}"u8);
                break;
        }
    }
}
