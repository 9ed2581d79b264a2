using Freshet.Dataflow;
using Freshet.Dataflow.Circuits;
using Freshet.Engine.Journals;
using Freshet.Engine.Sources;
using Freshet.Kernels.Expressions;

namespace Freshet.Engine.Steps;

/// <summary>
/// One turn of the engine after another: plans what a step takes and runs it. It neither journals, waits nor publishes;
/// whoever drives it does (a thread beside the log, a test step by step, a bounded run to its end).
/// Invariant: what a step does is a function of its entry and the state before it; tables over one topic stand at the same place of
/// it and take the same rows in a step. Used by one thread.
/// </summary>
internal sealed class StepRunner : IDisposable
{
    private readonly TableInput[] _inputs;
    private readonly DueMoments _moments;
    private readonly StepContext _context = new();
    private readonly EvaluationContext[] _evaluation;
    private readonly List<SourceBatch> _batches = [];
    private readonly List<ISourceSlice> _slices = [];
    private readonly List<(TableInput Input, int Partition, int First, int Count)> _ranges = [];

    /// <summary>The clock of the first step that was not replayed, µs: while the engine was down nothing was idle.</summary>
    private long _firstPlannedMicros;

    public StepRunner(Circuit circuit, TableInput[] inputs)
    {
        Circuit = circuit;
        _moments = new DueMoments(circuit);
        _inputs = inputs;
        _evaluation = new EvaluationContext[circuit.Shares];
        for (var i = 0; i < _evaluation.Length; i++) _evaluation[i] = new EvaluationContext();
    }

    public Circuit Circuit { get; }

    public IReadOnlyList<TableInput> Inputs => _inputs;

    /// <summary>The step without input, in which constants enter; it is run before all others and not journaled.</summary>
    public const long FirstStep = 1;

    /// <summary>The last step that has run, or that is not to be used again.</summary>
    public long Step { get; private set; } = FirstStep;

    /// <summary>Steps up to this number have been given out.</summary>
    public void SkipTo(long step) => Step = Math.Max(Step, step);

    /// <summary>The clock reading of the last step, µs.</summary>
    public long ClockMicros => _context.ClockMicros;

    /// <summary>Called with each row that could not be decoded.</summary>
    public Action<TableInput, SourceError>? OnSourceError { get; set; }

    /// <summary>Bounds the state; looked at after each step.</summary>
    public MemoryBudget? Memory { get; init; }

    /// <summary>Decodes while a step runs what the next one is likely to take: for input that is there and read to its end.</summary>
    public ReadAhead? Ahead { get; set; }

    /// <summary>Whether inputs become idle by the clock; otherwise only where an entry says so.</summary>
    public bool MarksIdle { get; set; } = true;

    /// <summary>Whether every input is bounded and at its end.</summary>
    public bool AllEnded
    {
        get
        {
            foreach (var input in _inputs)
                for (var p = 0; p < input.Source.Partitions; p++)
                    if (!input.HasEnded(p)) return false;
            return true;
        }
    }

    /// <summary>The earliest clock reading, µs, at which a step has something to do without input: an operator, or an input that becomes idle.</summary>
    public long DueClock
    {
        get
        {
            var due = Circuit.DueClock;
            foreach (var input in _inputs)
                if (MarksIdle) due = Math.Min(due, input.IdleDueMicros(_firstPlannedMicros));
            return due;
        }
    }

    /// <summary>
    /// Decides what the next step takes: of the inputs furthest behind in event time first, up to the budget.
    /// Null when nothing has arrived and nothing is due by the clock. After a pause the clock catches up in strides, so that about as many rows
    /// fall due in a step as it may take, or at the moments themselves where something shows them (<see cref="DueMoments"/>).
    /// </summary>
    public StepEntry? Plan(StepBudget budget, long clockMicros)
    {
        // The clock of steps never goes back, whatever the machine's does.
        clockMicros = Math.Max(clockMicros, _context.ClockMicros);
        if (_firstPlannedMicros <= 0) _firstPlannedMicros = clockMicros;
        var isDue = Circuit.DueClock <= clockMicros;
        if (!isDue) _moments.Rest();
        var moment = isDue && _moments.IsAsked ? _moments.Next(_context.ClockMicros, clockMicros, budget.Rows) : clockMicros;
        if (isDue && !_moments.IsAsked) clockMicros = Circuit.ClockStride(clockMicros, budget.Rows);
        List<StepInput>? taken = null;
        var rows = budget.Rows;
        var bytes = budget.Bytes;
        foreach (var input in _inputs.OrderBy(i => i.Watermark))
        {
            var watermark = input.Watermark;
            for (var p = 0; p < input.Source.Partitions && rows > 0; p++)
            {
                if (input.HasEnded(p) || IsTaken(taken, input.Source.Name, p)) continue;
                var from = input.Position(p);
                var to = input.Source.Limit(p, from, rows, bytes);
                var marks = input.Source.IsBounded && input.Source.IsEnd(p, to) ? InputMarks.End : InputMarks.None;
                if (to == from && marks == InputMarks.None && MarksIdle && InputsNamed(input.Source.Name).Any(i => i.ShouldIdle(p, clockMicros, _firstPlannedMicros))) marks = InputMarks.Idle;
                if (to == from && marks == InputMarks.None) continue;
                (taken ??= []).Add(new StepInput(input.Source.Name, p, from, to, marks));
                rows -= (int)Math.Min(to - from, rows);
            }

            // A table that is behind is read alone until it has caught up, so that a join's other side does not run away.
            if (taken is not null && watermark != Operator.NoWatermark && rows < budget.Rows) break;
        }

        if (taken is null && !isDue) return null;
        // What falls due before the input is looked at by itself, at its own moment.
        return isDue && _moments.IsAsked && _moments.GoesFirst(moment, clockMicros, hasInput: taken is not null)
            ? new StepEntry(Step + 1, moment, [])
            : new StepEntry(Step + 1, clockMicros, taken ?? []);
    }

