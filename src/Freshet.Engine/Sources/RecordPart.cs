using System.Collections.Immutable;
using Freshet.Columns.Types;

namespace Freshet.Engine.Sources;

/// <summary>What of a record a column gives.</summary>
internal enum RecordPart
{
    /// <summary>A path into the value.</summary>
    Value,
    Topic,
    Partition,
    Offset,
    Timestamp,
    TimestampType,
    Headers,
    LeaderEpoch,
}

/// <summary>The METADATA columns of topics, under the names that Flink's Kafka connector has for them.</summary>
internal static class RecordMetadata
{
    /// <summary>The one that INSERT INTO may give.</summary>
    public const string TimestampKey = "timestamp";

    /// <summary>Type and part by key. Headers are always empty and there is no leader epoch, as in a record of Kafka without them.</summary>
    public static ImmutableSortedDictionary<string, (SqlType Type, RecordPart Part)> Known { get; } = new Dictionary<string, (SqlType, RecordPart)>
    {
        ["topic"] = (SqlType.String.NotNull, RecordPart.Topic),
        ["partition"] = (SqlType.Int.NotNull, RecordPart.Partition),
        ["offset"] = (SqlType.BigInt.NotNull, RecordPart.Offset),
        [TimestampKey] = (SqlType.TimestampLtz(3).NotNull, RecordPart.Timestamp),
        ["timestamp-type"] = (SqlType.String.NotNull, RecordPart.TimestampType),
        ["headers"] = (SqlType.Map(SqlType.String.NotNull, SqlType.Bytes).NotNull, RecordPart.Headers),
        ["leader-epoch"] = (SqlType.Int, RecordPart.LeaderEpoch),
    }.ToImmutableSortedDictionary(StringComparer.Ordinal);
}
