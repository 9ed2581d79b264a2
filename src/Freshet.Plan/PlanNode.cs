using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Freshet.Columns;
using Freshet.Columns.Json;
using Freshet.Columns.Types;
using Freshet.Plan.Catalog;

namespace Freshet.Plan;

/// <summary>
/// A node of a logical plan: what rows there are, not how they are computed. Immutable; inputs may be shared between nodes.
/// <see cref="Describe"/> is canonical; the hash of it and of the inputs' identities is the stable identity of the operator,
/// so that equal subtrees are one.
/// </summary>
public abstract class PlanNode(Schema schema, ImmutableArray<PlanNode> inputs)
{
    private string? _text;
    private string? _identity;

    public Schema Schema { get; } = schema;

    public ImmutableArray<PlanNode> Inputs { get; } = inputs;

    /// <summary>Whether no row of the result is ever taken back, given inputs that take none back.</summary>
    public virtual bool IsAppendOnly => Inputs.All(i => i.IsAppendOnly);

    /// <summary>Columns that name a row of the result; empty where none are known.</summary>
    public virtual ImmutableArray<int> Key => [];

    /// <summary>Whether the result has one row at the most, whatever the input.</summary>
    public virtual bool HasAtMostOneRow => false;

    /// <summary>
    /// The time attributes of the result: columns that no row older than the watermark is expected in. Only windows over them can close.
    /// </summary>
    public virtual ImmutableArray<int> RowTimes => [];

    /// <summary>
    /// Columns that in every row which comes after the watermark w are greater than w plus so many µs, because the node itself leaves
    /// out rows that come too late. A time attribute of a source is none: late rows do come.
    /// </summary>
    public virtual ImmutableArray<(int Column, long Micros)> AheadOfWatermark => [];

    /// <summary>Where the rows hold the bounds of their windows; null where they lie in none.</summary>
    public virtual WindowBounds? Windows => null;

    /// <summary>
    /// Whether every row of the result has a position: the place where its input row stands. Without one, rows that an order
    /// leaves equal are ordered by what they hold.
    /// </summary>
    public virtual bool HasPosition => false;

    /// <summary>Whether the result depends on the order of the input's rows, so that their positions are asked for.</summary>
    public virtual bool OrdersByPosition => false;

    /// <summary>Whether rows wait in the operator until the watermark has passed them or their window.</summary>
    public virtual bool WaitsForWatermark => false;

    /// <summary>Columns that hold the arrival of the row, PROCTIME(): their order is that of the rows' positions.</summary>
    public virtual ImmutableArray<int> ProcTimes => [];

    /// <summary>Nodes of the tree, shared ones counted each time: what a rule that walks the tree costs.</summary>
    public long Size { get; } = Math.Min(long.MaxValue / 256, 1 + inputs.Sum(i => i.Size));

    /// <summary>The expressions that the node computes.</summary>
    public virtual IEnumerable<BoundExpression> OwnExpressions => [];

    /// <summary>This node without its inputs.</summary>
    public abstract string Describe();

    /// <summary>This node and all below it.</summary>
    public string Text => _text ??= $"{Describe()}[{string.Join("; ", Inputs.Select(i => i.Text))}]";

    /// <summary>The stable identity of the subtree.</summary>
    public string Identity => _identity ??= HashOf($"{Describe()}[{string.Join(";", Inputs.Select(i => i.Identity))}]");

    /// <summary>The first 64 bits of a canonical text's SHA-256.</summary>
    internal static string HashOf(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 8));
}

/// <summary>A column that a scan gives: a table's column, or a part of a VARIANT column decoded to a type.</summary>
/// <param name="Column">The table's column.</param>
/// <param name="Path">The part of it; null for the whole.</param>
/// <param name="FailsAsNull">What cannot be read as <paramref name="Type"/> is NULL, else an error of the row.</param>
public sealed record ScanColumn(int Column, SqlType Type, JsonPath? Path = null, bool FailsAsNull = false)
{
    public override string ToString() => Path is null ? Column.ToString(System.Globalization.CultureInfo.InvariantCulture) : $"{Column}{Path}:{Type.Name}{(FailsAsNull ? "?" : "")}";
}

