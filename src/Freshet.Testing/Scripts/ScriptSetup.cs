using Freshet.Sql.Binding;
using Freshet.Syntax.Text;

namespace Freshet.Testing.Scripts;

/// <summary>What scripts of a project begin with.</summary>
/// <param name="Sql">The project's statements.</param>
/// <param name="Layer">What a layer adds to the catalogue, anew for each run.</param>
/// <param name="Judge">For each event, a record of the topic events, why it is not taken, or null.</param>
public sealed record ScriptSetup(IReadOnlyList<SourceText> Sql, Func<ICatalogLayer> Layer, Func<IReadOnlyList<ReadOnlyMemory<byte>>, IReadOnlyList<string?>> Judge);
