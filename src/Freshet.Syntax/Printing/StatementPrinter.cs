using System.Collections.Immutable;
using System.Globalization;
using Freshet.Syntax.Tree;

namespace Freshet.Syntax.Printing;

/// <summary>Statements as text.</summary>
internal sealed class StatementPrinter(SqlWriter writer)
{
    private readonly QueryPrinter _queries = new(writer);

    public void Print(Statement statement)
    {
        if (new CustomerPrinter(writer, _queries).TryPrint(statement)) return;
        switch (statement)
        {
            case Select select: _queries.Print(select.Query); break;
            case CreateTable table: Print(table); break;
            case CreateView view:
                writer.Add("CREATE ").Add(view.IsTemporary, "TEMPORARY ").Add(view.IsMaterialized, "MATERIALIZED ").Add("VIEW ").Add(view.IfNotExists, "IF NOT EXISTS ").Name(view.Name);
                if (!view.Columns.IsEmpty) writer.Add(" ").Names(view.Columns);
                Comment(view.Comment);
                Options(view.Options);
                writer.Add(" AS ");
                _queries.Print(view.Query);
                break;
            case CreateFunction function: Print(function); break;
            case CreateNamespace space:
                writer.Add("CREATE ").Add(space.Kind).Add(" ").Add(space.IfNotExists, "IF NOT EXISTS ").Name(space.Name);
                Comment(space.Comment);
                Options(space.Options);
                break;
            case Insert insert: Print(insert, isOverwrite: false, []); break;
            case InsertWith insert:
                Print(insert.Insert, insert.IsOverwrite, insert.Partition);
                writer.Add(insert.OnConflict is not null, $" ON CONFLICT DO {insert.OnConflict}");
                break;
            case StatementSet set: Block([.. set.Inserts]); break;
            case StatementBlock block: Block(block.Statements); break;
            case Update update:
                writer.Add("UPDATE ").Name(update.Table).Add(" SET ");
                Assignments(update.Assignments);
                Where(update.Where);
                break;
            case Delete delete:
                writer.Add("DELETE FROM ").Name(delete.Table);
                Where(delete.Where);
                break;
            case Subscribe subscribe:
                writer.Add("SUBSCRIBE TO ");
                _queries.Print(subscribe.Query);
                break;
            case Explain explain:
                writer.Add("EXPLAIN ").Add(explain.Details.IsEmpty ? "PLAN FOR " : string.Join(", ", explain.Details) + " ");
                Print(explain.Statement);
                break;
            case ExplainView view: writer.Add(view.IsEstimated ? "EXPLAIN ESTIMATED_COST " : "EXPLAIN ").Name(view.View); break;
            case ExplainWatermark watermark: writer.Add("EXPLAIN WATERMARK FOR ").Name(watermark.View); break;
            case ExplainMembership membership: writer.Add("EXPLAIN MEMBERSHIP OF ").Quoted(membership.Profile).Add(" IN ").Name(membership.Segment); break;
            case Show show: Print(show); break;
            case Describe describe:
                writer.Add("DESCRIBE ").Add(describe.IsExtended, "EXTENDED ").Add(describe.Kind is not null, describe.Kind + " ");
                NameOf(describe.Kind, describe.Table);
                break;
            case SetOption set: writer.Add(set.Key is null ? "SET" : "SET ").Add(Pair(set.Key, set.Value)); break;
            case ResetOption reset: writer.Add(reset.Key is null ? "RESET" : "RESET ").Add(Pair(reset.Key, null)); break;
            case Use use: writer.Add("USE ").Add(use.IsCatalog, "CATALOG ").Name(use.Name); break;
            case Drop drop:
                writer.Add("DROP ").Add(drop.IsTemporary, "TEMPORARY ").Add(drop.What).Add(" ").Add(drop.IfExists, "IF EXISTS ");
                NameOf(drop.What, drop.Name);
                break;
            case OtherStatement other: writer.Add(other.Text); break;
            default: throw new InvalidOperationException($"{statement.GetType().Name} has no text.");
        }
    }

    private static string Pair(string? key, string? value) => key is null ? "" : value is null ? Quote(key) : $"{Quote(key)} = {Quote(value)}";

    private static string Quote(string text) => "'" + text.Replace("'", "''", StringComparison.Ordinal) + "'";

    /// <summary>Events alone are named by a text.</summary>
    private void NameOf(string? kind, Name name)
    {
        if (kind == "EVENT") writer.Quoted(name.Last);
        else writer.Name(name);
    }

    private void Comment(string? comment)
    {
        if (comment is not null) writer.Add(" COMMENT ").Quoted(comment);
    }

    private void Options(ImmutableArray<OptionPair> options)
    {
        if (options.IsEmpty) return;
        writer.Add(" WITH (").List(options, o => writer.Add(Pair(o.Key, o.Value))).Add(")");
    }

    private void Where(Expression? where)
    {
        if (where is null) return;
        writer.Add(" WHERE ");
        _queries.Expressions.Print(where);
    }

