using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using Freshet.Columns.Types;
using Freshet.Customers.Identity;
using Freshet.Plan;
using Freshet.Plan.Catalog;
using Freshet.Syntax;
using Freshet.Syntax.Text;
using Freshet.Syntax.Tree;

namespace Freshet.Customers.Privacy;

/// <summary>
/// Views WITH ('on.erase' = 'anonymise'): what they have counted of somebody who is erased stays, and nothing says any more whose it was.
/// <para>An erased event then keeps its time, type and source and the members that such views read by name, under a new message id, marked in the column
/// <c>anonymised</c>; these views alone read it. So a start comes to the same figures. What says who somebody is cannot be read by them.</para>
/// </summary>
internal sealed class Anonymising
{
    public const string Option = "on.erase";
    private const string Word = "anonymise";

    /// <summary>The column of events, and the member of a record.</summary>
    public const string Mark = "anonymised";

    private static readonly string[] Impersonal = ["type", "event", "name", "category", "event_time", "received_at", "original_timestamp", "sent_at", "source", "sequence"];

    private readonly HashSet<ScanColumn> _reads = [];

    /// <summary>Whether some view keeps what it has counted.</summary>
    public bool IsAsked { get; private set; }

    /// <summary>Whether a view's options say so.</summary>
    public static bool Asks(ImmutableArray<OptionPair> options, SourceText source)
    {
        foreach (var option in options)
        {
            if (option.Key != Option) throw new SqlException(source, option.Span, $"A materialized view has no option '{option.Key}'.{NearestName.Hint(option.Key, [Option])} Its option is {Option}.");
            if (option.Value is not (Word or "retract")) throw new SqlException(source, option.Span, $"'{Option}' is 'retract' (what is erased leaves the view as if it had never come) or '{Word}' (the figures stay, and nothing says whose they were), not '{option.Value}'.{NearestName.Hint(option.Value, [Word, "retract"])}");
        }

        return options.Any(o => o.Value == Word);
    }

    /// <summary>Notes what a view reads of events.</summary>
    /// <param name="plan">Optimized, so that it names the members alone that are read.</param>
    /// <exception cref="SqlException">The view reads what says who somebody is, or no events.</exception>
    public void Add(PlanNode plan, IdentityRules rules, CreateView view, SourceText source)
    {
        SqlException Error(string sentence) => new(source, view.Query.Span, $"{view.Name} is to be anonymised when somebody is erased, {sentence}");
        var hasEvents = false;
        var nodes = new Stack<PlanNode>([plan]);
        while (nodes.TryPop(out var node))
        {
            foreach (var input in node.Inputs) nodes.Push(input);
            if (node is not Scan scan) continue;
            if (scan.Table.Feed is not null) throw Error("and reads profile_id, which says whose a row is. Leave it out of the view.");
            if (scan.Table.Name != EventsTable.Name) continue;
            hasEvents = true;
            foreach (var column in scan.Columns)
            {
                var (name, type, _) = EventsTable.Columns[column.Column];
                if (type.Kind == TypeKind.Variant && column.Path is null) throw Error($"and reads all of {name}: name the members that it needs, such as {name}['plan'].");
                if (type.Kind != TypeKind.Variant && !Impersonal.Contains(name)) throw Error($"and reads {name}, which says who somebody is. Leave it out of the view.");
                if (rules.Types.Any(t => t.From.Any(f => f.Column == column.Column && f.Path?.ToString() == column.Path?.ToString()))) throw Error($"and reads {name}{string.Concat(column.Path?.Steps.Select(s => $"['{s.Key}']") ?? [])}, an identifier. Leave it out of the view.");
                _reads.Add(column);
            }
        }

        if (!hasEvents) throw Error("and reads no events itself: write the option at the view that does.");
        IsAsked = true;
    }

    /// <summary>What is left of a record; null where that has been done already.</summary>
    public byte[]? Left(ReadOnlyMemory<byte> record)
    {
        var root = JsonNode.Parse(record.Span, documentOptions: new JsonDocumentOptions { MaxDepth = 1024 })!.AsObject();
        if (root.ContainsKey(Mark)) return null;
        var left = new JsonObject { ["messageId"] = Guid.NewGuid().ToString() };
        foreach (var member in (string[])["type", "source", "receivedAt", "timestamp"]) left[member] = root[member]?.DeepClone();
        left[Mark] = true;
        foreach (var read in _reads) Copy(root, left, [EventsTable.Columns[read.Column].Member, .. read.Path?.Steps.TakeWhile(s => s.Key is not null).Select(s => s.Key!) ?? []]);
        return JsonSerializer.SerializeToUtf8Bytes(left);
    }

    private static void Copy(JsonObject from, JsonObject to, IReadOnlyList<string> path)
    {
        for (var i = 0; i < path.Count - 1; i++)
        {
            if (from[path[i]] is not JsonObject inner) return;
            from = inner;
            if (to[path[i]] is not JsonObject made) to[path[i]] = made = [];
            to = made;
        }

        if (from[path[^1]] is { } value && !to.ContainsKey(path[^1])) to[path[^1]] = value.DeepClone();
    }
}
