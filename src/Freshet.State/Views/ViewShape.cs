namespace Freshet.State.Views;

/// <summary>What a reader of a pinned version must know beside the pages. Immutable, made anew by each publication that changes the view.</summary>
internal sealed record ViewShape(long Rows, long Weight, long PrimaryShape, long[] LookupShapes);
