using Freshet.Columns;

namespace Freshet.Dataflow;

/// <summary>
/// One share of one operator of a circuit: it owns the state of its share of the keys and is used by one thread at a time.
/// <para>The protocol of a step: <see cref="Accept"/> for each batch of each input, in any interleaving of the inputs; after
/// every Accept, <see cref="Produce"/> until it returns null; when all inputs have ended, <see cref="EndOfInput"/> once, then
/// Produce until null; after the last operator of the step is done, <see cref="EndOfStep"/> once. Operators that are not
/// reachable from a source with input, and have no timer due, see nothing of the step.</para>
/// <para>It is resumable: a call takes one batch, or makes at most one output batch (at most <see cref="Batch.TypicalRows"/>
/// rows when it multiplies rows), so that a join that explodes costs time and not memory.</para>
/// <para>Inside a step: no async, no locks, no logging, no allocation per row.</para>
/// </summary>
public abstract class Operator : IDisposable
{
    /// <summary>A watermark before any row.</summary>
    public const long NoWatermark = long.MinValue;

    /// <summary>The watermark after the end of all input.</summary>
    public const long EndWatermark = long.MaxValue;

    /// <summary>Takes one batch and its ownership: the operator releases it (or keeps it until it has been used up).</summary>
    /// <param name="port">The input, from 0.</param>
    public abstract void Accept(int port, Batch batch, StepContext step);

    /// <summary>At most one batch of output, owned by the caller; null when nothing more is due before the next call of another kind.</summary>
    public abstract Batch? Produce(StepContext step);

    /// <summary>All inputs have ended for this step; aggregates, outer joins and windows now make their output ready.</summary>
    /// <param name="watermark">The minimum of the inputs' watermarks at the step's end, µs.</param>
    public virtual void EndOfInput(StepContext step, long watermark)
    {
    }

    /// <summary>The watermark of the output once <see cref="EndOfInput"/> has been called with <paramref name="watermark"/>.</summary>
    public virtual long OutputWatermark(long watermark) => watermark;

    /// <summary>The earliest watermark (µs) at which this share has something to do without input; <see cref="EndWatermark"/> for never.</summary>
    public virtual long DueWatermark => EndWatermark;

    /// <summary>The earliest clock reading (µs) at which this share has something to do without input; <see cref="EndWatermark"/> for never.</summary>
    public virtual long DueClock => EndWatermark;

    /// <summary>
    /// The latest clock reading, from <see cref="DueClock"/> to <paramref name="clockMicros"/>, at which about <paramref name="rows"/> rows
    /// of this share fall due and no more: after a pause the step's clock catches up in such strides.
    /// </summary>
    public virtual long ClockStride(long clockMicros, int rows) => clockMicros;

    /// <summary>The first clock reading (µs) after <paramref name="clockMicros"/> at which this share has something to do without input; <see cref="EndWatermark"/> where it knows none.</summary>
    public virtual long DueClockAfter(long clockMicros) => DueClock > clockMicros ? DueClock : EndWatermark;

    /// <summary>Whether what it gives shows the step's clock as the moment of a change: steps then read the moments at which something falls due.</summary>
    public virtual bool ShowsClock => false;

    /// <summary>The watermark of each input at the step's end, before <see cref="EndOfInput"/>; for operators to which it matters whose it is.</summary>
    public virtual void TakePortWatermarks(ReadOnlySpan<long> watermarks)
    {
    }

    /// <summary>
    /// The step is over everywhere and its results have been taken (it comes at the latest before the next step): changes are
    /// applied to what other operators read, slots and texts of removed rows may be reused.
    /// </summary>
    public virtual void EndOfStep()
    {
    }

    /// <summary>
    /// Whether a step that brings this share no row is nothing to it, whatever its watermarks and its clock: it gives nothing and clears
    /// nothing. It then hears nothing of such steps, which are most of them where many operators read one source.
    /// </summary>
    public virtual bool RestsWithoutRows => false;

    /// <summary>Bytes of state of this share.</summary>
    public virtual long StateBytes => 0;

    /// <summary>Rows of state of this share.</summary>
    public virtual long StateRows => 0;

    /// <summary>Side outputs whose rows are made whether or not anybody reads them; those that nobody reads are taken and dropped.</summary>
    public virtual int Sides => 0;

    /// <summary>Rows that went to side output <paramref name="side"/> since the last call (owned by the caller), or null; for operators with side outputs.</summary>
    public virtual Batch? TakeSide(int side) => null;

    /// <summary>Gives back the memory of the state. The circuit calls it once, between steps.</summary>
    public virtual void Dispose() => GC.SuppressFinalize(this);
}
