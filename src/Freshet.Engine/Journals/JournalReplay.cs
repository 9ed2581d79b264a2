using Freshet.Engine.Steps;

namespace Freshet.Engine.Journals;

/// <summary>
/// Runs the journal's steps again. Neighbouring entries are run as one step, up to the budget; kept apart are steps at which somebody
/// needs to know what belongs to which, marks, which have a place between rows, and the first row after an idle mark, which ends it.
/// </summary>
/// <param name="publish">Takes what a step, of one or several entries, has given.</param>
internal sealed class JournalReplay(StepRunner runner, StepBudget budget, Action<StepEntry> publish)
{
    private readonly List<StepEntry> _batch = [];

    /// <param name="apart">Steps after which a new one begins.</param>
    /// <param name="progress">Called with the rows done and the rows in all.</param>
    public void Run(IReadOnlyList<StepEntry> entries, HashSet<long> apart, Action<long, long>? progress = null)
    {
        var total = entries.SelectMany(e => e.Inputs).Sum(i => i.To - i.From);
        var idle = new HashSet<(string Source, int Partition)>();
        long done = 0;
        long rows = 0;
        foreach (var entry in entries)
        {
            var endsIdle = false;
            foreach (var input in entry.Inputs) endsIdle |= (input.Marks & InputMarks.Idle) == 0 && idle.Remove((input.Source, input.Partition));
            if (endsIdle && _batch.Count > 0) RunBatch();
            _batch.Add(entry);
            rows += entry.Inputs.Sum(i => i.To - i.From);
            idle.UnionWith(entry.Inputs.Where(i => (i.Marks & InputMarks.Idle) != 0).Select(i => (i.Source, i.Partition)));
            var hasMarks = entry.Inputs.Any(i => i.Marks != InputMarks.None);
            if (rows >= budget.Rows || hasMarks || apart.Contains(entry.Step) || ReferenceEquals(entry, entries[^1])) RunBatch();
        }

        void RunBatch()
        {
            RunMerged();
            done += rows;
            progress?.Invoke(done, total);
            _batch.Clear();
            rows = 0;
        }
    }

    private void RunMerged()
    {
        var last = _batch[^1];
        var merged = new List<StepInput>();
        foreach (var input in _batch.SelectMany(e => e.Inputs))
        {
            var at = merged.FindIndex(m => m.Source == input.Source && m.Partition == input.Partition);
            // A table that the project reads anew begins at its first row, whatever the old steps had taken.
            if (at < 0) merged.Add(input with { From = runner.InputNamed(input.Source).Position(input.Partition) });
            else merged[at] = merged[at] with { To = input.To, Marks = input.Marks };
        }

        var entry = new StepEntry(last.Step, last.ClockMicros, merged);
        runner.Run(entry);
        publish(entry);
    }
}
