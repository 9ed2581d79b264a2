using System.Globalization;
using System.Text.Json;
using Freshet.Syntax.Tree;

namespace Freshet.Customers.Segments;

/// <summary>
/// The conditions of a clause over rows (or groups) that come one by one: how many rows meet each, what the row that comes nearest holds, and
/// when the clock will turn one. A row comes nearer that meets more of them; of equal ones the later is shown.
/// </summary>
internal sealed class RowConditions
{
    /// <summary>Moments that are kept: the soonest.</summary>
    private const int MomentsMax = 256;

    private readonly Condition? _tree;
    private readonly long _clockMicros;
    private readonly List<Condition> _singles = [];
    private int _best = -1;

    /// <param name="check">Null, or why a condition cannot be a column.</param>
    public RowConditions(Condition? tree, Func<Condition, string?> check, long clockMicros)
    {
        _tree = tree;
        _clockMicros = clockMicros;
        foreach (var single in tree?.Singles() ?? [])
        {
            if (check(single) is { } reason) Apart.Add((single, reason));
            else _singles.Add(single);
        }

        Columns = [.. _singles.SelectMany(s => s.Operands.Concat(s.Moments).Prepend(s.Expression))];
    }

    /// <summary>Conditions that cannot be columns, and why.</summary>
    public List<(Condition Condition, string Reason)> Apart { get; } = [];

    public IReadOnlyList<Expression> Columns { get; }

    public int Width => Columns.Count;

    /// <summary>Takes a row; whether it meets the clause, as far as it is looked at.</summary>
    public bool Take(ReadOnlySpan<string> row, SortedSet<long> moments)
    {
        if (_tree is null) return true;
        var truths = new Dictionary<Condition, bool?>();
        var starts = new int[_singles.Count];
        var at = 0;
        for (var i = 0; i < _singles.Count; i++)
        {
            starts[i] = at;
            truths[_singles[i]] = row[at] switch { "true" => true, "false" => false, _ => null };
            at += 1 + _singles[i].Operands.Length + _singles[i].Moments.Length;
        }

        bool? Truth(Condition c) => truths.TryGetValue(c, out var truth) ? truth : true;
        var holds = _tree.Evaluate(Truth) == true;
        foreach (var condition in _tree.Tree())
            if (condition.Evaluate(Truth) == true && (condition.Kind != ConditionKind.Single || truths.ContainsKey(condition))) condition.RowsHolding++;
        var score = truths.Values.Count(t => t == true) + (holds ? _singles.Count : 0);
        if (score >= _best)
        {
            _best = score;
            for (var i = 0; i < _singles.Count; i++) _singles[i].Values = row.Slice(starts[i] + 1, _singles[i].Operands.Length).ToArray();
            foreach (var condition in _tree.Tree())
                if (condition.Kind != ConditionKind.Single || truths.ContainsKey(condition)) condition.Holds = condition.Evaluate(Truth);
        }

        // The clock decides only about rows that meet the rest.
        if (_tree.Evaluate(c => c.ReadsClock ? true : Truth(c)) == true)
        {
            for (var i = 0; i < _singles.Count; i++)
                for (var m = 0; m < _singles[i].Moments.Length; m++) Note(row[starts[i] + 1 + _singles[i].Operands.Length + m], moments);
        }

        return holds;
    }

    /// <summary>At the moment itself a comparison with = turns, and 1 ms later one without.</summary>
    private void Note(string json, SortedSet<long> moments)
    {
        if (json == "null" || !DateTimeOffset.TryParse(JsonSerializer.Deserialize<string>(json), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var moment)) return;
        var micros = moment.ToUnixTimeMilliseconds() * 1000;
        foreach (var turn in new[] { micros, micros + 1000 })
            if (turn > _clockMicros) moments.Add(turn);
        while (moments.Count > MomentsMax) moments.Remove(moments.Max);
    }
}
