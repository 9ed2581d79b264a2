using Freshet.Syntax.Tree;

namespace Freshet.Customers.Segments;

/// <summary>
/// Whether the rows that a query has for a profile come from that profile's events alone, so that nobody else's need be read. Decided by
/// the text, and on the safe side: what is not seen through reads everybody's events, which costs time and is right too.
/// </summary>
internal sealed class ProfileLocal(NamedQueries named, IReadOnlySet<string> eventTables)
{
    public bool Is(Query query, IReadOnlyDictionary<string, CommonTable> with)
    {
        with = Within(query, with);
        return query.OrderBy.IsEmpty && query.Limit is null && query.Offset is null && Is(query.Body, with);
    }

    /// <summary>The names of WITH that a query's body sees.</summary>
    public static Dictionary<string, CommonTable> Within(Query query, IReadOnlyDictionary<string, CommonTable> with)
    {
        var inner = new Dictionary<string, CommonTable>(with);
        foreach (var table in query.With) inner[table.Name] = table;
        return inner;
    }

    /// <summary>The tables of a FROM.</summary>
    public bool Is(TableReference? from, IReadOnlyDictionary<string, CommonTable> with) => from switch
    {
        null => true,
        JoinTable join => Is(join.Left, with) && Is(join.Right, with) && (join.Right is UnnestTable || (!IsOfEvents(join.Left, with) && !IsOfEvents(join.Right, with)) || IsByProfile(join)),
        NamedTable table => IsLocalName(table.Name.Last, with),
        QueryTable { IsLateral: false } table => Is(table.Query, with),
        UnnestTable => true,
        FunctionTable { Input: { } input, Function: "TUMBLE" or "HOP" or "CUMULATE" } => Is(input, with),
        PartitionedTable partitioned => Is(partitioned.Table, with),
        _ => false,
    };

    private bool Is(QueryBody body, IReadOnlyDictionary<string, CommonTable> with) => body switch
    {
        SetBody set => Is(set.Left, with) && Is(set.Right, with),
        NestedBody nested => Is(nested.Query, with),
        SelectBody select => Is(select, with),
        WindowedBody { Qualify: null } windowed => Is(windowed.Select, with),
        _ => false,
    };

    private bool Is(SelectBody select, IReadOnlyDictionary<string, CommonTable> with)
    {
        if (!Is(select.From, with)) return false;
        if (select.GroupBy is { } group && !group.Keys.Any(IsProfile)) return false;
        var expressions = select.Items.Select(i => i.Expression).Concat(new[] { select.Where, select.Having }.OfType<Expression>()).SelectMany(ExpressionWalk.All).ToList();
        if (select.GroupBy is null && !select.Items.Any(i => i.Expression is Star || IsProfile(i.Expression))) return false;
        return expressions.All(e => e switch
        {
            OverCall over => over.Window is { } window && window.PartitionBy.Any(IsProfile),
            InQuery within => Is(within.Query, with),
            Exists or ScalarQuery or CollectionQuery or Quantified { Query: not null } => false,
            _ => true,
        });
    }

    private bool IsLocalName(string name, IReadOnlyDictionary<string, CommonTable> with)
    {
        if (with.TryGetValue(name, out var common)) return Is(common.Query, Without(with, name));
        // What is served is read as it is; what depends on the clock, and what is text alone, is worked out from events.
        return named.Find(name) is not { } query || !named.IsOfEvents(name, eventTables) || Is(query.Query, new Dictionary<string, CommonTable>());
    }

    private bool IsOfEvents(TableReference table, IReadOnlyDictionary<string, CommonTable> with) => table switch
    {
        NamedTable t => with.ContainsKey(t.Name.Last) || named.IsOfEvents(t.Name.Last, eventTables),
        _ => true,
    };

    private static bool IsByProfile(JoinTable join) =>
        join.Using.Contains(NamedQueries.ProfileId) || (join.Condition is { } condition && ExpressionWalk.Chain(condition, "AND").Any(c => c is Binary { Operator: "=" } equal && IsProfile(equal.Left) && IsProfile(equal.Right)));

    private static bool IsProfile(Expression expression) => expression is Name name && name.Last == NamedQueries.ProfileId;

    private static Dictionary<string, CommonTable> Without(IReadOnlyDictionary<string, CommonTable> with, string name) => with.Where(w => w.Key != name).ToDictionary();
}
