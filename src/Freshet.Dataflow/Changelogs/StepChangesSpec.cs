using System.Collections.Immutable;

namespace Freshet.Dataflow.Changelogs;

/// <summary>Changes of a set as rows, a step at a time.</summary>
/// <param name="Entered">The word for a row that came, in UTF-8.</param>
/// <param name="Exited">The word for a row that went.</param>
/// <param name="Otherwise">The cause where the step has none for the row's first column.</param>
public sealed record StepChangesSpec(byte[] Entered, byte[] Exited, byte[] Otherwise)
{
    /// <summary>The cause of a row that went with one of port 2 that has the same first two columns; null where there is no such port.</summary>
    public byte[]? Withdrawn { get; init; }

    /// <summary>Causes of the step that count more than that.</summary>
    public ImmutableArray<byte[]> Stronger { get; init; } = [];
}
