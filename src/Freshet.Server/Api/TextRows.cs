using Freshet.Columns;
using Freshet.Columns.Types;
using Freshet.Engine.Queries;

namespace Freshet.Server.Api;

/// <summary>An answer of texts that is known as a whole, as rows like any other.</summary>
internal sealed class TextRows(IReadOnlyList<string> columns, IReadOnlyList<IReadOnlyList<string?>> rows, long step) : IRows
{
    private Batch? _rows = TextBatch.Of(columns.Count, rows);

    public Schema Schema { get; } = new([.. columns.Select(c => new Field(c, SqlType.String))]);

    public long Step => step;

    public ValueTask<Batch?> NextAsync(CancellationToken cancellation)
    {
        var rows = _rows;
        _rows = null;
        return ValueTask.FromResult(rows);
    }

    public ValueTask DisposeAsync()
    {
        _rows?.Release();
        return ValueTask.CompletedTask;
    }
}
