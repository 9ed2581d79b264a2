using Freshet.Columns;

namespace Freshet.Dataflow.Projection;

/// <summary>Selections from truth values. Branches are replaced by adding 0 or 1, so that cost does not depend on the data.</summary>
internal static unsafe class FilterProjectKernel
{
    /// <summary>Writes the rows whose value is TRUE (not NULL) to <paramref name="selected"/> (room for <paramref name="count"/>), ascending; returns how many.</summary>
    /// <param name="rows">The rows to look at; null for the first <paramref name="count"/>.</param>
    internal static int SelectTrue(in Column predicate, int* rows, int count, int* selected)
    {
        if (predicate.IsConstant)
        {
            if (predicate.IsNull(0) || *predicate.As<byte>() == 0) return 0;
            for (var i = 0; i < count; i++) selected[i] = rows is null ? i : rows[i];
            return count;
        }

        var values = predicate.As<byte>();
        var validity = predicate.Validity;
        var kept = 0;
        if (rows is null && validity is null)
        {
            for (var i = 0; i < count; i++)
            {
                selected[kept] = i;
                kept += values[i] & 1;
            }
        }
        else if (validity is null)
        {
            for (var i = 0; i < count; i++)
            {
                var row = rows[i];
                selected[kept] = row;
                kept += values[row] & 1;
            }
        }
        else
        {
            for (var i = 0; i < count; i++)
            {
                var row = rows is null ? i : rows[i];
                selected[kept] = row;
                kept += values[row] & (int)(validity[row >> 6] >> row) & 1;
            }
        }

        return kept;
    }

    /// <summary>Removes the rows of <paramref name="removed"/> (ascending) from <paramref name="selected"/> in place; returns how many remain.</summary>
    internal static int Remove(int* selected, int count, ReadOnlySpan<int> removed)
    {
        var kept = 0;
        var next = 0;
        for (var i = 0; i < count; i++)
        {
            var row = selected[i];
            while (next < removed.Length && removed[next] < row) next++;
            if (next < removed.Length && removed[next] == row) continue;
            selected[kept++] = row;
        }

        return kept;
    }
}