/// <summary>The rows of a table or of a kept view.</summary>
public sealed class Scan(TableDefinition table, ImmutableArray<ScanColumn> columns)
    : PlanNode(new Schema([.. columns.Select(c => new Field(c.Path is null ? table.Schema.Fields[c.Column].Name : table.Schema.Fields[c.Column].Name + c.Path.ToString().Replace("lax $", "", StringComparison.Ordinal), c.Type))]), [])
{
    public TableDefinition Table { get; } = table;

    public ImmutableArray<ScanColumn> Columns { get; } = columns;

    public static Scan All(TableDefinition table) => new(table, [.. Enumerable.Range(0, table.Schema.Count).Select(i => new ScanColumn(i, table.Schema[i]))]);

    public override bool IsAppendOnly => Table.Changes == RowChanges.None;

    /// <summary>The table's primary key, which its source promises, and of which the rows of upserts are no key yet.</summary>
    public override ImmutableArray<int> Key
    {
        get
        {
            ImmutableArray<int> places = [.. Table.PrimaryKey.Select(k => Columns.Select(c => c.Path is null ? c.Column : -1).ToList().IndexOf(k))];
            return Table.Changes == RowChanges.ByKey || places.Contains(-1) ? [] : places;
        }
    }

    /// <summary>Where rows are taken back, the one that takes back stands elsewhere than the one it means.</summary>
    public override bool HasPosition => Table.Changes != RowChanges.TakenBack;

    public override ImmutableArray<int> RowTimes =>
        [.. Enumerable.Range(0, Columns.Length).Where(i => Table.RowTime >= 0 && Columns[i].Column == Table.RowTime && Columns[i].Path is null)];

    public override ImmutableArray<int> ProcTimes => [.. Enumerable.Range(0, Columns.Length).Where(i => ProcessingTime.IsColumn(Table, Columns[i].Column))];

    public override string Describe() => $"scan {Table.Name}#{Table.Fingerprint}({string.Join(", ", Columns)})";
}

/// <summary>Rows written in the query.</summary>
public sealed class Values(Schema schema, ImmutableArray<ImmutableArray<BoundExpression>> rows) : PlanNode(schema, [])
{
    public ImmutableArray<ImmutableArray<BoundExpression>> Rows { get; } = rows;

    public override bool HasAtMostOneRow => Rows.Length <= 1;

    public override IEnumerable<BoundExpression> OwnExpressions => Rows.SelectMany(r => r);

    public override bool HasPosition => true;

    public override string Describe() => $"values({string.Join(", ", Rows.Select(r => $"({string.Join(", ", r)})"))})";
}

public sealed class Filter(PlanNode input, BoundExpression condition) : PlanNode(input.Schema, [input])
{
    public BoundExpression Condition { get; } = condition;

    public override bool HasPosition => Inputs[0].HasPosition;

    public override bool OrdersByPosition => BoundRowPosition.IsIn(OwnExpressions);

    public override ImmutableArray<int> Key => Inputs[0].Key;

    public override bool HasAtMostOneRow => Inputs[0].HasAtMostOneRow;

    public override ImmutableArray<int> RowTimes => Inputs[0].RowTimes;

    public override ImmutableArray<int> ProcTimes => Inputs[0].ProcTimes;

    public override WindowBounds? Windows => Inputs[0].Windows;

    public override ImmutableArray<(int Column, long Micros)> AheadOfWatermark => Inputs[0].AheadOfWatermark;

    public override IEnumerable<BoundExpression> OwnExpressions => [Condition];

    public override string Describe() => $"filter {Condition}";
}

public sealed class Project(PlanNode input, ImmutableArray<BoundExpression> expressions, ImmutableArray<string> names)
    : PlanNode(new Schema([.. names.Zip(expressions, (n, e) => new Field(n, e.Type))]), [input])
{
    public ImmutableArray<BoundExpression> Expressions { get; } = expressions;

    public ImmutableArray<string> Names { get; } = names;

    public override bool HasPosition => Inputs[0].HasPosition;

    public override bool OrdersByPosition => BoundRowPosition.IsIn(OwnExpressions);

    public override bool HasAtMostOneRow => Inputs[0].HasAtMostOneRow;

    public override ImmutableArray<int> Key
    {
        get
        {
            var places = Inputs[0].Key.Select(IndexOfKey).ToImmutableArray();
            return places.Contains(-1) ? [] : places;
        }
    }

    public override ImmutableArray<int> RowTimes =>
        [.. Enumerable.Range(0, Expressions.Length).Where(i => Expressions[i] is BoundColumn column && Inputs[0].RowTimes.Contains(column.Index))];

    public override ImmutableArray<int> ProcTimes =>
        [.. Enumerable.Range(0, Expressions.Length).Where(i => ProcessingTime.Is(Expressions[i]) || (Expressions[i] is BoundColumn column && Inputs[0].ProcTimes.Contains(column.Index)))];

    public override WindowBounds? Windows => Inputs[0].Windows?.Mapped(Expressions.Length, c => Expressions[c] is BoundColumn column ? column.Index : -1);

    public override ImmutableArray<(int Column, long Micros)> AheadOfWatermark =>
        [.. Inputs[0].AheadOfWatermark.Select(a => (IndexOfColumn(a.Column), a.Micros)).Where(a => a.Item1 >= 0)];

    public override IEnumerable<BoundExpression> OwnExpressions => Expressions;

    /// <summary>Where an input column stands, as it is or in a wider type: different values stay different.</summary>
    private int IndexOfKey(int input)
    {
        if (IndexOfColumn(input) is >= 0 and var place) return place;
        for (var i = 0; i < Expressions.Length; i++)
            if (Expressions[i] is BoundCast { IsWidening: true, Operand: BoundColumn column } && column.Index == input) return i;
        return -1;
    }

    public int IndexOfColumn(int input)
    {
        for (var i = 0; i < Expressions.Length; i++)
            if (Expressions[i] is BoundColumn column && column.Index == input) return i;
        return -1;
    }

    public override string Describe() => $"project {string.Join(", ", Expressions.Zip(Names, (e, n) => $"{e} AS {n}"))}";
}

