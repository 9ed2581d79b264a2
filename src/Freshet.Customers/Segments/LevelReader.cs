using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Freshet.Sql.Binding;
using Freshet.Syntax.Tree;

namespace Freshet.Customers.Segments;

/// <summary>
/// Turns a segment's text into levels, and asks for each what its conditions are over the rows of one profile. Where a condition cannot stand
/// in a SELECT list (it holds a query), rows that meet it are counted. What cannot be asked is noted.
/// </summary>
/// <param name="own">Reads the events of the profile alone.</param>
/// <param name="all">Reads everybody's.</param>
/// <param name="eventTables">Typed tables, and the event of each.</param>
internal sealed class LevelReader(NamedQueries named, IReadOnlyDictionary<string, string> eventTables, Questions questions, ReadBinder own, ReadBinder all, long profile, long clockMicros)
{
    private const int DepthMax = 8;
    private const int QuestionsMax = 200;
    private const int EventsMax = 10;
    private static readonly ImmutableDictionary<string, CommonTable> NoTables = ImmutableDictionary<string, CommonTable>.Empty;

    private readonly ProfileLocal _local = new(named, eventTables.Keys.ToHashSet());
    private readonly Expression _profile = new Literal(LiteralKind.Integer, profile.ToString(CultureInfo.InvariantCulture), default);

    /// <summary>Moments in the future at which the clock turns a condition of a row, µs since 1970.</summary>
    public SortedSet<long> Moments { get; } = [];

    public SegmentLevel Read(NamedQuery query) => Of(query, []);

    /// <summary>Whether the whole of a named query needs nobody else's events.</summary>
    public bool IsLocal(NamedQuery query) => _local.Is(query.Query, NoTables);

    private SegmentLevel Of(NamedQuery query, ImmutableArray<string> path)
    {
        var level = Of(query.Name, query.Kind, query.Columns, query.Query, [], path.Add(query.Name));
        if (query.Kind == "trait") Ask(Select([], new NamedTable(new Name([query.Name], default), null, ImmutableDictionary<string, string>.Empty, default), [new Name(["value"], default)], Equal(new Name([NamedQueries.ProfileId], default), _profile)), true, row => level.Value = row[0] == "null" ? null : row[0], level);
        return level;
    }

    private SegmentLevel Of(string name, string kind, ImmutableArray<string> columns, Query query, ImmutableArray<CommonTable> with, ImmutableArray<string> path)
    {
        with = [.. with, .. query.With];
        var level = Of(name, kind, columns, query.Body, with, path);
        if (query.Limit is not null || query.Offset is not null) level.Notes.Add("Which rows LIMIT leaves is not explained.");
        return level;
    }

    private SegmentLevel Of(string name, string kind, ImmutableArray<string> columns, QueryBody body, ImmutableArray<CommonTable> with, ImmutableArray<string> path)
    {
        var level = new SegmentLevel(name, kind);
        switch (body)
        {
            case NestedBody nested: return Of(name, kind, columns, nested.Query, with, path);
            case SetBody set:
                level.Combines = set.Operator;
                level.Sources.Add(Of("left", "query", columns, set.Left, with, path));
                level.Sources.Add(Of("right", "query", columns.IsEmpty ? [NamedQueries.ProfileId] : columns, set.Right, with, path));
                return level;
            case WindowedBody windowed:
                if (windowed.Qualify is not null) level.Notes.Add("QUALIFY is not explained.");
                Fill(level, windowed.Select, columns, with, path);
                return level;
            case SelectBody select:
                Fill(level, select, columns, with, path);
                return level;
            default:
                level.Notes.Add("VALUES is not explained.");
                return level;
        }
    }

    private void Fill(SegmentLevel level, SelectBody select, ImmutableArray<string> columns, ImmutableArray<CommonTable> with, ImmutableArray<string> path)
    {
        level.Where = select.Where is null ? null : Condition.Of(select.Where, "WHERE");
        level.Having = select.Having is null ? null : Condition.Of(select.Having, "HAVING");
        var tables = with.ToDictionary(t => t.Name);
        if (select.From is null || ProfileOf(select, columns) is not { } whose)
        {
            level.Notes.Add("Whose its rows are cannot be told from the query, so it is not explained.");
            return;
        }

        var isLocal = _local.Is(select.From, tables) && level.Conditions().All(c => c.Kind != ConditionKind.Single || IsLocal(c.Expression, tables));
        AskRows(level, select, whose, with, isLocal);
        if (level.Having is not null) AskGroups(level, select, whose, with, isLocal);
        if (path.Length > DepthMax)
        {
            level.Notes.Add("What it reads is not explained further.");
            return;
        }

        foreach (var table in Tables(select.From)) AddSource(level, table, tables, path);
        foreach (var condition in level.Conditions())
            if (condition is { Kind: ConditionKind.Single, Expression: InQuery { Operand: Name { Last: NamedQueries.ProfileId } } within })
                condition.Query = Of("query", "query", [NamedQueries.ProfileId], within.Query, with, path.Add("query"));
    }

