using System.Collections.Immutable;
using Freshet.State.Trees;

namespace Freshet.State.Views;

/// <summary>All served views as of one step. Immutable: holding a reference is a pin.</summary>
/// <param name="Step">The last step that is part of it.</param>
/// <param name="Trees">One for each view, in the order of the pipeline's views.</param>
public sealed record ViewsVersion(long Step, ImmutableArray<PersistentTree> Trees);
