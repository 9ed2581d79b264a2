using Freshet.Log.Records;

namespace Freshet.Log;

/// <summary>What becomes of a record when its log segment is written anew. Its offset and timestamp stay in any case.</summary>
public enum RecordEdit
{
    Keeps,

    /// <summary>Neither key nor value is left.</summary>
    Empties,

    /// <summary>It has another value and no key.</summary>
    Replaces,
}

/// <summary>Looks at one record after another, in order of offsets, and says what becomes of each; the same answer for the same record, whenever it is asked.</summary>
/// <param name="value">The other value, of a record that is replaced.</param>
public delegate RecordEdit RecordEditor(in Record record, out ReadOnlyMemory<byte> value);
