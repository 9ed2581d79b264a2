using System.Collections.Immutable;
using Freshet.Columns;
using Freshet.Columns.Types;
using Freshet.Plan;
using Freshet.Plan.Catalog;
using Freshet.Syntax;
using Freshet.Syntax.Text;
using Freshet.Syntax.Tree;

namespace Freshet.Sql.Binding;

/// <summary>CREATE TABLE, without LIKE and AS, to a definition.</summary>
/// <param name="key">The name under which the table is kept.</param>
internal sealed class TableBinder(SourceText source, string key)
{
    public TableDefinition Bind(CreateTable create)
    {
        if (create.Columns.IsEmpty) throw new SqlException(source, create.Span, "A table needs at least one column.");
        var fields = Fields(create);
        var computed = new List<Computed>();
        for (var i = 0; i < create.Columns.Length; i++)
        {
            if (create.Columns[i] is not ComputedColumn column) continue;
            var expression = Binder(fields).Bind(column.Expression);
            if (expression.Type.Kind == TypeKind.Null) throw new SqlException(source, column.Span, $"The column {column.Name} has no type: write CAST(NULL AS STRING), for example.");
            if (expression.Parts().FirstOrDefault(p => p is BoundCurrentWatermark) is { } mark) throw new SqlException(source, mark.Span, $"A column of the table is computed before the watermark is known: write {BoundCurrentWatermark.Name} in the query.");
            computed.Add(new Computed(i, expression));
            fields[i] = new Field(column.Name, expression.Type);
        }

        var (rowTime, watermark) = create.Watermark is { } definition ? Watermark(definition, fields) : (-1, null);
        return new TableDefinition(key, new Schema([.. fields]), [.. computed], rowTime, watermark, PrimaryKey(create, fields), Options(create), source, create.Span)
        {
            Metadata = [.. create.Columns.Select((c, i) => (c, i)).Where(p => p.c is MetadataColumn).Select(p => new Metadata(p.i, ((MetadataColumn)p.c).From ?? p.c.Name, ((MetadataColumn)p.c).IsVirtual))],
            PartitionKeys = [.. create.PartitionedBy.Select(k => Place(fields, k, create, "PARTITIONED BY"))],
            Declaration = create,
        };
    }

    /// <summary>The columns in order; those that are computed have no type yet. Computed columns may use any physical one, wherever it stands.</summary>
    private List<Field> Fields(CreateTable create)
    {
        var fields = new List<Field>();
        foreach (var column in create.Columns)
        {
            var type = column switch
            {
                PhysicalColumn physical => physical.Type,
                MetadataColumn metadata => metadata.Type,
                NamedColumn => throw new SqlException(source, column.Span, $"The column {column.Name} needs a type."),
                _ => SqlType.Null,
            };
            if (fields.Any(f => f.Name == column.Name)) throw new SqlException(source, column.Span, $"The column {column.Name} is declared twice.");
            fields.Add(new Field(column.Name, create.PrimaryKey.Contains(column.Name) ? type.NotNull : type));
        }

        return fields;
    }

    private (int RowTime, BoundExpression Watermark) Watermark(WatermarkDefinition definition, List<Field> fields)
    {
        var rowTime = fields.FindIndex(f => f.Name == definition.Column.Last);
        if (rowTime < 0) throw new SqlException(source, definition.Column.Span, $"There is no column {definition.Column} for the watermark.{NearestName.Hint(definition.Column.Last, fields.Select(f => f.Name))}");
        var type = fields[rowTime].Type;
        if (!type.IsTimestamp || type.Precision > 3) throw new SqlException(source, definition.Span, $"The time attribute {definition.Column} must be TIMESTAMP(3) or TIMESTAMP_LTZ(3), this is {type.Name}.");
        return (rowTime, new Coercion(source).To(Binder(fields).Bind(definition.Expression), type));
    }

    private ImmutableArray<int> PrimaryKey(CreateTable create, List<Field> fields)
    {
        var key = create.PrimaryKey.Select(k => Place(fields, k, create, "The primary key")).ToImmutableArray();
        foreach (var place in key)
            if (create.Columns[place] is ComputedColumn or MetadataColumn { IsVirtual: true }) throw new SqlException(source, create.Columns[place].Span, $"The column {fields[place].Name} cannot be part of the primary key: it is not a column of the table's source.");
        return key;
    }

    private int Place(List<Field> fields, string name, CreateTable create, string what) => fields.FindIndex(f => f.Name == name) is >= 0 and var place
        ? place
        : throw new SqlException(source, create.Span, $"{what} names the column {name}, which there is not.{NearestName.Hint(name, fields.Select(f => f.Name))}");

    private ImmutableDictionary<string, string> Options(CreateTable create)
    {
        var options = ImmutableDictionary.CreateBuilder<string, string>();
        foreach (var option in create.Options)
        {
            if (options.ContainsKey(option.Key)) throw new SqlException(source, option.Span, $"The option '{option.Key}' is given twice.");
            options.Add(option.Key, option.Value);
        }

        return options.ToImmutable();
    }

    private ExpressionBinder Binder(List<Field> fields) =>
        new(source, new Scope(source, [.. fields.Select((f, i) => new ScopeColumn(null, f.Name, f.Type, i)).Where(c => c.Type.Kind != TypeKind.Null)]));
}
