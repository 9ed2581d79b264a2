using Freshet.Log;
using Freshet.Plan;
using Freshet.Sql.Binding;
using Freshet.State.Views;

namespace Freshet.Engine.Queries;

/// <summary>
/// Several queries as of one step: views are pinned and topics end where the step ended. Queries that are run together read each table
/// once. Used by one thread; holds the version until disposed, and never stops the step.
/// </summary>
public sealed class ReadSession : IDisposable
{
    private readonly QueryPlanner _planner;
    private readonly ViewPin _pin;
    private readonly Func<Partition, LogOffset> _end;

    internal ReadSession(QueryPlanner planner, ViewPin pin, long clockMicros, Func<Partition, LogOffset> end)
    {
        _planner = planner;
        _pin = pin;
        _end = end;
        ClockMicros = clockMicros;
    }

    public long Step => _pin.Step;

    /// <summary>The views of that step; the session's to dispose.</summary>
    internal ViewPin Pin => _pin;

    /// <summary>The clock of that step, µs since 1970; 0 where no step has had input yet.</summary>
    public long ClockMicros { get; }

    /// <summary>Binds queries over this reading; a new one has nothing but what the project declares.</summary>
    public ReadBinder Binder() => _planner.Binder();

    /// <summary>Starts queries together.</summary>
    /// <param name="plans">Of a binder of this reading.</param>
    /// <param name="bytesMax">Bytes that they may hold together; 0 for no bound but that of the process.</param>
    /// <param name="cancellation">Breaks them off, between two batches.</param>
    public BoundedRun Run(IReadOnlyList<PlanNode> plans, long bytesMax, CancellationToken cancellation = default) => _planner.Run(plans, _pin, _end, bytesMax, cancellation);

    internal Query Query(string sql, CancellationToken cancellation) => _planner.Plan(sql, _pin, _end, cancellation);

    public void Dispose() => _pin.Dispose();
}
