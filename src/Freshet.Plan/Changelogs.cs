using System.Collections.Immutable;
using Freshet.Columns;
using Freshet.Columns.Types;

namespace Freshet.Plan;

/// <summary>
/// TO_CHANGELOG of a table whose source says of a key what its row is now: what happened, as rows that nothing takes back. A word
/// for the kind of the change comes before the columns; a kind without a word makes no row.
/// </summary>
/// <param name="words">For each of <see cref="Kinds"/> its word, or null.</param>
public sealed class UpsertChanges(PlanNode input, ImmutableArray<int> keys, string name, ImmutableArray<string?> words)
    : PlanNode(new Schema([new Field(name, SqlType.String.NotNull), .. input.Schema.Fields]), [input])
{
    /// <summary>The kinds of changes, as words and mappings count them.</summary>
    public static ImmutableArray<string> Kinds { get; } = ["INSERT", "UPDATE_BEFORE", "UPDATE_AFTER", "DELETE"];

    /// <summary>Columns of the input's primary key.</summary>
    public ImmutableArray<int> Keys { get; } = keys;

    public ImmutableArray<string?> Words { get; } = words;

    public override bool IsAppendOnly => true;

    public UpsertChanges Over(PlanNode input) => new(input, Keys, Schema.Fields[0].Name, Words);

    public override string Describe() => $"changes by {string.Join(",", Keys)} named {string.Join(",", Words.Select(w => w is null ? "-" : $"'{w.Replace("'", "''", StringComparison.Ordinal)}'"))}";
}

/// <summary>
/// FROM_CHANGELOG: rows that a column of theirs adds or takes back. A row whose word is none of the known ones is an error.
/// </summary>
/// <param name="operation">The column with the word, which is no column of the result.</param>
/// <param name="words">The known words, and whether each adds its row.</param>
public sealed class ChangesOfRows(PlanNode input, int operation, ImmutableArray<(string Word, bool Adds)> words)
    : PlanNode(new Schema([.. input.Schema.Fields.Where((_, c) => c != operation)]), [input])
{
    public int Operation { get; } = operation;

    public ImmutableArray<(string Word, bool Adds)> Words { get; } = words;

    public override bool IsAppendOnly => Inputs[0].IsAppendOnly && Words.All(w => w.Adds);

    public ChangesOfRows Over(PlanNode input) => new(input, Operation, Words);

    public override string Describe() => $"rows by the change in {Operation}: {string.Join(",", Words.Select(w => $"{(w.Adds ? '+' : '-')}'{w.Word.Replace("'", "''", StringComparison.Ordinal)}'"))}";
}
