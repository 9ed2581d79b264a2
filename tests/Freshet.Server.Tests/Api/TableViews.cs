using System.Globalization;
using System.Text;
using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;
using Freshet.Server.Api;
using Freshet.State.Views;

namespace Freshet.Server.Tests.Api;

/// <summary>Views that a test fills with texts; every change is a step.</summary>
internal sealed unsafe class TableViews : IViewReader
{
    public static readonly Schema Users = Schema.Of(("user_id", SqlType.String), ("events", SqlType.BigInt), ("revenue", SqlType.Decimal(12, 2)), ("last_seen", SqlType.TimestampLtz(3)), ("extra", SqlType.Variant));

    private readonly List<string?[]> _rows = [];
    private long _visible = -1;

    public IReadOnlyList<ViewInfo> Views { get; } = [new ViewInfo("user_totals", Users, [0]), new ViewInfo("all_users", Users, []), new ViewInfo("per_revenue", Users, [2])];

    public long Step { get; private set; }

    public Exception? FailQueryWith { get; set; }

    /// <summary>The rows of a query are given over and over, and after so many times it fails.</summary>
    public (int Times, Exception Error)? FailLate { get; set; }

    /// <summary>The sequence number last waited for.</summary>
    public long WaitedFor => _visible;

    public string? LastSql { get; private set; }

    public void Add(params string?[] row)
    {
        _rows.Add(row);
        Step++;
    }

    public string? NotReady { get; set; }

    public ValueTask<IViewSnapshot> OpenAsync(CancellationToken cancellation) => ValueTask.FromResult(Pin());

    public IViewSnapshot Pin() => new Snapshot(this);

    public ValueTask<IReadSnapshot> ReadAsync(CancellationToken cancellation) => throw new NotSupportedException();

    public ValueTask<IRows> QueryAsync(string sql, CancellationToken cancellation)
    {
        LastSql = sql;
        if (FailQueryWith is { } e) throw e;
        return ValueTask.FromResult<IRows>(new Rows(this, [.. _rows]));
    }

    public ValueTask WhenVisibleAsync(long sequence, CancellationToken cancellation)
    {
        _visible = sequence;
        return ValueTask.CompletedTask;
    }

    private static Batch Build(IReadOnlyList<string?[]> rows)
    {
        var memory = BatchMemory.Create();
        var columns = new Column[Users.Count];
        for (var c = 0; c < columns.Length; c++)
        {
            columns[c] = Column.Allocate(Users[c].Physical, rows.Count, memory);
            columns[c].EnsureValidity(rows.Count, memory);
            for (var r = 0; r < rows.Count; r++)
            {
                if (rows[r][c] is not { } text) columns[c].SetNull(r);
                else if (Users[c].Physical == PhysicalKind.View) columns[c].As<StringView>()[r] = StringView.Copy(Encoding.UTF8.GetBytes(text), memory);
                else columns[c].As<long>()[r] = long.Parse(text, CultureInfo.InvariantCulture);
            }
        }

        return new Batch(memory, columns, rows.Count);
    }

    private sealed class Snapshot(TableViews views) : IViewSnapshot
    {
        private readonly List<string?[]> _rows = [.. views._rows];

        public long Step { get; } = views.Step;

        public ViewPin Pin => throw new NotSupportedException("These views have no tables.");

        public IRows Scan(ViewInfo view, long offset, long limit) => new Rows(views, [.. _rows.Skip((int)offset).Take((int)limit)]);

        public IRows Lookup(ViewInfo view, IReadOnlyList<string?> key) => new Rows(views, [.. _rows.Where(r => r[view.Key[0]] == key[0])]);

        public void Dispose()
        {
        }
    }

    private sealed class Rows(TableViews views, IReadOnlyList<string?[]> rows) : IRows
    {
        private int _given;

        public Schema Schema => Users;

        public long Step { get; } = views.Step;

        public ValueTask<Batch?> NextAsync(CancellationToken cancellation)
        {
            if (_given++ == views.FailLate?.Times) throw views.FailLate.Value.Error;
            if ((_given > 1 && views.FailLate is null) || rows.Count == 0) return ValueTask.FromResult<Batch?>(null);
            return ValueTask.FromResult<Batch?>(Build(rows));
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