/// <summary>GROUP BY: the key columns first, then one column for each call. No calls: DISTINCT. No keys: one row.</summary>
public sealed class Aggregate(PlanNode input, ImmutableArray<int> keys, ImmutableArray<PlanAggregate> calls)
    : PlanNode(new Schema([.. keys.Select(k => input.Schema.Fields[k]), .. calls.Select(c => new Field(c.Name, c.Type))]), [input])
{
    public ImmutableArray<int> Keys { get; } = keys;

    public ImmutableArray<PlanAggregate> Calls { get; } = calls;

    public override bool IsAppendOnly => Calls.IsEmpty && Inputs[0].IsAppendOnly;

    public override bool HasAtMostOneRow => Keys.IsEmpty;

    public override bool OrdersByPosition => Calls.Any(c => c.IsOrdered);

    public override ImmutableArray<int> Key => [.. Enumerable.Range(0, Keys.Length)];

    public override string Describe() => $"aggregate by {string.Join(",", Keys)}: {string.Join(", ", Calls)}";
}

/// <summary>Windows of TUMBLE, HOP and CUMULATE (its slide is the step, its size the longest window's), µs.</summary>
public sealed record Window(long SizeMicros, long SlideMicros, long OffsetMicros, bool IsCumulate = false, bool IsProcessingTime = false);

/// <summary>A window table function: the input's columns, then window_start, window_end, window_time.</summary>
public sealed class WindowAssign(PlanNode input, Window window, int timeColumn)
    : PlanNode(new Schema([.. input.Schema.Fields, .. WindowFields(input.Schema[timeColumn])]), [input])
{
    public Window Window { get; } = window;

    public int TimeColumn { get; } = timeColumn;

    public static IEnumerable<Field> WindowFields(SqlType time) =>
    [
        new("window_start", SqlType.Timestamp(3).NotNull),
        new("window_end", SqlType.Timestamp(3).NotNull),
        new("window_time", time.NotNull),
    ];

    public override bool HasPosition => Inputs[0].HasPosition;

    public override ImmutableArray<int> RowTimes => Inputs[0].RowTimes.Contains(TimeColumn) ? [Schema.Count - 1] : [];

    public override ImmutableArray<int> ProcTimes => Window.IsProcessingTime ? [Schema.Count - 1] : [];

    public override WindowBounds? Windows => WindowBounds.At(Inputs[0].Schema.Count, Schema[Schema.Count - 1], Window.IsProcessingTime);

    public override string Describe() => $"windows {Window} of {TimeColumn}";
}

