using System.Collections.Immutable;
using System.Text.RegularExpressions;
using Freshet.Columns;
using Freshet.Columns.Types;
using Freshet.Plan;
using Freshet.Plan.Explaining;
using Freshet.Sql.Functions;
using Freshet.Syntax;
using Freshet.Syntax.Text;
using Freshet.Syntax.Tree;

namespace Freshet.Sql.Binding;

/// <summary>SHOW and DESCRIBE: what a catalogue holds, as rows of text.</summary>
/// <param name="further">Tables that the catalogue itself does not declare.</param>
/// <param name="resolve">The plan that a name in FROM would mean.</param>
internal sealed class CatalogAnswers(ScriptBinder catalog, IReadOnlyCollection<string> further, Func<Name, PlanNode?> resolve)
{
    public ReadStatement Show(Show show, SourceText source)
    {
        var materialized = catalog.MaterializedViews.Select(v => v.Name).ToHashSet();
        return show.What switch
        {
            "TABLES" => Names("table name", Current(catalog.Names().Concat(further)), show),
            "VIEWS" => Names("view name", Current(catalog.Views.Concat(materialized)), show),
            "MATERIALIZED VIEWS" => Names("materialized view name", Current(materialized), show),
            "FUNCTIONS" => Names("function name", FunctionCatalogue.Names.Concat(SpecialFunctions.Names).Concat(Grouping.Aggregates.Keys), show),
            "CATALOGS" => Names("catalog name", catalog.Catalogs.Names, show),
            "DATABASES" => Names("database name", catalog.Catalogs.Databases(), show),
            "CURRENT CATALOG" => Answer("current catalog name", [[catalog.Catalogs.Current]]),
            "CURRENT DATABASE" => Answer("current database name", [[catalog.Catalogs.CurrentDatabase]]),
            "MODULES" => Answer("module name", [["core"]]),
            "USER FUNCTIONS" or "PROCEDURES" or "MODELS" or "JARS" or "JOBS" or "CONNECTIONS" => Answer(show.What.ToLowerInvariant(), []),
            "IDENTIFIERS" or "TRAITS" or "SEGMENTS" or "EVENTS" => Names($"{show.What[..^1].ToLowerInvariant()} name", Declared(show.What[..^1]).Select(o => o.Name), show),
            "CREATE IDENTIFIER" or "CREATE TRAIT" or "CREATE SEGMENT" or "CREATE EVENT" => Answer("result", [[Declared(show.What[7..], show.Of!, source).Sql]]),
            "COLUMNS" => Describe(new Describe(show.Of!, show.Span), source),
            "CREATE VIEW" or "CREATE TABLE" or "CREATE MATERIALIZED VIEW" => Text(show, source),
            _ => throw new SqlException(source, show.Span, $"SHOW {show.What} is not supported."),
        };
    }

    private IEnumerable<LayerObject> Declared(string kind) => catalog.Layer?.Declared.Where(o => o.Kind == kind) ?? [];

    private LayerObject Declared(string kind, Name name, SourceText source) =>
        Declared(kind).FirstOrDefault(o => o.Name == name.Last)
        ?? throw new SqlException(source, name.Span, $"There is no {kind.ToLowerInvariant()} {name}.{NearestName.Hint(name.Last, Declared(kind).Select(o => o.Name))}");

    public ReadStatement Describe(Describe describe, SourceText source)
    {
        var name = describe.Table;
        if (describe.Kind is { } kind)
        {
            var declared = Declared(kind, name, source);
            if (declared.Table is null) return Answer("result", [[declared.Sql]]);
            name = new Name([declared.Table], name.Span);
        }

        if (resolve(name) is not { } plan) throw Unknown(name, source);
        var table = (plan as Scan ?? (plan as Upserts)?.Inputs[0] as Scan)?.Table;
        var key = table?.PrimaryKey ?? [];
        return Answer("name, type, null, key, extras, watermark", plan.Schema.Fields.Select((f, i) => new[]
        {
            f.Name,
            f.Type.Name + (table?.RowTime == i ? " *ROWTIME*" : plan.ProcTimes.Contains(i) ? " *PROCTIME*" : ""),
            f.Type.IsNullable ? "TRUE" : "FALSE",
            key.Contains(i) ? $"PRI({string.Join(", ", key.Select(k => plan.Schema.Fields[k].Name))})" : null,
            table?.Computed.FirstOrDefault(c => c.Column == i) is { } computed ? "AS " + ExpressionText.Of(computed.Expression, plan.Schema)
                : table?.Metadata.FirstOrDefault(m => m.Column == i) is { } metadata ? $"METADATA FROM '{metadata.Key}'{(metadata.IsVirtual ? " VIRTUAL" : "")}" : null,
            table is { Watermark: not null } && table.RowTime == i ? ExpressionText.Of(table.Watermark, plan.Schema) : null,
        }));
    }

