using Freshet.Plan.Catalog;
namespace Freshet.Sql.Functions;

/// <summary>The functions that a program or CREATE FUNCTION has made known, by name without regard to case.</summary>
public sealed class FunctionRegistry
{
    private readonly Dictionary<string, ProgramFunction> _functions = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The database in use, for CURRENT_DATABASE().</summary>
    public Func<string>? CurrentDatabase { get; set; }

    public IEnumerable<string> Names => _functions.Keys;

    /// <summary>The function of a name, of whose parts the last counts.</summary>
    public ProgramFunction? Find(string name) => _functions.GetValueOrDefault(name[(name.LastIndexOf('.') + 1)..]);

    public ProgramFunction? Find(string name, ProgramFunctionKind kind) => Find(name) is { } function && function.Kind == kind ? function : null;

    /// <summary>Adds a function, or replaces the one of its name.</summary>
    public void Add(ProgramFunction function) => _functions[function.Name] = function;

    public bool Remove(string name) => _functions.Remove(name);
}
