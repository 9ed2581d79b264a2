using System.Globalization;
using Freshet.Dataflow.Circuits;
using Freshet.Dataflow.Results;

namespace Freshet.Engine.Queries;

/// <summary>
/// The limits of one ad-hoc query, looked at between the batches of its step: a join that explodes is one step. What the query holds
/// is the state of its operators and the rows that wait to be read; it may be above the limit by what some batches add.
/// Beyond a limit the query ends with an error and never with fewer rows. Used by the query's thread.
/// </summary>
internal sealed class QueryWatch(Circuit circuit, long bytesMax, CancellationToken cancellation)
{
    /// <summary>The state is summed up once in so many batches.</summary>
    private const int BatchesBetweenSums = 8;

    private int _batches;

    /// <exception cref="OperationCanceledException">The query's time is over, or nobody waits for it any more.</exception>
    /// <exception cref="EngineException">The query holds more than it may.</exception>
    public void Look()
    {
        cancellation.ThrowIfCancellationRequested();
        if (bytesMax <= 0 || ++_batches % BatchesBetweenSums != 0) return;
        var held = 0L;
        for (var node = 0; node < circuit.Spec.Nodes.Length; node++)
        {
            if (circuit.Spec.Nodes[node].IsSource) continue;
            var op = circuit.OperatorOf(node, 0);
            held += op is CollectorOperator results ? results.HeldBytes : op.StateBytes;
        }

        if (held <= bytesMax) return;
        throw new EngineException("query_memory", string.Create(
            CultureInfo.InvariantCulture,
            $"The query needs more than {bytesMax / (1024.0 * 1024):0.#} MiB (limits.queryBytes); narrow it, or make it a materialized view."));
    }
}
