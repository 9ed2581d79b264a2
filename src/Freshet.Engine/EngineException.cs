namespace Freshet.Engine;

/// <summary>A failure that ends a query, a connector or the engine: a code, and a sentence that names the thing and the remedy.</summary>
public sealed class EngineException(string code, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>In words_with_underscores, stable.</summary>
    public string Code { get; } = code;

    /// <summary>The place in a script that it is about, as file:line:column; null where there is none.</summary>
    public string? Place { get; init; }
}
