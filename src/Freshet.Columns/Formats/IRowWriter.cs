namespace Freshet.Columns.Formats;

/// <summary>
/// Rows to bytes: the pure half of a sink that writes text. Each row is one line with its line feed. A writer is made for a
/// schema, used by one thread, and keeps nothing between rows.
/// </summary>
public interface IRowWriter
{
    /// <summary>Writes what comes before the first row, such as a header.</summary>
    void WriteStart(Utf8Buffer buffer);

    /// <summary>Writes row <paramref name="row"/> (by row index, not by selection) of columns of the writer's schema.</summary>
    void WriteRow(ReadOnlySpan<Column> columns, int row, Utf8Buffer buffer);

    /// <summary>Writes all rows of a batch that count, once each whatever their weight.</summary>
    void WriteRows(Batch batch, Utf8Buffer buffer)
    {
        for (var i = 0; i < batch.Count; i++) WriteRow(batch.Columns, batch.RowAt(i), buffer);
    }
}
