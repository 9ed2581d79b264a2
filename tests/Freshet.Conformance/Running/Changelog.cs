namespace Freshet.Conformance.Running;

/// <summary>One row of a changelog: its kind and its values as text; nested rows as those of their fields too.</summary>
internal sealed record Change(string Kind, string[] Cells, long Weight)
{
    public string Joined => string.Join(',', Cells);

    public string Bracketed => $"[{string.Join(", ", Cells)}]";

    /// <summary>Rows inside the row without their brackets.</summary>
    public string Flattened => string.Join(',', Cells.Select(c => c.StartsWith("+I[", StringComparison.Ordinal) ? c.Replace("+I[", "", StringComparison.Ordinal).Replace("]", "", StringComparison.Ordinal).Replace(", ", ",", StringComparison.Ordinal) : c));
}

/// <summary>The changes of one result in order, and what they leave.</summary>
/// <param name="key">Columns of the result's key; those of the sink's primary key where it has one.</param>
/// <param name="isUpsert">Whether an update is one row, without the one it replaces.</param>
internal sealed class Changelog(int[] key, bool isUpsert)
{
    private readonly Dictionary<string, List<Change>> _rows = [];

    public List<Change> Changes { get; } = [];

    /// <summary>The rows that stand after all changes, in the order in which they came.</summary>
    public List<Change> Final => [.. _rows.Values.SelectMany(r => r).OrderBy(Changes.IndexOf)];

    /// <summary>The rows of one step with their weights, consolidated.</summary>
    public void Take(List<(string[] Cells, long Weight)> step)
    {
        var groups = step.GroupBy(r => key.Length == 0 ? string.Join('\u0001', r.Cells) : string.Join('\u0001', key.Select(k => r.Cells[k])));
        foreach (var group in groups)
        {
            var olds = new Queue<string[]>(group.Where(r => r.Weight < 0).SelectMany(r => Enumerable.Repeat(r.Cells, (int)-r.Weight)));
            foreach (var (cells, weight) in group.Where(r => r.Weight > 0))
            {
                for (var n = 0L; n < weight; n++)
                {
                    if (olds.TryDequeue(out var old))
                    {
                        Add(new Change("-U", old, -1), isShown: !isUpsert);
                        Add(new Change("+U", cells, 1), isShown: true);
                    }
                    else
                    {
                        Add(new Change("+I", cells, 1), isShown: true);
                    }
                }
            }

            while (olds.TryDequeue(out var gone)) Add(new Change("-D", gone, -1), isShown: true);
        }
    }

    private void Add(Change change, bool isShown)
    {
        if (isShown) Changes.Add(change);
        var id = isUpsert ? string.Join('\u0001', key.Select(k => change.Cells[k])) : string.Join('\u0001', change.Cells);
        if (!_rows.TryGetValue(id, out var rows)) _rows[id] = rows = [];
        if (change.Weight > 0)
        {
            // One row stands for a key, whatever was said of the one before.
            if (isUpsert) rows.Clear();
            rows.Add(change);
            return;
        }

        var at = rows.FindLastIndex(r => r.Cells.SequenceEqual(change.Cells));
        if (at >= 0) rows.RemoveAt(at);
        else if (rows.Count > 0 && isUpsert) rows.RemoveAt(rows.Count - 1);
        else rows.Add(change);
    }
}
