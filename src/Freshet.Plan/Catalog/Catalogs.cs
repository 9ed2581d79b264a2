using Freshet.Syntax;
using Freshet.Syntax.Text;
using Freshet.Syntax.Tree;

namespace Freshet.Plan.Catalog;

/// <summary>
/// Catalogs and the databases in them: where a name of one, two or three parts belongs. All of them live in memory, as Flink's
/// <c>generic_in_memory</c> catalog does; one of each is there from the start.
/// </summary>
public sealed class Catalogs
{
    public const string DefaultCatalog = "default_catalog";
    public const string DefaultDatabase = "default_database";

    private readonly SortedDictionary<string, SortedSet<string>> _databases = new(StringComparer.Ordinal)
    {
        [DefaultCatalog] = new(StringComparer.Ordinal) { DefaultDatabase },
    };

    /// <summary>The catalog in which names of one or two parts are looked for.</summary>
    public string Current { get; private set; } = DefaultCatalog;

    /// <summary>The database in which names of one part are looked for.</summary>
    public string CurrentDatabase { get; private set; } = DefaultDatabase;

    public IEnumerable<string> Names => _databases.Keys;

    public IEnumerable<string> Databases(string? catalog = null) => _databases[catalog ?? Current];

    /// <summary>What a table or view is kept under: its own name in the database that is there from the start, else all three parts.</summary>
    public string KeyOf(Name name, SourceText source)
    {
        var parts = name.Parts;
        if (parts.Length > 3) throw new SqlException(source, name.Span, $"{name} has too many parts: a table is catalog.database.name.");
        var catalog = parts.Length == 3 ? parts[0] : Current;
        if (!_databases.TryGetValue(catalog, out var databases)) throw new SqlException(source, name.Span, $"There is no catalog {catalog}.{NearestName.Hint(catalog, Names)}");
        var database = parts.Length >= 2 ? parts[^2] : CurrentDatabase;
        if (!databases.Contains(database)) throw new SqlException(source, name.Span, $"There is no database {database} in the catalog {catalog}.{NearestName.Hint(database, databases)}");
        return catalog == DefaultCatalog && database == DefaultDatabase ? parts[^1] : $"{catalog}.{database}.{parts[^1]}";
    }

    /// <summary>Whether a key is one of the current database; gives the table's own name.</summary>
    public bool IsCurrent(string key, out string name)
    {
        var isDefault = Current == DefaultCatalog && CurrentDatabase == DefaultDatabase;
        var prefix = $"{Current}.{CurrentDatabase}.";
        name = key.StartsWith(prefix, StringComparison.Ordinal) ? key[prefix.Length..] : key;
        return isDefault ? key.Count(c => c == '.') < 2 : name.Length != key.Length;
    }

    public void Use(Use use, SourceText source)
    {
        var parts = use.Name.Parts;
        var catalog = use.IsCatalog || parts.Length == 2 ? parts[0] : Current;
        if (parts.Length > 2 || (use.IsCatalog && parts.Length > 1)) throw new SqlException(source, use.Name.Span, $"{use.Name} has too many parts.");
        if (!_databases.TryGetValue(catalog, out var databases)) throw new SqlException(source, use.Name.Span, $"There is no catalog {catalog}.{NearestName.Hint(catalog, Names)}");
        var database = use.IsCatalog ? databases.First() : parts[^1];
        if (!databases.Contains(database)) throw new SqlException(source, use.Name.Span, $"There is no database {database} in the catalog {catalog}.{NearestName.Hint(database, databases)}");
        (Current, CurrentDatabase) = (catalog, database);
    }

    public void Create(CreateNamespace create, SourceText source)
    {
        if (create.Kind == "CATALOG") CreateCatalog(create, source);
        else CreateDatabase(create, source);
    }

    public void Drop(Drop drop, SourceText source)
    {
        var parts = drop.Name.Parts;
        var isThere = drop.What == "CATALOG"
            ? parts.Length == 1 && _databases.ContainsKey(parts[0])
            : _databases.TryGetValue(parts.Length == 2 ? parts[0] : Current, out var databases) && databases.Contains(parts[^1]);
        if (!isThere && drop.IfExists) return;
        if (!isThere) throw new SqlException(source, drop.Name.Span, $"There is no {drop.What.ToLowerInvariant()} {drop.Name}.{NearestName.Hint(drop.Name.Last, drop.What == "CATALOG" ? Names : Databases())}");
        var isCurrent = drop.What == "CATALOG" ? parts[0] == Current : parts[^1] == CurrentDatabase && (parts.Length == 1 || parts[0] == Current);
        if (isCurrent) throw new SqlException(source, drop.Name.Span, $"{drop.Name} is in use: USE another one first.");
        if (drop.What == "CATALOG") _databases.Remove(parts[0]);
        else _databases[parts.Length == 2 ? parts[0] : Current].Remove(parts[^1]);
    }

    private void CreateCatalog(CreateNamespace create, SourceText source)
    {
        if (create.Name.Parts.Length != 1) throw new SqlException(source, create.Name.Span, "A catalog has a name of one part.");
        var type = create.Options.FirstOrDefault(o => o.Key == "type")?.Value ?? "generic_in_memory";
        if (type != "generic_in_memory") throw new SqlException(source, create.Span, $"There is no catalog of type '{type}': the type is 'generic_in_memory'.");
        if (_databases.ContainsKey(create.Name.Last))
        {
            if (!create.IfNotExists) throw new SqlException(source, create.Name.Span, $"There is already a catalog {create.Name}.");
            return;
        }

        var database = create.Options.FirstOrDefault(o => o.Key == "default-database")?.Value ?? "default";
        _databases.Add(create.Name.Last, new(StringComparer.Ordinal) { database });
    }

    private void CreateDatabase(CreateNamespace create, SourceText source)
    {
        var parts = create.Name.Parts;
        var catalog = parts.Length == 2 ? parts[0] : Current;
        if (parts.Length > 2 || !_databases.TryGetValue(catalog, out var databases)) throw new SqlException(source, create.Name.Span, $"There is no catalog {catalog} for the database {create.Name}.{NearestName.Hint(catalog, Names)}");
        if (!databases.Add(parts[^1]) && !create.IfNotExists) throw new SqlException(source, create.Name.Span, $"There is already a database {create.Name}.");
    }
}
