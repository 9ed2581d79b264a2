using System.Collections.Immutable;
using Freshet.Columns;
using Freshet.Columns.Types;
using Freshet.Sql.Catalog;
using Freshet.Sql.Plan;
using Freshet.Sql.Syntax;
using Freshet.Sql.Text;

namespace Freshet.Sql.Binding;

/// <summary>CREATE TABLE to a definition.</summary>
internal sealed class TableBinder(SourceText source, TableResolver tables)
{
    public TableDefinition Bind(CreateTable create)
    {
        if (create.Like is not null) return Like(create);
        if (!create.PartitionedBy.IsEmpty) throw new SqlException(source, create.Span, "PARTITIONED BY is not supported yet.");
        if (create.Columns.IsEmpty) throw new SqlException(source, create.Span, "A table needs at least one column.");
        var fields = new List<Field>();
        var computed = new List<Computed>();
        // Computed columns may use any physical one, wherever it stands.
        foreach (var column in create.Columns)
        {
            var type = column switch
            {
                PhysicalColumn physical => physical.Type,
                MetadataColumn => throw new SqlException(source, column.Span, "METADATA columns are not supported yet."),
                _ => SqlType.Null,
            };
            if (column is NamedColumn) throw new SqlException(source, column.Span, $"The column {column.Name} needs a type.");
            if (fields.Any(f => f.Name == column.Name)) throw new SqlException(source, column.Span, $"The column {column.Name} is declared twice.");
            fields.Add(new Field(column.Name, create.PrimaryKey.Contains(column.Name) ? type.NotNull : type));
        }

        for (var i = 0; i < create.Columns.Length; i++)
        {
            if (create.Columns[i] is not ComputedColumn column) continue;
            var expression = Binder(fields).Bind(column.Expression);
            computed.Add(new Computed(i, expression));
            fields[i] = new Field(column.Name, expression.Type);
        }

        var rowTime = -1;
        BoundExpression? watermark = null;
        if (create.Watermark is { } definition)
        {
            rowTime = fields.FindIndex(f => f.Name == definition.Column.Last);
            if (rowTime < 0) throw new SqlException(source, definition.Column.Span, $"There is no column {definition.Column} for the watermark.{NearestName.Hint(definition.Column.Last, fields.Select(f => f.Name))}");
            var type = fields[rowTime].Type;
            if (!type.IsTimestamp || type.Precision > 3) throw new SqlException(source, definition.Span, $"The time attribute {definition.Column} must be TIMESTAMP(3) or TIMESTAMP_LTZ(3), this is {type.Name}.");
            watermark = new Coercion(source).To(Binder(fields).Bind(definition.Expression), type);
        }

        var key = create.PrimaryKey.Select(k => fields.FindIndex(f => f.Name == k) is >= 0 and var i ? i : throw new SqlException(source, create.Span, $"The primary key names the column {k}, which there is not.{NearestName.Hint(k, fields.Select(f => f.Name))}")).ToImmutableArray();
        return new TableDefinition(create.Name.Last, new Schema([.. fields]), [.. computed], rowTime, watermark, key, Options(create), source, create.Span);
    }

    private TableDefinition Like(CreateTable create)
    {
        if (tables(create.Like!.Table, ImmutableDictionary<string, string>.Empty) is not Scan scan)
            throw new SqlException(source, create.Like.Span, $"There is no table {create.Like.Table}.");
        if (!create.Columns.IsEmpty || create.Watermark is not null || !create.PrimaryKey.IsEmpty) throw new SqlException(source, create.Like.Span, "LIKE with further columns, a watermark or a key is not supported yet.");
        if (!create.Like.Features.IsEmpty) throw new SqlException(source, create.Like.Span, "INCLUDING and EXCLUDING are not supported yet.");
        return scan.Table with { Name = create.Name.Last, Options = scan.Table.Options.SetItems(Options(create)), Source = source, Place = create.Span };
    }

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