    /// <summary>DESCRIBE FUNCTION [EXTENDED]: Flink's lines, with the signatures as they are written.</summary>
    public static ReadStatement DescribeFunction(OtherStatement statement, SourceText source)
    {
        var name = statement.Name!.Last.ToUpperInvariant();
        var function = FunctionCatalogue.Find(name);
        var form = SpecialForms.All.FirstOrDefault(f => f.Name == name);
        var isAggregate = Grouping.Aggregates.ContainsKey(name);
        if (function is null && form is null && !isAggregate)
            throw new SqlException(source, statement.Name.Span, $"There is no function {name}.{NearestName.Hint(name, FunctionCatalogue.Names.Concat(SpecialFunctions.Names).Concat(Grouping.Aggregates.Keys))}");
        List<string?[]> lines = [["is system function", "true"], ["is temporary", "false"]];
        if (statement.What.EndsWith("EXTENDED", StringComparison.Ordinal))
        {
            lines.Add(["kind", isAggregate ? "AGGREGATE" : "SCALAR"]);
            lines.Add(["is deterministic", function?.PerRow is null ? "true" : "false"]);
            if (function is not null) lines.Add(["signature", string.Join("\n", function.Calls)]);
            else if (form is not null) lines.Add(["signature", form.Written]);
            if ((function?.Sentence ?? form?.Sentence) is { } sentence) lines.Add(["description", sentence]);
        }

        return Answer("info name, info value", lines);
    }

    /// <summary>A plan's text, a row for each line.</summary>
    public static ReadStatement Plan(string text) => Answer("plan", text.TrimEnd('\n').Split('\n').Select(line => new[] { line }));

    public static ReadStatement Answer(string columns, IEnumerable<string?[]> lines) =>
        new(null, new Schema([.. columns.Split(", ").Select(c => new Field(c, SqlType.String))]), [.. lines.Select(l => l.ToImmutableArray())]);

    private IEnumerable<string> Current(IEnumerable<string> keys)
    {
        foreach (var key in keys)
            if (catalog.Catalogs.IsCurrent(key, out var name)) yield return name;
    }

    private static ReadStatement Names(string column, IEnumerable<string> names, Show show) =>
        Answer(column, names.Distinct().Where(n => Fits(n, show)).Order(StringComparer.Ordinal).Select(n => new[] { n }));

    private static bool Fits(string name, Show show)
    {
        if (show.Pattern is null) return true;
        var pattern = $"^{Regex.Escape(show.Pattern).Replace("%", ".*", StringComparison.Ordinal).Replace("_", ".", StringComparison.Ordinal)}$";
        var options = RegexOptions.NonBacktracking | RegexOptions.CultureInvariant | (show.IsCaseInsensitive ? RegexOptions.IgnoreCase : RegexOptions.None);
        return Regex.IsMatch(name, pattern, options) != show.IsNegated;
    }

    private ReadStatement Text(Show show, SourceText source)
    {
        var name = catalog.Catalogs.KeyOf(show.Of!, source);
        if (catalog.View(name) is var (view, at)) return Answer("result", [[at.Slice(view.Span)]]);
        if (catalog.Tables.TryGetValue(name, out var table) && table.Source.Text.Length > 0) return Answer("result", [[table.Source.Slice(table.Place)]]);
        if (resolve(show.Of!) is not null) throw new SqlException(source, show.Of!.Span, $"{name} is built in: DESCRIBE {name} shows its columns.");
        throw Unknown(show.Of!, source);
    }

    private SqlException Unknown(Name name, SourceText source) =>
        new(source, name.Span, $"There is no table or view {name}.{NearestName.Hint(name.Last, catalog.Names().Concat(further))}");
}
