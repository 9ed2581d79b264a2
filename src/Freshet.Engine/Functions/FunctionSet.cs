using Freshet.Sql.Functions;

namespace Freshet.Engine.Functions;

/// <summary>The functions that a program gives to its pipelines, besides those of CREATE FUNCTION.</summary>
public sealed class FunctionSet
{
    private readonly List<LoadedFunction> _functions = [];

    /// <summary>Adds a function under a name; names know no case.</summary>
    /// <exception cref="EngineException">The class has no method that can be called.</exception>
    public FunctionSet Add<T>(string name)
        where T : UserFunction, new() => Add(name, typeof(T), () => new T());

    /// <summary>Adds a function of which each thread gets an object from <paramref name="create"/>.</summary>
    /// <exception cref="EngineException">The class has no method that can be called.</exception>
    public FunctionSet Add<T>(string name, Func<T> create)
        where T : UserFunction => Add(name, typeof(T), create);

    /// <summary>A registry with these functions.</summary>
    internal FunctionRegistry ToRegistry()
    {
        var registry = new FunctionRegistry();
        foreach (var function in _functions) registry.Add(function);
        return registry;
    }

    private FunctionSet Add(string name, Type type, Func<UserFunction> create)
    {
        _functions.Add(LoadedFunction.Of(name, type, create));
        return this;
    }
}
