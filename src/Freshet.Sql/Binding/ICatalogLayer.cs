using Freshet.Plan;
using Freshet.Syntax;
using Freshet.Syntax.Text;
using Freshet.Syntax.Tree;

namespace Freshet.Sql.Binding;

/// <summary>
/// What a layer above the engine adds to the catalogue of a project: statements of its own, and names that FROM can read. One
/// object serves one <see cref="ScriptBinder"/>, and sees its statements in their order.
/// </summary>
public interface ICatalogLayer
{
    /// <summary>Names that FROM can read because of the layer.</summary>
    IEnumerable<string> Names { get; }

    /// <summary>What a name in FROM reads, in the place of a table or view of that name; null where the layer has nothing to say.</summary>
    /// <param name="statement">The text of the statement that reads it: a table may have columns that are there for those who name them.</param>
    PlanNode? Read(string name, string statement);

    /// <summary>What its statements have declared, for SHOW and DESCRIBE.</summary>
    IEnumerable<LayerObject> Declared => [];

    /// <summary>What a start keeps of the layer, by name, so that the next one can tell what has changed: texts of any form.</summary>
    IEnumerable<(string Name, string Text)> Remembered => [];

    /// <summary>A statement of the project, before any of them is executed: what holds for all of it is taken from it here.</summary>
    void Prepare(Statement statement, SourceText source)
    {
    }

    /// <summary>Executes a statement that is the layer's; false for one that is none of its own.</summary>
    /// <exception cref="SqlException">The statement is the layer's and is wrong.</exception>
    bool TryExecute(Statement statement, SourceText source, ScriptBinder binder);

    /// <summary>The column by which a kept view's rows are looked up beside its key; null for none.</summary>
    string? LookupOf(string view) => null;

    /// <summary>All statements have been read: what they leave to be kept is added, as statements.</summary>
    void Complete(ScriptBinder binder);
}

/// <summary>Something that a layer's statement declared.</summary>
/// <param name="Kind">The word behind CREATE.</param>
/// <param name="Sql">The statement, as written.</param>
/// <param name="Table">The table or view that it can be read by; null for none.</param>
public sealed record LayerObject(string Kind, string Name, string Sql, string? Table);
