using Freshet.Columns;
using Freshet.Columns.Types;
using Freshet.Engine.Queries;
using Freshet.Plan;
using Freshet.Sql.Binding;
using Freshet.Syntax;
using Freshet.Syntax.Parsing;
using Freshet.Syntax.Printing;
using Freshet.Syntax.Text;
using Freshet.Syntax.Tree;
using Query = Freshet.Syntax.Tree.Query;

namespace Freshet.Customers.Segments;

/// <summary>A value as JSON.</summary>
internal delegate string ValueText(SqlType type, in Column column, int row);

/// <summary>Queries as of one step that are bound one by one and run together, so that each table is read once.</summary>
internal sealed class Questions(ReadSession session, ValueText text, long stateBytesMax)
{
    private readonly List<(PlanNode Plan, Action<string[]> Read)> _asked = [];

    public int Count => _asked.Count;

    /// <summary>Rows of tables that have been read.</summary>
    public long RowsRead { get; private set; }

    /// <summary>Asks a query; null, or why it cannot be answered.</summary>
    /// <param name="read">Takes each row, its columns as JSON.</param>
    public string? TryAsk(ReadBinder binder, Query query, long clockMicros, Action<string[]> read)
    {
        var plan = Bind(binder, query, clockMicros, out var reason);
        if (plan is not null) _asked.Add((plan, read));
        return reason;
    }

    /// <summary>Whether a query could be answered.</summary>
    public static string? Check(ReadBinder binder, Query query, long clockMicros)
    {
        Bind(binder, query, clockMicros, out var reason);
        return reason;
    }

    public void Ask(PlanNode plan, Action<string[]> read) => _asked.Add((plan, read));

    /// <summary>Runs what has been asked since the last time.</summary>
    public void Run(CancellationToken cancellation)
    {
        if (_asked.Count == 0) return;
        var asked = _asked.ToArray();
        _asked.Clear();
        using var run = session.Run([.. asked.Select(a => a.Plan)], stateBytesMax, cancellation);
        var goesOn = true;
        while (goesOn)
        {
            // Step by step, so that a limit of time is kept while no row comes, and no query's rows wait for another's.
            cancellation.ThrowIfCancellationRequested();
            goesOn = run.Step();
            for (var i = 0; i < asked.Length; i++)
            {
                while (run.HasRows(i) && run.Next(i) is { } batch)
                {
                    try
                    {
                        Read(run.SchemaOf(i), batch, asked[i].Read);
                    }
                    finally
                    {
                        batch.Release();
                    }
                }
            }
        }

        RowsRead += run.RowsRead;
    }

    private void Read(Schema schema, Batch batch, Action<string[]> read)
    {
        for (var r = 0; r < batch.Count; r++)
        {
            var row = batch.RowAt(r);
            var values = new string[schema.Count];
            for (var c = 0; c < values.Length; c++) values[c] = text(schema[c], batch.Columns[c], row);
            read(values);
        }
    }

    private static PlanNode? Bind(ReadBinder binder, Query query, long clockMicros, out string? reason)
    {
        reason = null;
        try
        {
            var source = new SourceText("segment", ClockText.At(SqlPrinter.Print(query), clockMicros));
            return binder.BindQuery(((Select)SqlParser.ParseOne(source)).Query, source);
        }
        catch (SqlException e)
        {
            reason = e.Sentence;
            return null;
        }
    }
}
