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
        var buffer = new byte[1 << 20];
        for (var at = journal.StartOffset; at < journal.NextOffset;)
        {
            var read = journal.Read(at, journal.NextOffset, buffer, out var need);
            if (read == 0)
            {
                buffer = new byte[need];
                continue;
            }

            var reader = new RecordBatchReader(buffer.AsSpan(0, read));
            while (reader.TryNext(out var record))
            {
                at = record.Offset + 1;
                var entry = StepEntry.Read(record.Value);
                // After a crash the steps that never became visible are planned anew, with the same numbers.
                while (entries.Count > 0 && entries[^1].Step >= entry.Step) entries.RemoveAt(entries.Count - 1);
                entries.Add(entry);
            }
        }

        return entries;
    }
}
