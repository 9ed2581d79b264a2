namespace Freshet.State.Ordering;

/// <summary>
/// A place in an <see cref="OrderedIndex{TOrder}"/>: before an entry or at the end. It survives changes of the index and calls
/// across batches, because it remembers the key at which it stands and finds the place again when the index has changed. With
/// <see cref="TextOrder"/> it lives until the end of the step, as the key's text does.
/// </summary>
public unsafe struct OrderedCursor
{
    internal const int MaxWords = 6;
    internal fixed ulong Key[MaxWords];
    internal uint Leaf;
    internal int Index;
    internal bool IsBehind;
    internal long Changes;
}
