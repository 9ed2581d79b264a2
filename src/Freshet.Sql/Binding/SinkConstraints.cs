using System.Collections.Immutable;
using Freshet.Columns.Types;
using Freshet.Kernels.Json;
using Freshet.Plan;
using Freshet.Plan.Catalog;
using Freshet.Syntax;
using Freshet.Syntax.Text;

namespace Freshet.Sql.Binding;

/// <summary>
/// NOT NULL and lengths of the columns that an INSERT writes, as the options say: <c>table.exec.sink.not-null-enforcer</c> (ERROR,
/// DROP), <c>table.exec.sink.type-length-enforcer</c> (IGNORE, TRIM_PAD, ERROR) and <c>table.exec.sink.nested-constraint-enforcer</c>
/// (IGNORE, ROWS, ROWS_AND_COLLECTIONS). What the types promise already is not looked at.
/// </summary>
internal sealed class SinkConstraints(SourceText source, TextSpan place, IReadOnlyDictionary<string, string> options)
{
    private const string Nulls = "table.exec.sink.not-null-enforcer";
    private const string Lengths = "table.exec.sink.type-length-enforcer";
    private const string Depth = "table.exec.sink.nested-constraint-enforcer";

    public PlanNode Apply(PlanNode plan, TableDefinition target)
    {
        var drops = Choice(Nulls, "ERROR", "DROP") == "DROP";
        var length = Choice(Lengths, "IGNORE", "TRIM_PAD", "ERROR") switch { "TRIM_PAD" => LengthRule.TrimPad, "ERROR" => LengthRule.Error, _ => LengthRule.Ignore };
        var nested = Choice(Depth, "IGNORE", "ROWS", "ROWS_AND_COLLECTIONS") switch { "ROWS" => NestedRule.Rows, "ROWS_AND_COLLECTIONS" => NestedRule.All, _ => NestedRule.Ignore };
        var rules = new ConstraintRules(true, length, nested);
        List<int> writable = [.. target.Writable];
        if (nested == NestedRule.All && length == LengthRule.TrimPad && writable.Any(c => HasLengthInCollection(target.Schema[c], false)))
            throw new SqlException(source, place, $"'{Lengths}' = 'TRIM_PAD' is not supported for types nested in collections: set '{Depth}' to IGNORE or ROWS.");
        BoundColumn Column(int i) => new(i, plan.Schema[i], place);
        if (drops)
        {
            foreach (var i in Enumerable.Range(0, writable.Count).Where(i => MayHaveNulls(plan.Schema[i], target.Schema[writable[i]], nested)))
                plan = new Filter(plan, new BoundCall($"NOT NULL {target.Schema[writable[i]]} {nested}", ConstraintKernels.Satisfies(target.Schema[writable[i]], rules with { Length = LengthRule.Ignore }), [Column(i)], SqlType.Boolean.NotNull, place));
        }

        rules = rules with { ChecksNulls = !drops };
        var expressions = writable.Select((c, i) => Held(Column(i), target.Schema.Fields[c].Name, target.Schema[c], rules)).ToImmutableArray();
        return expressions.All(e => e is BoundColumn) ? plan : new Project(plan, expressions, [.. plan.Schema.Fields.Select(f => f.Name)]);
    }

    private BoundExpression Held(BoundColumn value, string column, SqlType type, ConstraintRules rules)
    {
        var checks = (rules.ChecksNulls && MayHaveNulls(value.Type, type, rules.Nested)) || (rules.Length != LengthRule.Ignore && HasLength(type, rules.Nested));
        return checks
            ? new BoundCall($"HELD {column} {type} {rules.ChecksNulls} {rules.Length} {rules.Nested}", ConstraintKernels.Enforce(column, type, rules), [value], value.Type, place, canFail: true)
            : value;
    }

    private static bool MayHaveNulls(SqlType given, SqlType wanted, NestedRule nested) =>
        (given.IsNullable && !wanted.IsNullable) || (nested != NestedRule.Ignore && HasNotNull(wanted, nested));

    private static bool HasNotNull(SqlType type, NestedRule nested) => Parts(type, nested).Any(f => !f.IsNullable || HasNotNull(f, nested));

    private static bool HasLength(SqlType type, NestedRule nested) =>
        ((type.IsCharacter || type.IsBinary) && type.Precision != SqlType.MaxLength) || Parts(type, nested).Any(f => HasLength(f, nested));

    private static IEnumerable<SqlType> Parts(SqlType type, NestedRule nested) =>
        nested == NestedRule.Ignore || (nested == NestedRule.Rows && type.Kind != TypeKind.Row) ? [] : type.Fields.Select(f => f.Type);

    private static bool HasLengthInCollection(SqlType type, bool isInside) =>
        (isInside && HasLength(type, NestedRule.All)) || type.Fields.Any(f => HasLengthInCollection(f.Type, isInside || type.Kind != TypeKind.Row));

    private string Choice(string key, params ReadOnlySpan<string> choices)
    {
        var value = options.GetValueOrDefault(key, choices[0]).ToUpperInvariant();
        return choices.Contains(value) ? value : throw new SqlException(source, place, $"'{key}' is one of {string.Join(", ", choices.ToArray())}, not '{value}'.");
    }
}
