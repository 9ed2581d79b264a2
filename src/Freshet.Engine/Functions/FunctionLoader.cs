using System.Reflection;
using System.Runtime.Loader;
using Freshet.Plan.Catalog;
using Freshet.Syntax;
using Freshet.Syntax.Text;
using Freshet.Syntax.Tree;

namespace Freshet.Engine.Functions;

/// <summary>
/// The class of a CREATE FUNCTION: in the assembly that USING names (a path relative to the project's folder), among the classes that
/// stand for known Java ones, or in an assembly that the program has loaded.
/// </summary>
public static class FunctionLoader
{
    /// <summary>Classes of others' SQL that are built in.</summary>
    private static readonly Dictionary<string, Type> Known = new()
    {
        ["com.github.nexmark.flink.udf.CountChar"] = typeof(CountChar),
    };

    /// <summary>The function of a statement.</summary>
    /// <param name="folder">What relative paths are relative to.</param>
    /// <exception cref="SqlException">There is no such class, or it is no function.</exception>
    public static ProgramFunction Load(CreateFunction create, SourceText source, string folder)
    {
        try
        {
            var type = Find(create, folder) ?? throw new EngineException("function_unknown", create.Artifacts.IsEmpty
                ? $"There is no class {create.ClassName}: name the assembly that has it, CREATE FUNCTION ... LANGUAGE CSHARP USING JAR 'functions.dll'."
                : $"There is no class {create.ClassName} in {string.Join(" or ", create.Artifacts)}.");
            if (type.GetConstructor([]) is null) throw new EngineException("function_unusable", $"{type.FullName} has no public constructor without parameters.");
            return LoadedFunction.Of(create.Name.Last, type, () => (UserFunction)Activator.CreateInstance(type)!);
        }
        catch (Exception exception) when (exception is EngineException or IOException or BadImageFormatException)
        {
            throw new SqlException(source, create.Span, exception.Message);
        }
    }

    private static Type? Find(CreateFunction create, string folder)
    {
        if (create.Artifacts.IsEmpty)
            return Known.GetValueOrDefault(create.ClassName) ?? AppDomain.CurrentDomain.GetAssemblies().Select(a => a.GetType(create.ClassName)).FirstOrDefault(t => t is not null);
        foreach (var artifact in create.Artifacts)
        {
            if (artifact.EndsWith(".jar", StringComparison.OrdinalIgnoreCase))
            {
                if (Known.TryGetValue(create.ClassName, out var known)) return known;
                throw new EngineException("function_java", $"{artifact} holds Java classes, which cannot run here: write {create.ClassName} in C# and name its .dll.");
            }

            var path = Path.GetFullPath(artifact, folder);
            if (!File.Exists(path)) throw new EngineException("function_file", $"There is no file {path}.");
            Assembly assembly = AssemblyLoadContext.Default.LoadFromAssemblyPath(path);
            if (assembly.GetType(create.ClassName) is { } type) return type;
        }

        return null;
    }
}