    /// <summary>What each condition of WHERE is in each row.</summary>
    private void AskRows(SegmentLevel level, SelectBody select, Expression whose, ImmutableArray<CommonTable> with, bool isLocal)
    {
        var filter = Equal(whose, _profile);
        var binder = isLocal ? own : all;
        Query Rows(IEnumerable<Expression> items) => Select(with, select.From!, items, filter);
        if (Questions.Check(binder, Rows([True]), clockMicros) is { } reason)
        {
            level.Notes.Add($"Its rows cannot be asked for: {reason}");
            return;
        }

        var asked = new RowConditions(level.Where, c => Questions.Check(binder, Rows([c.Expression, .. c.Operands, .. c.Moments]), clockMicros), clockMicros);
        var events = EventColumns(select.From!, items => Questions.Check(binder, Rows(items), clockMicros) is null).ToList();
        Ask(Rows([True, .. asked.Columns, .. events.SelectMany(e => e.Columns)]), isLocal, row =>
        {
            level.Rows++;
            if (!asked.Take(row.AsSpan(1), Moments)) return;
            level.RowsHolding++;
            var at = 1 + asked.Width;
            foreach (var (items, named) in events)
            {
                Count(level, new CountedEvent(Unquoted(row[at]), Unquoted(row[at + 1]), items.Length > 2 ? Unquoted(row[at + 2]) : named));
                at += items.Length;
            }
        }, level);

        foreach (var (condition, why) in asked.Apart)
        {
            condition.Note = $"Rows that meet it are counted; it is not looked at row by row: {why}";
            Ask(Select(with, select.From!, [Count()], And(filter, condition.Expression)), isLocal, row => condition.Holds = (condition.RowsHolding = Number(row[0])) > 0, level);
        }

        if (asked.Apart.Count == 0) return;
        level.IsCounted = true;
        Ask(Select(with, select.From!, [Count()], And(filter, select.Where!)), isLocal, row => level.RowsCounted = Number(row[0]), level);
    }

    /// <summary>What each condition of HAVING is in each group.</summary>
    private void AskGroups(SegmentLevel level, SelectBody select, Expression whose, ImmutableArray<CommonTable> with, bool isLocal)
    {
        var filter = select.Where is null ? Equal(whose, _profile) : And(Equal(whose, _profile), select.Where);
        Query Groups(IEnumerable<Expression> items) => new(with, new SelectBody(false, [.. items.Select(i => new SelectItem(i, null, default))], select.From, filter, select.GroupBy, null, default), [], null, null, default);
        var binder = isLocal ? own : all;
        var asked = new RowConditions(level.Having, c => Questions.Check(binder, Groups([c.Expression, .. c.Operands, .. c.Moments]), clockMicros), clockMicros);
        foreach (var (condition, why) in asked.Apart) condition.Note = $"It cannot be looked at by itself: {why}";
        Ask(Groups([Count(), .. asked.Columns]), isLocal, row => level.GroupsHolding += asked.Take(row.AsSpan(1), Moments) ? 1 : 0, level);
    }

    private void AddSource(SegmentLevel level, TableReference table, Dictionary<string, CommonTable> tables, ImmutableArray<string> path)
    {
        switch (table)
        {
            case NamedTable { Name: var name } when tables.TryGetValue(name.Last, out var common):
                if (!path.Contains("WITH " + name.Last)) level.Sources.Add(Of(name.Last, "query", common.Columns, common.Query, [.. tables.Values.TakeWhile(t => t != common)], path.Add("WITH " + name.Last)));
                break;
            case NamedTable { Name: var name } when named.Find(name.Last) is { } query && !path.Contains(query.Name):
                level.Sources.Add(Of(query, path));
                break;
            case QueryTable query:
                level.Sources.Add(Of(query.Alias?.Name ?? "query", "query", query.Alias?.Columns ?? [], query.Query, [.. tables.Values], path.Add("query")));
                break;
        }
    }

