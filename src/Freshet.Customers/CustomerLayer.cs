using Freshet.Customers.Plans;
using Freshet.Sql.Binding;
using Freshet.Sql.Plan;
using Freshet.Sql.Syntax;
using Freshet.Sql.Text;

namespace Freshet.Customers;

/// <summary>
/// What the customer layer adds to a project. A project that uses none of it is planned and run as without it.
/// </summary>
/// <param name="watermarkDelayMs">How far the watermark of events stays behind the highest event time.</param>
public sealed class CustomerLayer(long watermarkDelayMs) : ICatalogLayer
{
    private readonly long _watermarkDelayMs = watermarkDelayMs;

    /// <summary>What events must carry.</summary>
    internal TrackingPlan Plan { get; } = new();

    public IEnumerable<string> Names => Plan.Names;

    public IEnumerable<LayerObject> Declared => Plan.Declared;

    public PlanNode? Read(string name) => Plan.Read(name, hasProfile: false);

    public bool TryExecute(Statement statement, SourceText source, ScriptBinder binder) => Plan.TryExecute(statement, source, binder);

    public void Complete(ScriptBinder binder) => _ = _watermarkDelayMs;
}
