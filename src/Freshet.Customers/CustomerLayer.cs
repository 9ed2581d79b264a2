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

    public IEnumerable<string> Names => [];

    public PlanNode? Read(string name) => null;

    public bool TryExecute(Statement statement, SourceText source, ScriptBinder binder) => false;

    public void Complete(ScriptBinder binder) => _ = _watermarkDelayMs;
}
