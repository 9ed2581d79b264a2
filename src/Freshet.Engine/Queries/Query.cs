using Freshet.Columns;
using Freshet.State.Views;

namespace Freshet.Engine.Queries;

/// <summary>An ad-hoc query on its way: rows batch by batch, all as of one step. Used by one thread.</summary>
public sealed class Query : IDisposable
{
    private readonly BoundedRun? _run;
    private readonly ViewPin _pin;
    private Batch? _ready;

    internal Query(BoundedRun run, ViewPin pin)
    {
        _run = run;
        _pin = pin;
        Step = pin.Step;
        Schema = run.SchemaOf(0);
    }

    internal Query(Schema schema, Batch rows, ViewPin pin)
    {
        Schema = schema;
        _ready = rows;
        _pin = pin;
        Step = pin.Step;
    }

    public Schema Schema { get; }

    /// <summary>The step that the rows are as of.</summary>
    public long Step { get; }

    /// <summary>The next rows, or null after the last. The caller releases the batch.</summary>
    /// <exception cref="EngineException">A value cannot be computed.</exception>
    public Batch? Next()
    {
        if (_run is not null) return _run.Next(0);
        var batch = _ready;
        _ready = null;
        return batch;
    }

    public void Dispose()
    {
        _run?.Dispose();
        _pin.Dispose();
        _ready?.Release();
    }
}
