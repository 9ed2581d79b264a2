using Freshet.Log;

namespace Freshet.Server.Privacy;

/// <summary>What an erasure does to the log and the views. Blocks; one caller at a time.</summary>
internal interface IErasableLog
{
    /// <summary>The offset after a topic's last record.</summary>
    long EndOf(string topic);

    /// <summary>Writes the records of a topic before an offset anew; gives those that were changed and the log segments that hold them.</summary>
    (long Records, int Segments) Rewrite(string topic, long end, RecordEditor edit);

    /// <summary>Builds all views from the log as it is now; gives the rows by which each has changed.</summary>
    IReadOnlyDictionary<string, long> Rebuild();
}
