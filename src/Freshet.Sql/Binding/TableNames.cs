using Freshet.Sql.Syntax;
using Freshet.Sql.Text;

namespace Freshet.Sql.Binding;

/// <summary>Names of tables with a catalog and a database before them: there is one of each, called as in Flink.</summary>
internal static class TableNames
{
    public const string Catalog = "default_catalog";
    public const string Database = "default_database";

    /// <summary>The table's own name.</summary>
    public static string Local(Name name, SourceText source)
    {
        var parts = name.Parts;
        if (parts.Length > 3) throw new SqlException(source, name.Span, $"{name} has too many parts: a table is catalog.database.name.");
        if (parts.Length >= 2 && parts[^2] != Database) throw new SqlException(source, name.Span, $"There is no database {parts[^2]}: the database is {Database}.");
        if (parts.Length == 3 && parts[0] != Catalog) throw new SqlException(source, name.Span, $"There is no catalog {parts[0]}: the catalog is {Catalog}.");
        return parts[^1];
    }

    /// <summary>Refuses USE of what there is not.</summary>
    public static void Use(Name name, SourceText source)
    {
        if (name.Parts is [Catalog] or [Database] or [Catalog, Database]) return;
        throw new SqlException(source, name.Span, $"There is no catalog or database {name}: there is {Catalog}.{Database}.");
    }
}
