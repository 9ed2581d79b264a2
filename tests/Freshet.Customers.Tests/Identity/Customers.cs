using Freshet.Customers.Identity;
using Freshet.Testing;

namespace Freshet.Customers.Tests.Identity;

/// <summary>A project with the customer layer, driven event by event.</summary>
internal sealed class Customers : IDisposable
{
    private readonly TestPipeline _pipeline;
    private long _sequence;

    public Customers(string sql, IdentityRules? rules = null, int workers = 1)
    {
        _pipeline = new TestPipeline(workers, layer: new CustomerLayer(10_000) { Rules = rules ?? IdentityRules.Default });
        _pipeline.Declare("test.sql", sql);
    }

    public TestPipeline Pipeline => _pipeline;

    /// <summary>Takes events in one step, or in steps of some rows.</summary>
    public void Take(IReadOnlyList<Happening> happenings, int rowsAtOnce = int.MaxValue)
    {
        _pipeline.Insert("events", [.. happenings.Select(h => (h.Row(_sequence++), 1L))]);
        _pipeline.Step(rowsAtOnce);
    }

    public void Take(params Happening[] happenings) => Take((IReadOnlyList<Happening>)happenings);

    /// <summary>A view's rows in order, one a line.</summary>
    public string[] Rows(string view) => [.. _pipeline.Rows(view).SelectMany(r => Enumerable.Repeat(r.Key, (int)r.Value)).Order(StringComparer.Ordinal)];

    public void Dispose() => _pipeline.Dispose();
}
