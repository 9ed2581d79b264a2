using Freshet.Columns;

namespace Freshet.Engine.Queries;

/// <summary>
/// Rows for readers that know no weights: a row of weight n stands n times in the selection. Rows that are taken back are
/// left out; results of bounded queries and append-only streams have none. The batch must have no other reader.
/// </summary>
internal static unsafe class RepeatedRows
{
    public static Batch Of(Batch batch)
    {
        if (batch.Weights is null) return batch;
        long count = 0;
        for (var i = 0; i < batch.Count; i++) count += Math.Max(0, batch.WeightOf(batch.RowAt(i)));
        var rows = batch.Memory.Allocate<int>(checked((int)count));
        var at = 0;
        for (var i = 0; i < batch.Count; i++)
        {
            var row = batch.RowAt(i);
            for (var n = batch.WeightOf(row); n > 0; n--) rows[at++] = row;
        }

        batch.Select(rows, at);
        batch.Weights = null;
        return batch;
    }
}
