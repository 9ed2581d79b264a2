using Freshet.Dataflow.Circuits;

namespace Freshet.Engine.Steps;

/// <summary>
/// Clock readings of steps in a circuit that shows them as the moments of changes (entries and exits of segments): what falls due by the
/// clock gets steps of its own, each at the moment at which something does, before input is taken with the clock of now.
/// <para>After a pause such steps are bounded: behind the first thousand moments, those that lie closer together than a part of what is
/// left to catch up with share a step. So a thousand are exact, however long the pause was, and any number costs some thousand steps.</para>
/// </summary>
internal sealed class DueMoments(Circuit circuit)
{
    /// <summary>While the clock is further behind than this, no input is taken.</summary>
    private const long PauseMicros = 1_000_000;

    /// <summary>Steps in which most of a pause is caught up with.</summary>
    private const int StepsOfPause = 1024;

    /// <summary>The same while the clock is hardly behind: what falls due then shares steps under load alone.</summary>
    private const int StepsOfMoment = 16;

    private bool _wentFirst;

    /// <summary>Steps that were exact since nothing was due.</summary>
    private int _exact;

    /// <summary>Whether the circuit shows moments at all.</summary>
    public bool IsAsked { get; } = circuit.ShowsClock;

    /// <summary>The clock of the next step, if it takes no input.</summary>
    /// <param name="lastMicros">The clock of the last step.</param>
    /// <param name="nowMicros">The clock of now, at or after the first moment.</param>
    /// <param name="rows">About how many rows of a share may fall due in a step.</param>
    public long Next(long lastMicros, long nowMicros, int rows)
    {
        var first = Math.Max(circuit.DueClock, lastMicros);
        if (_exact++ < StepsOfPause) return first;
        var behind = nowMicros - first;
        var until = first + behind / (behind >= PauseMicros ? StepsOfPause : StepsOfMoment);
        return circuit.DueClockAfter(first) > until ? first : circuit.ClockStride(until, rows);
    }

    /// <summary>Nothing is due: a pause is over.</summary>
    public void Rest() => _exact = 0;

    /// <summary>Whether what is due has a step before the input that waits. Under load the two take turns.</summary>
    public bool GoesFirst(long moment, long nowMicros, bool hasInput)
    {
        _wentFirst = !hasInput || nowMicros - moment >= PauseMicros || !_wentFirst;
        return _wentFirst;
    }
}
