namespace Freshet.Dataflow.Changelogs;

/// <summary>Changes of a set as rows, a step at a time.</summary>
/// <param name="Entered">The word for a row that came, in UTF-8.</param>
/// <param name="Exited">The word for a row that went.</param>
/// <param name="Otherwise">The cause where the step has none for the row's first column.</param>
public sealed record StepChangesSpec(byte[] Entered, byte[] Exited, byte[] Otherwise);