    private bool IsLocal(Expression condition, Dictionary<string, CommonTable> tables) => ExpressionWalk.All(condition).All(e => e switch
    {
        InQuery within => _local.Is(within.Query, tables),
        Exists or ScalarQuery or CollectionQuery or Quantified { Query: not null } => false,
        _ => true,
    });

    private void Ask(Query query, bool isLocal, Action<string[]> read, SegmentLevel level)
    {
        var reason = questions.Count >= QuestionsMax ? "the segment is too large." : questions.TryAsk(isLocal ? own : all, query, clockMicros, read);
        if (reason is not null) level.Notes.Add($"A part is not explained: {reason}");
    }

    /// <summary>The columns that name an event, of each table that has them.</summary>
    private IEnumerable<(Expression[] Columns, string? Event)> EventColumns(TableReference from, Func<Expression[], bool> canRead)
    {
        var tables = Tables(from).ToList();
        foreach (var table in tables)
        {
            var qualifier = table switch { NamedTable t => t.Alias?.Name ?? t.Name.Last, QueryTable q => q.Alias?.Name, _ => null };
            if (qualifier is null && tables.Count > 1) continue;
            Expression Column(string name) => new Name(qualifier is null ? [name] : [qualifier, name], default);
            Expression[] two = [Column("message_id"), Column("event_time")];
            if (canRead([.. two, Column("event")])) yield return ([.. two, Column("event")], null);
            else if (canRead(two)) yield return (two, table is NamedTable typed ? eventTables.GetValueOrDefault(typed.Name.Last) : null);
        }
    }

    private static IEnumerable<TableReference> Tables(TableReference from) => from switch
    {
        JoinTable join => Tables(join.Left).Concat(Tables(join.Right)),
        SystemTimeTable table => Tables(table.Table),
        PartitionedTable table => Tables(table.Table),
        FunctionTable { Input: { } input } => Tables(input),
        _ => [from],
    };

    /// <summary>What a SELECT gives as profile_id.</summary>
    private static Expression? ProfileOf(SelectBody select, ImmutableArray<string> columns)
    {
        var hasStar = select.Items.Any(i => i.Expression is Star or FieldsOf);
        if (!columns.IsEmpty && !hasStar && columns.IndexOf(NamedQueries.ProfileId) is >= 0 and var at && at < select.Items.Length) return Plain(select.Items[at].Expression);
        var item = select.Items.FirstOrDefault(i => (i.Alias ?? (i.Expression as Name)?.Last) == NamedQueries.ProfileId);
        return item is not null ? Plain(item.Expression) : hasStar ? new Name([NamedQueries.ProfileId], default) : null;
    }

    /// <summary>An aggregate is no value of a row.</summary>
    private static Expression? Plain(Expression expression) => expression is Name or Cast or Call { Function: "COALESCE" } ? expression : null;

    private static void Count(SegmentLevel level, CountedEvent counted)
    {
        if (counted.MessageId is null || level.Events.Any(e => e.MessageId == counted.MessageId)) return;
        var at = level.Events.FindIndex(e => string.CompareOrdinal(e.Time, counted.Time) < 0);
        level.Events.Insert(at < 0 ? level.Events.Count : at, counted);
        if (level.Events.Count > EventsMax) level.Events.RemoveAt(EventsMax);
    }

    private static Query Select(ImmutableArray<CommonTable> with, TableReference from, IEnumerable<Expression> items, Expression where) =>
        new(with, new SelectBody(false, [.. items.Select(i => new SelectItem(i, null, default))], from, where, null, null, default), [], null, null, default);

    private static Binary Equal(Expression a, Expression b) => new("=", a, b, default);

    private static Binary And(Expression a, Expression b) => new("AND", a, b, default);

    private static Call Count() => new("COUNT", [new Star(null, default)], false, null, ImmutableDictionary<string, object>.Empty, default);

    private static Literal True => new(LiteralKind.Boolean, "TRUE", default);

    private static long Number(string json) => long.Parse(json, CultureInfo.InvariantCulture);

    private static string? Unquoted(string json) => json.StartsWith('"') ? JsonSerializer.Deserialize<string>(json) : json == "null" ? null : json;
}
