using Freshet.Engine.Functions;
using Freshet.Engine.Planning;
using Freshet.Log;
using Freshet.Plan.Catalog;
using Freshet.Sql.Binding;
using Freshet.Syntax;
using Freshet.Syntax.Text;

namespace Freshet.Engine.Queries;

/// <summary>
/// A script over input that ends, such as files: DDL, SELECTs and INSERTs, all in one pass. What it reads of a data directory's
/// log ends where the log ends now.
/// </summary>
public static class Script
{
    /// <summary>Plans a script; <see cref="BoundedRun"/> runs it. Results are numbered as the SELECTs of the script.</summary>
    /// <param name="log">The log of a data directory; null without one.</param>
    /// <exception cref="SqlException">The script cannot be planned.</exception>
    /// <exception cref="EngineException">A connector cannot be opened.</exception>
    public static (BoundedRun Run, ScriptBinder Binder) Start(IReadOnlyList<SourceText> scripts, PipelineOptions options, LogStore? log = null, IReadOnlyDictionary<string, string>? settings = null)
    {
        var binder = new ScriptBinder(isBounded: true) { CheckTable = Connectors.Check, CheckInsert = Connectors.CheckColumns, Functions = options.Functions.ToRegistry(), LoadFunction = (create, source) => FunctionLoader.Load(create, source, options.Folder), Layer = log is null ? null : options.Layer?.Invoke() };
        foreach (var (key, value) in settings ?? new Dictionary<string, string>()) binder.Options[key] = value;
        if (log is not null) binder.AddTable(EventsTable.Create(options.EventsWatermarkDelayMs));
        binder.ExecuteAll(scripts);
        var connectors = new Connectors(log, options);
        var run = new BoundedRun(
            [.. binder.Selects.Select(s => s.Plan)],
            binder.Inserts,
            options,
            Pipeline.ZoneOf(binder.Options),
            connectors,
            (node, columns) => connectors.CreateSource(node.Table, columns, partition => partition.DurableOffset),
            [.. binder.Selects.Select(s => s.PlaceText)]);
        return (run, binder);
    }
}
