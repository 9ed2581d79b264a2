using System.Globalization;
using System.Text;
using Freshet.Engine;
using Freshet.Syntax;

namespace Freshet.Testing.Scripts;

/// <summary>How a script is run; every way must give the same views.</summary>
public enum ScriptMode
{
    /// <summary>One step where the script says so.</summary>
    AsWritten,

    /// <summary>One step for each row.</summary>
    RowByRow,

    /// <summary>Keys over two shares.</summary>
    TwoWorkers,

    /// <summary>Keys over three shares.</summary>
    ThreeWorkers,

    /// <summary>All rows up to a check in one step, from an empty state.</summary>
    OneBatch,

    /// <summary>A new pipeline at every step, which takes all earlier steps again.</summary>
    Restarts,
}

/// <summary>A place where a script and the engine differ.</summary>
public sealed record ScriptFailure(string File, int Line, ScriptMode Mode, string Message)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{File}:{Line}: [{Mode}] {Message}");
}

/// <summary>Runs test scripts, each in every mode.</summary>
public static class ScriptRunner
{
    /// <summary>All *.test files of a folder and those below, in order of name.</summary>
    public static IReadOnlyList<string> FilesOf(string folder) =>
        [.. Directory.EnumerateFiles(folder, "*.test", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];

    /// <summary>Runs a file in every mode; empty when all agree with it.</summary>
    /// <param name="setup">The project that the script belongs to; null for a script by itself.</param>
    public static IReadOnlyList<ScriptFailure> RunFile(string file, ScriptSetup? setup = null) => Run(file, File.ReadAllText(file), setup);

    /// <summary>Runs a text in every mode; at most one failure for each.</summary>
    /// <exception cref="TestScriptException">The text is no test script.</exception>
    public static IReadOnlyList<ScriptFailure> Run(string name, string text, ScriptSetup? setup = null)
    {
        var script = TestScript.Parse(name, text);
        return [.. Enum.GetValues<ScriptMode>().Select(mode => new ScriptRun(script, mode, setup).Run()).Where(f => f is not null).Select(f => f!)];
    }
}

/// <summary>One script in one mode. What was done before is kept, so that another pipeline can do it again.</summary>
internal sealed class ScriptRun(TestScript script, ScriptMode mode, ScriptSetup? setup)
{
    private readonly ProfileNames _profiles = new();
    private readonly List<string> _rejected = [];
    private readonly List<TestBlock> _done = [];
    private TestPipeline _pipeline = null!;
    private int _events;

    public ScriptFailure? Run()
    {
        _pipeline = Create();
        try
        {
            foreach (var block in script.Blocks)
            {
                string? message;
                try
                {
                    message = Execute(block);
                }
                catch (Exception e) when (e is SqlException or EngineException or TestingException or TestScriptException)
                {
                    message = e.Message;
                }

                if (message is not null) return new ScriptFailure(script.Name, block.Line, mode, message);
            }

            return null;
        }
        finally
        {
            _pipeline.Dispose();
        }
    }

    private TestPipeline Create()
    {
        var pipeline = new TestPipeline(
            mode switch { ScriptMode.TwoWorkers => 2, ScriptMode.ThreeWorkers => 3, _ => 1 },
            script.Blocks.Where(b => b.Kind == BlockKind.Insert && b.Lines.Any(l => Row(l).Weight < 0)).Select(b => b.Argument),
            layer: setup?.Layer());
        _events = 0;
        if (setup is not null) pipeline.Declare(setup.Sql);
        return pipeline;
    }

    private string? Execute(TestBlock block)
    {
        switch (block.Kind)
        {
            case BlockKind.Fails: return Fails(block);
            case BlockKind.Expect:
                if (mode == ScriptMode.OneBatch) Again(inOneStep: true);
                return Compare(block, Named(block.Argument, _pipeline.Rows(block.Argument)));
            case BlockKind.Change:
                return mode == ScriptMode.OneBatch ? null : Compare(block, Named(block.Argument, _pipeline.Changes(block.Argument)));
            case BlockKind.Rejected:
                var rejected = _rejected.GroupBy(r => r).ToDictionary(g => g.Key, g => g.LongCount());
                _rejected.Clear();
                return Compare(block with { Argument = "what was rejected" }, rejected);
            default:
                _done.Add(block);
                if (block.Kind == BlockKind.Events) Judge(block);
                if (mode == ScriptMode.OneBatch && block.Kind != BlockKind.Statement) return null;
                // Everything before the step is done by a pipeline that knows nothing of the one that did it first.
                if (mode == ScriptMode.Restarts && block.Kind is BlockKind.Step or BlockKind.End or BlockKind.Idle) Again(inOneStep: false);
                else Do(_pipeline, block);
                return null;
        }
    }

    private void Again(bool inOneStep)
    {
        _pipeline.Dispose();
        _pipeline = Create();
        var idle = new HashSet<string>();
        foreach (var block in _done)
        {
            // An idle mark has its place between rows, and so has the row that ends it: what comes before is taken before, in this mode too.
            var isPlace = block.Kind == BlockKind.Idle ? idle.Add(block.Argument) : block.Kind == BlockKind.Insert && idle.Remove(block.Argument);
            if (inOneStep && isPlace) _pipeline.Step();
            if (!inOneStep || block.Kind is not (BlockKind.Step or BlockKind.End)) Do(_pipeline, block);
        }

        if (!inOneStep) return;
        if (_done.Any(b => b.Kind == BlockKind.End)) _pipeline.End();
        else _pipeline.Step();
    }

