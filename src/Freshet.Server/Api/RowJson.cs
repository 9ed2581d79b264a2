using System.Text.Json;
using Freshet.Columns;
using Freshet.Columns.Types;

namespace Freshet.Server.Api;

/// <summary>Rows of a batch as JSON: objects by column name, or arrays of values. DECIMAL and BIGINT are JSON numbers with all their digits.</summary>
internal static class RowJson
{
    /// <summary>What the values of an array of <see cref="WriteArray"/> are: "columns", each with its name and type.</summary>
    public static void WriteColumns(Utf8JsonWriter json, Schema schema)
    {
        json.WriteStartArray("columns");
        foreach (var field in schema.Fields)
        {
            json.WriteStartObject();
            json.WriteString("name", field.Name);
            json.WriteString("type", field.Type.ToString());
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    /// <summary>"key": the names of the columns that name a row.</summary>
    public static void WriteKey(Utf8JsonWriter json, Schema schema, IReadOnlyList<int> key)
    {
        json.WriteStartArray("key");
        foreach (var column in key) json.WriteStringValue(schema.Fields[column].Name);
        json.WriteEndArray();
    }

    public static void WriteObject(Utf8JsonWriter json, Schema schema, Batch batch, int row)
    {
        json.WriteStartObject();
        for (var i = 0; i < schema.Count; i++)
        {
            json.WritePropertyName(schema.Fields[i].Name);
            WriteValue(json, schema[i], batch.Columns[i], row);
        }

        json.WriteEndObject();
    }

    public static void WriteArray(Utf8JsonWriter json, Schema schema, Batch batch, int row)
    {
        json.WriteStartArray();
        for (var i = 0; i < schema.Count; i++) WriteValue(json, schema[i], batch.Columns[i], row);
        json.WriteEndArray();
    }

    public static void WriteValue(Utf8JsonWriter json, SqlType type, in Column column, int row)
    {
        if (column.IsNull(row) || type.Kind == TypeKind.Null)
        {
            json.WriteNullValue();
        }
        else if (type.IsCharacter)
        {
            json.WriteStringValue(CellText.Bytes(column, row));
        }
        else if (type.IsBinary)
        {
            json.WriteBase64StringValue(CellText.Bytes(column, row));
        }
        else if (type.Physical == PhysicalKind.View)
        {
            json.WriteRawValue(CellText.Bytes(column, row), skipInputValidation: true);
        }
        else
        {
            Span<byte> text = stackalloc byte[CellText.MaxBytes];
            text = text[..CellText.Write(type, column, row, text)];
            if (IsBare(type, text)) json.WriteRawValue(text, skipInputValidation: true);
            else json.WriteStringValue(text);
        }
    }

    /// <summary>Numbers and truth values; NaN and the infinities are no JSON numbers and become texts.</summary>
    private static bool IsBare(SqlType type, ReadOnlySpan<byte> text) =>
        type.Kind == TypeKind.Boolean || type.IsInterval || (type.IsNumeric && !(type.IsApproximate && (text[^1] == 'N' || text[^1] == 'y')));
}
