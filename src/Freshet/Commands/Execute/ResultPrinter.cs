using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Freshet.Columns;
using Freshet.Columns.Types;
using Freshet.Server.Api;
using Spectre.Console;

namespace Freshet.Commands.Execute;

/// <summary>The forms in which a result is printed.</summary>
internal enum ResultFormat
{
    Table,
    Csv,
    Json,
}

/// <summary>
/// Prints a result: CSV and JSON lines as the batches come; a table when all are there, because its columns are as wide as
/// their widest value. Texts come from strangers: control characters would move the terminal's cursor and are replaced in tables.
/// </summary>
internal static class ResultPrinter
{
    private const int WriteBytes = 64 << 10;

    public static ResultFormat Parse(string format) => format switch
    {
        "csv" => ResultFormat.Csv,
        "json" => ResultFormat.Json,
        _ => ResultFormat.Table,
    };

    /// <summary>Prints all rows and returns how many there were.</summary>
    public static async Task<long> PrintAsync(IRows rows, ResultFormat format, Stream output, CancellationToken cancellation)
    {
        if (format == ResultFormat.Table) return await PrintTableAsync(rows, cancellation);
        var buffer = new ArrayBufferWriter<byte>(2 * WriteBytes);
        using var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true });
        if (format == ResultFormat.Csv) CsvWriter.WriteHeader(buffer, rows.Schema);
        var count = 0L;
        while (await rows.NextAsync(cancellation) is { } batch)
        {
            try
            {
                for (var i = 0; i < batch.Count; i++, count++)
                {
                    if (format == ResultFormat.Csv)
                    {
                        CsvWriter.WriteRow(buffer, rows.Schema, batch, batch.RowAt(i));
                    }
                    else
                    {
                        RowJson.WriteObject(json, rows.Schema, batch, batch.RowAt(i));
                        json.Flush();
                        json.Reset();
                        buffer.Write("\n"u8);
                    }

                    if (buffer.WrittenCount < WriteBytes) continue;
                    await output.WriteAsync(buffer.WrittenMemory, cancellation);
                    buffer.ResetWrittenCount();
                }
            }
            finally
            {
                batch.Release();
            }
        }

        await output.WriteAsync(buffer.WrittenMemory, cancellation);
        await output.FlushAsync(cancellation);
        return count;
    }

    /// <summary>A table whose number columns stand right.</summary>
    public static Table NewTable(IEnumerable<(string Name, bool IsNumber)> columns)
    {
        var table = new Table { Border = TableBorder.Rounded };
        foreach (var (name, isNumber) in columns)
        {
            var header = new TableColumn(Cell(name)) { NoWrap = isNumber };
            table.AddColumn(isNumber ? header.RightAligned() : header);
        }

        return table;
    }

    public static string Cell(string? text) => text is null
        ? "[dim]NULL[/]"
        : Markup.Escape(text.Any(char.IsControl) ? string.Concat(text.Select(c => char.IsControl(c) ? '\uFFFD' : c)) : text);

    private static async Task<long> PrintTableAsync(IRows rows, CancellationToken cancellation)
    {
        var schema = rows.Schema;
        var table = NewTable(schema.Fields.Select(f => (f.Name, f.Type.IsNumeric)));
        while (await rows.NextAsync(cancellation) is { } batch)
        {
            try
            {
                for (var i = 0; i < batch.Count; i++) table.AddRow(Cells(schema, batch, batch.RowAt(i)));
            }
            finally
            {
                batch.Release();
            }
        }

        AnsiConsole.Write(table);
        AnsiConsole.WriteLine($"{table.Rows.Count:N0} row{(table.Rows.Count == 1 ? "" : "s")}");
        return table.Rows.Count;
    }

    private static string[] Cells(Schema schema, Batch batch, int row) =>
        [.. Enumerable.Range(0, schema.Count).Select(c => Cell(schema[c].Kind == TypeKind.Null ? null : CellText.Text(schema[c], batch.Columns[c], row)))];
}