    private IReadOnlyDictionary<string, long> Named(string view, IReadOnlyDictionary<string, long> rows)
    {
        if (setup is null) return rows;
        if (_pipeline.Views.Contains("identifiers")) _profiles.Update(_pipeline.Rows("identifiers").Keys);
        return _profiles.Named(rows, _pipeline.Columns(view));
    }

    /// <summary>The events of a block, and why some are not taken.</summary>
    private List<(TestEvent Event, string? Problem)> Judged(TestBlock block, int first)
    {
        if (setup is null) throw new TestScriptException("'events' needs a project: write freshet test with the project's folder.");
        var time = TimeOf(block);
        var events = block.Lines.Select((line, i) => TestEvent.Parse(line, time, first + i + 1)).ToList();
        var problems = setup.Judge([.. events.Select(e => (ReadOnlyMemory<byte>)e.Record)]);
        return [.. events.Zip(problems)];
    }

    private void Judge(TestBlock block)
    {
        var first = _done.Where(b => b.Kind == BlockKind.Events && b != block).Sum(b => b.Lines.Count);
        _rejected.AddRange(Judged(block, first).Where(e => e.Problem is not null).Select(e => $"{e.Event.MessageId}: {e.Problem}"));
    }

    private void Send(TestPipeline pipeline, TestBlock block)
    {
        pipeline.ClockMicros = TimeOf(block).ToUnixTimeMilliseconds() * 1000;
        var taken = Judged(block, _events).Select((e, i) => (e.Event, e.Problem, Place: _events + i)).Where(e => e.Problem is null);
        pipeline.Insert("events", [.. taken.Select(e => (e.Event.Row(e.Place), 1L))]);
        _events += block.Lines.Count;
    }

    private void Do(TestPipeline pipeline, TestBlock block)
    {
        if (block.Kind == BlockKind.Events) Send(pipeline, block);
        else Do(pipeline, block, script.Name, mode == ScriptMode.RowByRow ? 1 : int.MaxValue);
    }

    /// <summary>Does what a block says, but for events, which need a project; looks at nothing.</summary>
    internal static void Do(TestPipeline pipeline, TestBlock block, string script, int rowsAtOnce = int.MaxValue)
    {
        switch (block.Kind)
        {
            case BlockKind.Statement: pipeline.Declare(script, new string('\n', block.Line) + block.Text); break;
            case BlockKind.Insert: pipeline.Insert(block.Argument, [.. block.Lines.Select(Row)]); break;
            case BlockKind.Step: pipeline.Step(rowsAtOnce); break;
            case BlockKind.End: pipeline.End(rowsAtOnce); break;
            case BlockKind.Clock: pipeline.ClockMicros = TimeOf(block).ToUnixTimeMilliseconds() * 1000; break;
            case BlockKind.Idle: pipeline.Idle(block.Argument); break;
        }
    }

    private static DateTimeOffset TimeOf(TestBlock block) =>
        DateTimeOffset.TryParse(block.Argument, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? time
            : throw new TestScriptException($"'{block.Argument}' is no time: write 2026-01-01 00:00:00.");

    private string? Fails(TestBlock block)
    {
        using var pipeline = Create();
        foreach (var earlier in _done.Where(b => b.Kind == BlockKind.Statement)) Do(pipeline, earlier);
        try
        {
            pipeline.Declare(script.Name, new string('\n', block.Line) + block.Text);
        }
        catch (SqlException e)
        {
            return e.Message.Contains(block.Argument, StringComparison.OrdinalIgnoreCase) ? null : $"the message was: {e.Message}";
        }

        return "the statement was accepted";
    }

    /// <summary>"-1: 1, 'a'" is a row and its weight; without one it is +1.</summary>
    internal static (string Values, long Weight) Row(TestLine line)
    {
        var text = line.Text.Trim();
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        return text[0] is '+' or '-' && colon > 0 && long.TryParse(text.AsSpan(0, colon), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var weight)
            ? (text[(colon + 1)..], weight)
            : (text, 1);
    }

    /// <summary>How rows differ from a block's lines, or null.</summary>
    internal static string? Compare(TestBlock block, IReadOnlyDictionary<string, long> actual)
    {
        var expected = new Dictionary<string, long>();
        foreach (var line in block.Lines)
        {
            var (values, weight) = Row(line);
            var key = string.Join(" | ", values.Split('|').Select(c => c.Trim()));
            expected[key] = expected.GetValueOrDefault(key) + weight;
        }

        var difference = new StringBuilder();
        foreach (var (row, weight) in expected.OrderBy(r => r.Key, StringComparer.Ordinal))
            if (actual.GetValueOrDefault(row) != weight) difference.Append(CultureInfo.InvariantCulture, $"\n  expected {weight:+0;-0}: {row}");
        foreach (var (row, weight) in actual.OrderBy(r => r.Key, StringComparer.Ordinal))
            if (expected.GetValueOrDefault(row) != weight) difference.Append(CultureInfo.InvariantCulture, $"\n  found    {weight:+0;-0}: {row}");
        return difference.Length == 0 ? null : $"{block.Argument} differs:{difference}";
    }
}
