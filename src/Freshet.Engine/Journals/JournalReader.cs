using Freshet.Log;
using Freshet.Log.Records;

namespace Freshet.Engine.Journals;

/// <summary>The journal as it counts: entries in order of step, each number once, the last one written.</summary>
internal static class JournalReader
{
    /// <exception cref="InvalidDataException">An entry is of a form that this build does not know.</exception>
    public static List<StepEntry> Read(Partition journal)
    {
        var entries = new List<StepEntry>();
        var cursor = new PartitionCursor(journal, journal.StartOffset);
        while (cursor.TryNext(out var batches))
        {
            var reader = new RecordBatchReader(batches);
            while (reader.TryNext(out var record))
            {
                var entry = StepEntry.Read(record.Value);
                // After a crash the steps that never became visible are planned anew, with the same numbers.
                while (entries.Count > 0 && entries[^1].Step >= entry.Step) entries.RemoveAt(entries.Count - 1);
                entries.Add(entry);
            }
        }

        return entries;
    }
}