    private void Assignments(ImmutableArray<Assignment> assignments) => writer.List(assignments, a =>
    {
        writer.Name(a.Column);
        if (a.Value is null) return;
        writer.Add(" = ");
        _queries.Expressions.Print(a.Value);
    });

    private void Print(CreateTable table)
    {
        writer.Add(!table.IsBareReplace, "CREATE ").Add(table.IsReplacing && !table.IsBareReplace, "OR ").Add(table.IsReplacing, "REPLACE ").Add(table.IsTemporary, "TEMPORARY ").Add("TABLE ").Add(table.IfNotExists, "IF NOT EXISTS ").Name(table.Name);
        Elements(table);
        Comment(table.Comment);
        if (table.Distribution is { } distribution)
        {
            writer.Add(" DISTRIBUTED");
            if (!distribution.Columns.IsEmpty) writer.Add(" BY ").Add(distribution.Kind ?? "").Names(distribution.Columns);
            if (distribution.Buckets is { } buckets) writer.Add(string.Create(CultureInfo.InvariantCulture, $" INTO {buckets} BUCKETS"));
        }

        if (!table.PartitionedBy.IsEmpty) writer.Add(" PARTITIONED BY ").Names(table.PartitionedBy);
        if (table.Connection is not null) writer.Add(" USING CONNECTION ").Name(table.Connection);
        Options(table.Options);
        if (table.Like is { } like)
        {
            writer.Add(" LIKE ").Name(like.Table);
            if (!like.Features.IsEmpty) writer.Add($" ({string.Join(' ', like.Features)})");
        }

        if (table.As is null) return;
        writer.Add(" AS ");
        _queries.Print(table.As);
    }

    private void Elements(CreateTable table)
    {
        var parts = new List<Action>();
        foreach (var column in table.Columns) parts.Add(() => Print(column));
        if (table.Watermark is { } watermark)
        {
            parts.Add(() =>
            {
                writer.Add("WATERMARK FOR ").Name(watermark.Column).Add(" AS ");
                _queries.Expressions.Print(watermark.Expression);
            });
        }

        if (!table.PrimaryKey.IsEmpty) parts.Add(() => writer.Add("PRIMARY KEY ").Names(table.PrimaryKey).Add(" NOT ENFORCED"));
        foreach (var key in table.UniqueKeys) parts.Add(() => writer.Add("UNIQUE ").Names(key));
        if (parts.Count == 0) return;
        writer.Add(" (").List([.. parts], p => p()).Add(")");
    }

    private void Print(ColumnDefinition column)
    {
        writer.Name(column.Name);
        switch (column)
        {
            case PhysicalColumn physical: writer.Add(" ").Add(physical.Type.ToString()); break;
            case ComputedColumn computed:
                writer.Add(" AS ");
                _queries.Expressions.Print(computed.Expression);
                break;
            case MetadataColumn metadata:
                writer.Add(" ").Add(metadata.Type.ToString()).Add(" METADATA");
                if (metadata.From is not null) writer.Add(" FROM ").Quoted(metadata.From);
                writer.Add(metadata.IsVirtual, " VIRTUAL");
                break;
        }

        Comment(column.Comment);
    }

    private void Print(CreateFunction function)
    {
        writer.Add("CREATE ").Add(function.IsTemporary, "TEMPORARY ").Add(function.IsSystem, "SYSTEM ").Add("FUNCTION ").Add(function.IfNotExists, "IF NOT EXISTS ").Name(function.Name)
            .Add(" AS ").Quoted(function.ClassName).Add(function.Language is not null, $" LANGUAGE {function.Language}");
        if (!function.Artifacts.IsEmpty) writer.Add(" USING ").List(function.Artifacts, a => writer.Add("ARTIFACT ").Quoted(a));
        Options(function.Options);
    }

    private void Print(Insert insert, bool isOverwrite, ImmutableArray<Assignment> partition)
    {
        writer.Add(isOverwrite ? "INSERT OVERWRITE " : "INSERT INTO ").Name(insert.Table).Add(" ");
        _queries.Hints(insert.Hints);
        if (!partition.IsEmpty)
        {
            writer.Add("PARTITION (");
            Assignments(partition);
            writer.Add(") ");
        }

        if (!insert.Columns.IsEmpty) writer.Names(insert.Columns).Add(" ");
        _queries.Print(insert.Query);
    }

    private void Block(ImmutableArray<Statement> statements)
    {
        writer.Add("EXECUTE STATEMENT SET BEGIN ");
        foreach (var statement in statements)
        {
            Print(statement);
            writer.Add("; ");
        }

        writer.Add("END");
    }

    private void Print(Show show)
    {
        writer.Add("SHOW ").Add(show.What);
        if (show.Of is not null)
        {
            var isDirect = show.What.StartsWith("CREATE", StringComparison.Ordinal) || show.What == "PARTITIONS";
            writer.Add(isDirect ? " " : " FROM ");
            NameOf(show.What == "CREATE EVENT" ? "EVENT" : null, show.Of);
        }

        if (show.Pattern is not null) writer.Add(show.IsNegated, " NOT").Add(show.IsCaseInsensitive ? " ILIKE " : " LIKE ").Quoted(show.Pattern);
    }
}