/// <summary>GROUP BY window: keys, window_start, window_end, window_time, then the calls. A window's rows come when it closes.</summary>
public sealed class WindowAggregate(PlanNode input, Window window, int timeColumn, ImmutableArray<int> keys, ImmutableArray<PlanAggregate> calls)
    : PlanNode(new Schema([.. keys.Select(k => input.Schema.Fields[k]), .. WindowAssign.WindowFields(input.Schema[timeColumn]), .. calls.Select(c => new Field(c.Name, c.Type))]), [input])
{
    public Window Window { get; } = window;

    public int TimeColumn { get; } = timeColumn;

    public ImmutableArray<int> Keys { get; } = keys;

    public ImmutableArray<PlanAggregate> Calls { get; } = calls;

    public override bool IsAppendOnly => true;

    public override bool OrdersByPosition => Calls.Any(c => c.IsOrdered);

    public override ImmutableArray<int> Key => [.. Enumerable.Range(0, Keys.Length + 2)];

    public override ImmutableArray<int> RowTimes => Inputs[0].RowTimes.Contains(TimeColumn) ? [Keys.Length + 2] : [];

    public override ImmutableArray<int> ProcTimes => Window.IsProcessingTime ? [Keys.Length + 2] : [];

    public override WindowBounds? Windows => WindowBounds.At(Keys.Length, Schema[Keys.Length + 2], Window.IsProcessingTime);

    public override bool WaitsForWatermark => !Window.IsProcessingTime;

    /// <summary>
    /// A window's row comes once, when the watermark reaches the window's end - 1 ms, and rows behind it are left out. In local time the bounds say
    /// nothing of the watermark.
    /// </summary>
    public override ImmutableArray<(int Column, long Micros)> AheadOfWatermark => Window.IsProcessingTime || Inputs[0].Schema[TimeColumn].Kind != TypeKind.Timestamp
        ? []
        : [(Keys.Length, -Window.SizeMicros), (Keys.Length + 1, 0), (Keys.Length + 2, 0)];

    public override string Describe() => $"aggregate by {string.Join(",", Keys)} and {Window} of {TimeColumn}: {string.Join(", ", Calls)}";
}

/// <summary>UNION ALL of inputs with the same types; a column may be NULL where it may in one of them.</summary>
public sealed class Union(ImmutableArray<PlanNode> inputs)
    : PlanNode(new Schema([.. inputs[0].Schema.Fields.Select((f, c) => f with { Type = f.Type.WithNullable(inputs.Any(i => i.Schema[c].IsNullable)) })]), inputs)
{
    public override bool HasPosition => Inputs.All(i => i.HasPosition);

    public override ImmutableArray<int> RowTimes => [.. Inputs[0].RowTimes.Where(c => Inputs.All(i => i.RowTimes.Contains(c)))];

    public override ImmutableArray<int> ProcTimes => [.. Inputs[0].ProcTimes.Where(c => Inputs.All(i => i.ProcTimes.Contains(c)))];

    public override string Describe() => "union";
}

/// <summary>The input's columns, then those of the elements of one of its columns; one row for each element.</summary>
public sealed class Unnest(PlanNode input, int collection, ImmutableArray<Field> elements, bool isOuter, bool withOrdinality = false)
    : PlanNode(new Schema([.. input.Schema.Fields, .. elements]), [input])
{
    public int Collection { get; } = collection;

    public ImmutableArray<Field> Elements { get; } = elements;

    public bool IsOuter { get; } = isOuter;

    /// <summary>A last column counts the elements of a row from 1.</summary>
    public bool WithOrdinality { get; } = withOrdinality;

    /// <summary>The same of another input.</summary>
    public Unnest Over(PlanNode input, int collection) => new(input, collection, Elements, IsOuter, WithOrdinality);

    public override bool HasPosition => Inputs[0].HasPosition;

    public override ImmutableArray<int> RowTimes => Inputs[0].RowTimes;

    public override ImmutableArray<int> ProcTimes => Inputs[0].ProcTimes;

    public override WindowBounds? Windows => Inputs[0].Windows;

    public override string Describe() => $"{(IsOuter ? "left " : "")}unnest {Collection} as {string.Join(", ", Elements.Select(e => e.Type))}{(WithOrdinality ? " with ordinality" : "")}";
}

/// <summary>A column to sort by.</summary>
public sealed record SortColumn(int Column, bool IsDescending, bool NullsFirst)
{
    /// <summary>In place of a column: the rows' position, which is the order of processing time.</summary>
    public const int Position = -1;

    /// <summary>The same over a node whose columns stand elsewhere.</summary>
    public SortColumn At(Func<int, int> place) => Column == Position ? this : this with { Column = place(Column) };
}

/// <summary>ORDER BY, OFFSET and LIMIT at the top of a bounded query.</summary>
public sealed class Sort(PlanNode input, ImmutableArray<SortColumn> columns, long offset, long? limit) : PlanNode(input.Schema, [input])
{
    public ImmutableArray<SortColumn> Columns { get; } = columns;

    public long Offset { get; } = offset;

    public long? Limit { get; } = limit;

    public override ImmutableArray<int> Key => Inputs[0].Key;

    public override ImmutableArray<int> RowTimes => Inputs[0].RowTimes;

    public override ImmutableArray<int> ProcTimes => Inputs[0].ProcTimes;

    public override WindowBounds? Windows => Inputs[0].Windows;

    /// <summary>Which rows a limit leaves is decided by position where the order does not.</summary>
    public override bool OrdersByPosition => Limit is not null || Offset > 0;

    public override string Describe() => $"sort by {string.Join(", ", Columns)} offset {Offset} limit {Limit}";
}
