using Freshet.Columns;

namespace Freshet.Engine.Sources;

/// <summary>
/// Where the rows of a table come from: partitions of rows at positions that never change their meaning.
/// Reading the same range again gives the same rows, in this process or a later one; that is what replay stands on.
/// Called by the engine's thread alone, except <see cref="ISourceSlice.Decode"/>.
/// </summary>
internal interface IRowSource : IDisposable
{
    /// <summary>The name under which the journal keeps this source.</summary>
    string Name { get; }

    /// <summary>Number of partitions; fixed while the source is open.</summary>
    int Partitions { get; }

    /// <summary>Whether the input ends by itself.</summary>
    bool IsBounded { get; }

    /// <summary>After how long a source that nothing announces is to be asked again.</summary>
    TimeSpan LooksAgainAfter => TimeSpan.FromSeconds(1);

    /// <summary>What keeps the source from some of its input, for the status; null where nothing does.</summary>
    string? Problem => null;

    /// <summary>Where a row stands for whoever looks for it, such as a file and its line; null where its position says all.</summary>
    string? PlaceOf(long position) => null;

    /// <summary>The first position there is.</summary>
    long Start(int partition);

    /// <summary>
    /// The end of a range from <paramref name="from"/> of at most about <paramref name="rows"/> rows and
    /// <paramref name="bytes"/> bytes; equal to <paramref name="from"/> when there is nothing now.
    /// </summary>
    long Limit(int partition, long from, int rows, long bytes);

    /// <summary>Whether a bounded input has nothing at or after <paramref name="position"/>.</summary>
    bool IsEnd(int partition, long position);

    /// <summary>Whether rows may be sliced before the step that takes them is planned, and again if it takes others.</summary>
    bool CanReadAhead => false;

    /// <summary>Cuts a range that <see cref="Limit"/> gave into slices that can be decoded on any thread.</summary>
    void Slice(int partition, long from, long to, List<ISourceSlice> slices);
}

/// <summary>A piece of a source's input, decoded to one batch with the columns that the circuit reads.</summary>
internal interface ISourceSlice
{
    /// <summary>The rows of the slice, in position order, owned by the caller; row errors go to <paramref name="errors"/>.</summary>
    Batch Decode(List<SourceError> errors);

    /// <summary>After <see cref="Decode"/>, the timestamp of each row's record, ms since 1970, in the batch's memory; null where records have none.</summary>
    unsafe long* Timestamps => null;
}

/// <summary>A row that a source could not decode.</summary>
/// <param name="Position">Where it stands in its partition.</param>
/// <param name="Column">The column, or empty where the row as a whole is bad.</param>
/// <param name="Value">The value in question, cut to 200 bytes.</param>
internal readonly record struct SourceError(int Partition, long Position, string Column, string Value, string Reason);
