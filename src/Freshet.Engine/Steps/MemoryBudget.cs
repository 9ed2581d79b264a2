using System.Globalization;
using Freshet.Dataflow.Circuits;
using Freshet.State.Pages;

namespace Freshet.Engine.Steps;

/// <summary>
/// The bound on the state of the process. It is looked at when a step has ended: state may be above it by what one step adds. Beyond
/// it the engine stops and says which operator holds most, as a process that swaps or is killed would say nothing.
/// </summary>
/// <param name="bytes">The bound; 0 for none.</param>
/// <param name="titles">What operators compute, by the identity of their plan node.</param>
internal sealed class MemoryBudget(long bytes, IReadOnlyDictionary<string, string> titles)
{
    /// <summary>Ends with an error where the state is beyond the bound.</summary>
    public void Check(Circuit circuit)
    {
        if (bytes <= 0) return;
        var used = StateMemory.UsedBytes;
        if (used <= bytes) return;
        var nodes = Enumerable.Range(0, circuit.Spec.Nodes.Length).Select(n => (Spec: circuit.Spec.Nodes[n], Figures: circuit.FiguresOf(n)));
        var (spec, figures) = nodes.MaxBy(n => n.Figures.StateBytes);
        var title = titles.TryGetValue(spec.Identity, out var known) ? known : spec.Name;
        throw new EngineException("memory_budget", string.Create(
            CultureInfo.InvariantCulture,
            $"The state takes {Size(used)}, more than the memory budget of {Size(bytes)}. Most of it, {Size(figures.StateBytes)} in {figures.StateRows:N0} rows, is kept by '{title}'. Bound what it keeps (EXPLAIN says when it is dropped: windows, conditions on time, STATE_TTL), or raise the budget."));
    }

    private static string Size(long size) => string.Create(CultureInfo.InvariantCulture, $"{size / (1024.0 * 1024):N0} MiB");
}
