namespace Freshet.State.Hashing;

/// <summary>
/// What a hash index asks about the key of an input row. A struct, so that the loops are compiled for it and no call per row
/// is virtual.
/// </summary>
public unsafe interface IRowKey
{
    /// <summary>Whether an input row has the key of a stored row.</summary>
    bool Matches(int row, byte* stored);

    /// <summary>Writes the key of an input row to a new stored row, which is all zero.</summary>
    void Store(int row, uint slot, byte* stored);
}
