using Freshet.Columns;
using Freshet.Log.Records;

namespace Freshet.Engine.Sinks;

/// <summary>How rows become records of a topic: the pure half of a <see cref="TopicSink"/>. Made for one INSERT INTO, used by one thread.</summary>
internal interface IRecordWriter
{
    /// <summary>Whether rows can be taken back again.</summary>
    bool TakesChanges { get; }

    /// <summary>Adds the records of a step's rows.</summary>
    /// <param name="nowMs">The timestamp of records whose rows give none.</param>
    void Write(IReadOnlyList<Batch> rows, RecordSet records, long nowMs);
}
