using System.Buffers;
using System.Text;
using Freshet.Columns;
using Freshet.Columns.Types;

namespace Freshet.Server.Api;

/// <summary>
/// CSV as RFC 4180: a header line, lines end with CR LF, a field with a comma, quote or line break is quoted. NULL is an
/// empty field and an empty text is "". A text that a spreadsheet would run as a formula gets a leading apostrophe.
/// </summary>
internal static class CsvWriter
{
    private static readonly SearchValues<byte> Special = SearchValues.Create(",\"\r\n"u8);

    public static void WriteHeader(IBufferWriter<byte> writer, Schema schema)
    {
        for (var i = 0; i < schema.Count; i++)
        {
            if (i > 0) writer.Write(","u8);
            WriteText(writer, Encoding.UTF8.GetBytes(schema.Fields[i].Name));
        }

        writer.Write("\r\n"u8);
    }

    public static void WriteRow(IBufferWriter<byte> writer, Schema schema, Batch batch, int row)
    {
        for (var i = 0; i < schema.Count; i++)
        {
            if (i > 0) writer.Write(","u8);
            WriteValue(writer, schema[i], batch.Columns[i], row);
        }

        writer.Write("\r\n"u8);
    }

    private static void WriteValue(IBufferWriter<byte> writer, SqlType type, in Column column, int row)
    {
        if (column.IsNull(row) || type.Kind == TypeKind.Null) return;
        if (type.IsBinary)
        {
            writer.Write(Encoding.ASCII.GetBytes(Convert.ToBase64String(CellText.Bytes(column, row))));
        }
        else if (type.Physical == PhysicalKind.View)
        {
            WriteText(writer, CellText.Bytes(column, row));
        }
        else
        {
            Span<byte> text = stackalloc byte[CellText.MaxBytes];
            writer.Write(text[..CellText.Write(type, column, row, text)]);
        }
    }

    private static void WriteText(IBufferWriter<byte> writer, ReadOnlySpan<byte> text)
    {
        var isFormula = text.Length > 0 && text[0] is (byte)'=' or (byte)'+' or (byte)'-' or (byte)'@' or (byte)'\t' or (byte)'\r';
        if (!isFormula && text.Length > 0 && text.IndexOfAny(Special) < 0)
        {
            writer.Write(text);
            return;
        }

        writer.Write("\""u8);
        if (isFormula) writer.Write("'"u8);
        for (var quote = text.IndexOf((byte)'"'); quote >= 0; quote = text.IndexOf((byte)'"'))
        {
            writer.Write(text[..(quote + 1)]);
            writer.Write("\""u8);
            text = text[(quote + 1)..];
        }

        writer.Write(text);
        writer.Write("\""u8);
    }
}
