using System.Collections.Immutable;
using Freshet.Columns;
using Freshet.State.Rows;
using Freshet.State.Trees;

namespace Freshet.State.Views;

/// <summary>
/// The served result of one view: rows in the order of their key, as of a step. Written by the engine alone, in publish;
/// every version is immutable, so that readers take one and need nothing else.
/// </summary>
public sealed class ServedView(string name, Schema schema, ImmutableArray<int> key, bool isMultiset)
{
    private readonly int[] _key = [.. key];
    private readonly List<byte> _scratch = [];

    public string Name { get; } = name;

    public Schema Schema { get; } = schema;

    /// <summary>Columns that name a row.</summary>
    public ImmutableArray<int> Key { get; } = key;

    /// <summary>
    /// Applies a step's delta, which holds each row once with its net weight. A row of a keyed view is there once; in a view
    /// without a key (<c>isMultiset</c>) weights are counted.
    /// </summary>
    public PersistentTree Apply(PersistentTree version, IReadOnlyList<Batch> delta)
    {
        var edit = version.BeginEdit();
        // What is taken back first, so that an update of a key is not undone by its old row.
        foreach (var batch in delta) ApplySigned(edit, batch, negative: true);
        foreach (var batch in delta) ApplySigned(edit, batch, negative: false);
        return edit.Complete();
    }

    /// <summary>The key bytes of a row that is given by its key columns alone, in the order of <see cref="Key"/>.</summary>
    public static byte[] KeyOf(Batch values, int row, List<byte> scratch) =>
        RowCodec.EncodeKey(values, row, [.. Enumerable.Range(0, values.Columns.Length)], scratch);

    private void ApplySigned(PersistentTree.Edit edit, Batch batch, bool negative)
    {
        for (var i = 0; i < batch.Count; i++)
        {
            var row = batch.RowAt(i);
            var weight = batch.WeightOf(row);
            if (weight < 0 != negative || weight == 0) continue;
            var key = RowCodec.EncodeKey(batch, row, _key, _scratch);
            if (!isMultiset)
            {
                if (negative) edit.Remove(key);
                else edit.Put(key, new PersistentTree.Entry(RowCodec.EncodeRow(batch, row, _scratch), 1));
                continue;
            }

            var count = edit.TryGet(key, out var entry) ? entry.Weight + weight : weight;
            if (count == 0) edit.Remove(key);
            else edit.Put(key, new PersistentTree.Entry(entry.Row ?? RowCodec.EncodeRow(batch, row, _scratch), count));
        }
    }
}
