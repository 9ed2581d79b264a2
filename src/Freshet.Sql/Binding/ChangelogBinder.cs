using System.Collections.Immutable;
using Freshet.Columns.Types;
using Freshet.Plan;
using Freshet.Syntax;
using Freshet.Syntax.Text;
using Freshet.Syntax.Tree;

namespace Freshet.Sql.Binding;

/// <summary>
/// TO_CHANGELOG, which makes rows of the changes of a table, and FROM_CHANGELOG, which reads such rows as changes. What happened
/// must not depend on how the input is cut into steps, so TO_CHANGELOG takes tables that only grow and tables by key.
/// </summary>
internal sealed class ChangelogBinder(SourceText source, FunctionTable function, Func<TableReference, (PlanNode Node, IReadOnlyList<ScopeColumn> Columns)> bind)
{
    private static readonly string[] ArgumentNames = ["INPUT", "OP", "OP_MAPPING", "PRODUCES_FULL_DELETES"];

    public static IEnumerable<string> Names => ["TO_CHANGELOG", "FROM_CHANGELOG"];

    private SqlException Error(TextSpan span, string sentence) => new(source, span, sentence);

    public PlanNode Bind()
    {
        if (function.Input is null) throw Error(function.Span, $"{function.Function} takes a table: {function.Function}(input => TABLE t).");
        if (function.Input is PartitionedTable partitioned) throw Error(partitioned.Span, $"PARTITION BY in {function.Function} is not supported.");
        foreach (var argument in function.Written)
        {
            if (argument.Name is { } name && !ArgumentNames.Contains(name)) throw Error(argument.Value.Span, $"{function.Function} has no argument {name}.{NearestName.Hint(name, ArgumentNames)}");
        }

        if (function.Descriptor.Length > 1) throw Error(function.Span, "The descriptor for argument 'op' must contain exactly one column name.");
        var operation = function.Descriptor.IsEmpty ? "op" : function.Descriptor[0];
        var input = bind(function.Input).Node;
        return function.Function == "TO_CHANGELOG" ? To(input, operation) : From(input, operation);
    }

    private PlanNode To(PlanNode input, string operation)
    {
        if (input.Schema.Fields.Any(f => f.Name == operation)) throw Error(function.Span, $"The table has a column {operation} already: name the column of the changes with op => DESCRIPTOR(name).");
        var words = WordsOfKinds();
        if (input is Upserts upserts)
        {
            if (Argument("PRODUCES_FULL_DELETES") is Literal { Text: "FALSE" } partial) throw Error(partial.Span, "Rows of removed keys with NULL for their columns are not supported.");
            return new UpsertChanges(upserts.Inputs[0], upserts.Keys, operation, words);
        }

        if (!input.IsAppendOnly) throw Error(function.Span, "TO_CHANGELOG takes a table from which nothing is taken back, or one whose source says of a primary key what its row is now: of other changes it is not known which row replaces which.");
        if (words[0] is null) input = new Filter(input, new BoundLiteral(SqlType.Boolean.NotNull, function.Span, 0));
        var word = new BoundLiteral(SqlType.String.NotNull, function.Span, System.Text.Encoding.UTF8.GetBytes(words[0] ?? ""));
        return new Project(input, [word, .. input.Schema.Fields.Select((f, c) => (BoundExpression)new BoundColumn(c, f.Type))], [operation, .. input.Schema.Fields.Select(f => f.Name)]);
    }

    private ChangesOfRows From(PlanNode input, string operation)
    {
        if (!input.IsAppendOnly) throw Error(function.Span, "FROM_CHANGELOG takes a table from which nothing is taken back: its rows are the changes.");
        var names = input.Schema.Fields.Select(f => f.Name).ToList();
        var column = names.IndexOf(operation);
        if (column < 0) throw Error(function.Span, $"The table has no column {operation} with the kind of the change.{NearestName.Hint(operation, names)}");
        if (!input.Schema[column].IsCharacter) throw Error(function.Span, $"The kind of the change is a text, {operation} is {input.Schema[column].Name}.");
        var words = Pairs() is { } pairs
            ? pairs.SelectMany(p => Split(p.Key).Select(word => (Word: word, Kind: KindOf(p.Value.Trim(), p.Span)))).ToList()
            : [.. UpsertChanges.Kinds.Select((kind, number) => (Word: kind, Kind: number))];
        foreach (var twice in words.GroupBy(w => w.Word).Where(g => g.Count() > 1)) throw Error(function.Span, $"Duplicate change operation: '{twice.Key}'.");
        if (words.Any(w => w.Kind == 2) && words.All(w => w.Kind != 1)) throw Error(function.Span, "FROM_CHANGELOG without UPDATE_BEFORE, which replaces rows by key, is not supported: declare the table with a primary key and a format with operations.");
        return new ChangesOfRows(input, column, [.. words.Select(w => (w.Word, w.Kind is 0 or 2))]);
    }

    /// <summary>For each kind of change its word in the result.</summary>
    private ImmutableArray<string?> WordsOfKinds()
    {
        if (Pairs() is not { } pairs) return [.. UpsertChanges.Kinds];
        var words = new string?[UpsertChanges.Kinds.Length];
        foreach (var (key, value, span) in pairs)
        {
            foreach (var kind in Split(key).Select(k => KindOf(k, span)))
            {
                if (words[kind] is not null) throw Error(span, $"Duplicate change operation: '{UpsertChanges.Kinds[kind]}'.");
                words[kind] = value;
            }
        }

        return [.. words];
    }

    private static string[] Split(string words) => words.Split(',', StringSplitOptions.TrimEntries);

    private int KindOf(string kind, TextSpan span) => UpsertChanges.Kinds.IndexOf(kind) is >= 0 and var number
        ? number
        : throw Error(span, $"Unknown change operation: '{kind}'. There are {string.Join(", ", UpsertChanges.Kinds)}.");

    private List<(string Key, string Value, TextSpan Span)>? Pairs()
    {
        if (Argument("OP_MAPPING") is not { } mapping) return null;
        if (mapping is not Constructor { Kind: "MAP" } map || map.Items.Length % 2 != 0) throw Error(mapping.Span, "op_mapping is written MAP['...', '...'].");
        return [.. map.Items.Chunk(2).Select(p => (TextOf(p[0]), TextOf(p[1]), p[0].Span))];
    }

    private string TextOf(Expression expression) => expression is Literal { Kind: LiteralKind.String } literal ? literal.Text : throw Error(expression.Span, "op_mapping takes texts.");

    /// <summary>An argument by its name or its place.</summary>
    private Expression? Argument(string name)
    {
        for (var i = 0; i < function.Written.Length; i++)
        {
            if (function.Written[i].Value is not Word { Text: "DEFAULT" } && (function.Written[i].Name ?? ArgumentNames.ElementAtOrDefault(i)) == name) return function.Written[i].Value;
        }

        return null;
    }
}