    /// <summary>Runs a step's input through the circuit. Results wait in the collectors.</summary>
    public unsafe void Run(StepEntry entry)
    {
        _context.Begin(entry.Step, entry.ClockMicros);
        foreach (var context in _evaluation) context.ClockMicros = entry.ClockMicros;
        Slice(entry);
        var decoded = Decode();
        for (var range = 0; range < _ranges.Count; range++)
        {
            var (input, partition, first, count) = _ranges[range];
            for (var i = first; i < first + count; i++)
            {
                if (decoded[i].Rows == 0) decoded[i].Release();
                else _batches.Add(new SourceBatch(input.Node, input.Take(partition, decoded[i], _slices[i].Timestamps)));
            }
        }

        foreach (var taken in entry.Inputs)
            foreach (var input in InputsNamed(taken.Source)) input.Advance(taken, entry.ClockMicros);
        foreach (var input in _inputs)
        {
            input.EndStep();
            Circuit.AdvanceWatermark(input.Node, input.Watermark, input.IsIdle);
        }

        if (Ahead is not null && entry.Inputs is [{ Marks: InputMarks.None } only])
        {
            var input = InputNamed(only.Source);
            if (input.Source.CanReadAhead) Ahead.Begin(input, only.Partition, only.To, input.Source.Limit(only.Partition, only.To, (int)(only.To - only.From), long.MaxValue));
        }

        Circuit.Run(_context, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_batches));
        _batches.Clear();
        Step = entry.Step;
        Memory?.Check(Circuit);
    }

    /// <summary>One of the tables that read a source; all of them stand at the same place.</summary>
    public TableInput InputNamed(string source) =>
        InputsNamed(source).FirstOrDefault() ?? throw new InvalidDataException($"The journal takes rows of '{source}', which the project no longer reads.");

    public void Dispose()
    {
        Ahead?.Dispose();
        Circuit.Dispose();
        foreach (var input in _inputs) input.Source.Dispose();
    }

    private IEnumerable<TableInput> InputsNamed(string source) => _inputs.Where(i => i.Source.Name == source);

    private static bool IsTaken(List<StepInput>? taken, string source, int partition) => taken is not null && taken.Exists(t => t.Source == source && t.Partition == partition);

    private void Slice(StepEntry entry)
    {
        _slices.Clear();
        _ranges.Clear();
        foreach (var taken in entry.Inputs)
        {
            foreach (var input in InputsNamed(taken.Source))
            {
                var first = _slices.Count;
                if (taken.To > taken.From && Ahead?.TryTake(input, taken.Partition, taken.From, taken.To, _slices) is not true) input.Source.Slice(taken.Partition, taken.From, taken.To, _slices);
                _ranges.Add((input, taken.Partition, first, _slices.Count - first));
            }
        }
    }

    /// <summary>Decodes all slices, on every core where there are several, and reports bad rows in position order.</summary>
    private Columns.Batch[] Decode()
    {
        var owners = new TableInput[_slices.Count];
        foreach (var (input, _, first, count) in _ranges) owners.AsSpan(first, count).Fill(input);
        var decoded = new Columns.Batch[_slices.Count];
        try
        {
            Decode(owners, decoded);
            return decoded;
        }
        catch
        {
            // An ad-hoc query ends here and the process goes on.
            foreach (var batch in decoded) batch?.Release();
            throw;
        }
    }

    private void Decode(TableInput[] owners, Columns.Batch[] decoded)
    {
        var errors = new List<SourceError>[_slices.Count];
        if (_slices.Count < 2 || Circuit.Shares == 1)
        {
            for (var i = 0; i < decoded.Length; i++)
                decoded[i] = owners[i].Decode(_slices[i], _evaluation[0], errors[i] = []);
        }
        else
        {
            var next = -1;
            Circuit.OnThreads(Math.Min(Circuit.Shares, _slices.Count), share =>
            {
                for (int i; (i = Interlocked.Increment(ref next)) < decoded.Length;)
                    decoded[i] = owners[i].Decode(_slices[i], _evaluation[share], errors[i] = []);
            });
        }

        for (var i = 0; i < decoded.Length; i++)
        {
            owners[i].Note(errors[i]);
            foreach (var error in errors[i]) OnSourceError?.Invoke(owners[i], error);
        }
    }
}
