using Freshet.Columns;

namespace Freshet.Engine.Views;

/// <summary>
/// What one published step has changed in the served views: consistent, for all views are as of the same input. Good during the call
/// that shows it; whoever keeps a batch takes a reference.
/// </summary>
public sealed class StepChanges
{
    private readonly IReadOnlyList<ViewOutput> _views;

    internal StepChanges(long step, IReadOnlyList<ViewOutput> views)
    {
        Step = step;
        _views = views;
    }

    public long Step { get; }

    /// <summary>A view's delta, each row once with its net weight; empty where the step has not changed it.</summary>
    public IReadOnlyList<Batch> Of(ServedView view)
    {
        foreach (var output in _views)
            if (ReferenceEquals(output.View, view)) return output.Delta;
        return [];
    }
}
