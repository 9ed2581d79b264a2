using System.Collections.Immutable;
using Freshet.Columns.Types;

namespace Freshet.Customers.Identity;

/// <summary>The identity operator: its rules, the columns of its input, and where the parts of an event stand in it.</summary>
/// <param name="Reads">Places of the columns of <see cref="EventReads"/>.</param>
/// <param name="Sequence">The column with the event's place in the log.</param>
/// <param name="KeepsRecent">Somebody reads the latest events of identifiers.</param>
internal sealed record IdentitySpec(IdentityRules Rules, ImmutableArray<SqlType> Types, ImmutableArray<int> Reads, int Sequence, bool KeepsRecent = true);
