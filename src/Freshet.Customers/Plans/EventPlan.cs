using System.Collections.Immutable;
using Freshet.Columns.Types;
using Freshet.Plan;

namespace Freshet.Customers.Plans;

/// <summary>What one version of an event must carry: a bound CREATE EVENT.</summary>
/// <param name="Event">The name as it is sent.</param>
/// <param name="Version">What <c>context.protocols.event_version</c> says; null where the plan has no versions.</param>
/// <param name="IsOldest">Events that say no version are of this one.</param>
/// <param name="Table">The typed table's name.</param>
/// <param name="Properties">Not nullable where the property must be there.</param>
/// <param name="Blocks">An event that breaks the plan is not taken; else it is taken and the answer warns.</param>
internal sealed record EventPlan(string Event, int? Version, bool IsOldest, string Table, ImmutableArray<PlannedProperty> Properties, ImmutableArray<PlannedRule> Rules, bool Blocks);

internal sealed record PlannedProperty(string Name, SqlType Type);

/// <summary>An event for which the condition is false breaks the rule.</summary>
/// <param name="Text">As written.</param>
/// <param name="Condition">Over the properties, in their order.</param>
internal sealed record PlannedRule(string Text, BoundExpression Condition);
