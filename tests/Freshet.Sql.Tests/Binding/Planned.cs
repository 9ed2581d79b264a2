using Freshet.Columns;
using Freshet.Columns.Formats;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;
using Freshet.Kernels.Expressions;
using Freshet.Plan;
using Freshet.Plan.Catalog;
using Freshet.Plan.Explaining;
using Freshet.Sql.Binding;
using Freshet.Syntax;
using Freshet.Syntax.Text;

namespace Freshet.Sql.Tests.Binding;

/// <summary>Scripts bound against a few tables, for tests.</summary>
internal static class Planned
{
    public const string Tables =
        """
        CREATE TABLE orders (
          id BIGINT, customer STRING, amount DECIMAL(10, 2), quantity INT, placed TIMESTAMP(3), shipped TIMESTAMP(3), note VARIANT,
          total AS amount * quantity,
          WATERMARK FOR placed AS placed - INTERVAL '5' SECOND
        ) WITH ('connector' = 'log');
        CREATE TABLE customers (name STRING, country STRING, since DATE, PRIMARY KEY (name) NOT ENFORCED) WITH ('connector' = 'log');
        CREATE TABLE out1 (a STRING, b BIGINT) WITH ('connector' = 'blackhole');
        """;

    public static ScriptBinder Script(string sql, bool isBounded = false)
    {
        var binder = new ScriptBinder(isBounded);
        binder.AddTable(EventsTable.Create(10_000));
        binder.Execute(new SourceText("tables.sql", Tables));
        binder.Execute(new SourceText("test.sql", sql));
        return binder;
    }

    public static PlanNode View(string query) => Script($"CREATE MATERIALIZED VIEW v AS {query}").MaterializedViews[^1].Plan;

    public static PlanNode Select(string query) => Script(query, isBounded: true).Selects[^1].Plan;

    /// <summary>The plan of a kept view as EXPLAIN shows it, operators only.</summary>
    public static string Tree(string query) => Operators(View(query));

    public static string Operators(PlanNode plan) =>
        string.Join('\n', PlanText.Of(plan).TrimEnd('\n').Split('\n').Where(l => l.Contains("  (append-only)", StringComparison.Ordinal) || l.Contains("  (changelog)", StringComparison.Ordinal)));

    /// <summary>The sentence with which a script is refused, with its line and column.</summary>
    public static string Refusal(string sql, bool isBounded = false)
    {
        var error = Assert.Throws<SqlException>(() => Script(sql, isBounded));
        return $"{error.Line}:{error.Column}: {error.Sentence}";
    }

    public static string ViewRefusal(string query) => Refusal("CREATE MATERIALIZED VIEW v AS\n" + query);

    /// <summary>A constant expression's type.</summary>
    public static string TypeOf(string expression) => Select($"SELECT {expression}").Schema[0].ToString();

    /// <summary>A constant expression's value as text; NULL, or an error's reason behind "error: ".</summary>
    public static unsafe string ValueOf(string expression)
    {
        var project = (Project)Script($"SELECT {expression}", isBounded: true).Selects[^1].Plan;
        var memory = BatchMemory.Create();
        var context = new EvaluationContext();
        context.Begin(new Batch(memory, [], 1), memory);
        var column = project.Expressions[0].Lower().Evaluate(context);
        if (context.Errors.Count > 0) return "error: " + context.Errors[0].Reason;
        if (column.IsNull(0)) return "NULL";
        var buffer = new Utf8Buffer();
        TextValueWriter.Write(project.Schema[0], column.Values, 0, (byte)' ', buffer);
        var text = System.Text.Encoding.UTF8.GetString(buffer.Written);
        memory.Release();
        return project.Schema[0].Kind == TypeKind.Boolean ? text.ToUpperInvariant() : text;
    }
}
