namespace Freshet.Testing.Scripts;

/// <summary>What a block of a test script does.</summary>
internal enum BlockKind
{
    /// <summary>Statements that declare tables and views.</summary>
    Statement,

    /// <summary>A statement that must be refused with a message that contains the argument.</summary>
    Fails,

    /// <summary>Rows for a table; they wait for the next step.</summary>
    Insert,

    /// <summary>Events that come in at a time, as JSON; they wait for the next step. Of a project alone.</summary>
    Events,

    /// <summary>Events that the tracking plan has refused since the last such block: message id and reason.</summary>
    Rejected,

    /// <summary>Takes what waits.</summary>
    Step,

    /// <summary>Sets the clock of the steps that follow.</summary>
    Clock,

    /// <summary>Ends all inputs, and takes a step: every window closes.</summary>
    End,

    /// <summary>Marks a table idle until its next row.</summary>
    Idle,

    /// <summary>The whole content of a view.</summary>
    Expect,

    /// <summary>What the last step changed in a view.</summary>
    Change,
}

/// <summary>A block: its first line's word and argument, and the lines below it.</summary>
/// <param name="Line">Line of the block's first line, from 1.</param>
internal sealed record TestBlock(BlockKind Kind, string Argument, IReadOnlyList<TestLine> Lines, int Line)
{
    public string Text => string.Join('\n', Lines.Select(l => l.Text));
}

internal sealed record TestLine(string Text, int Number);

/// <summary>
/// A test script: blocks with an empty line between them; lines that begin with # are comments. The form is described in
/// docs/guide/testing.md.
/// </summary>
internal sealed record TestScript(string Name, IReadOnlyList<TestBlock> Blocks)
{
    /// <exception cref="TestScriptException">A block begins with a word that means nothing.</exception>
    public static TestScript Parse(string name, string text)
    {
        var blocks = new List<TestBlock>();
        var lines = new List<TestLine>();
        var number = 0;
        foreach (var line in text.Split('\n').Append(""))
        {
            number++;
            var trimmed = line.TrimEnd();
            if (trimmed.StartsWith('#')) continue;
            if (trimmed.Length > 0)
            {
                lines.Add(new TestLine(trimmed, number));
                continue;
            }

            if (lines.Count > 0) blocks.Add(Block(name, lines));
            lines = [];
        }

        CheckPlaces(name, blocks);
        return new TestScript(name, blocks);
    }

    /// <summary>An idle mark and the row that ends it have a place between the rows of all tables, which only a step gives.</summary>
    private static void CheckPlaces(string name, List<TestBlock> blocks)
    {
        var idle = new HashSet<string>();
        var waits = false;
        foreach (var block in blocks)
        {
            if (waits && (block.Kind == BlockKind.Idle || (block.Kind == BlockKind.Insert && idle.Contains(block.Argument))))
                throw new TestScriptException($"{name}:{block.Line}: rows wait here, and a table that becomes idle, or is so no more, has its place between rows: write 'step' before.");
            if (block.Kind == BlockKind.Idle) idle.Add(block.Argument);
            if (block.Kind == BlockKind.Insert) idle.Remove(block.Argument);
            waits = block.Kind == BlockKind.Insert || (waits && block.Kind is not (BlockKind.Step or BlockKind.End));
        }
    }

    private static TestBlock Block(string name, List<TestLine> lines)
    {
        var first = lines[0];
        var space = first.Text.IndexOf(' ', StringComparison.Ordinal);
        var (word, argument) = space < 0 ? (first.Text, "") : (first.Text[..space], first.Text[space..].Trim());
        if (!word.All(char.IsAsciiLetterLower) || !Enum.TryParse<BlockKind>(word, ignoreCase: true, out var kind))
            throw new TestScriptException($"{name}:{first.Number}: '{word}' begins no block: write {string.Join(", ", Enum.GetNames<BlockKind>().Select(n => n.ToLowerInvariant()))}.");
        var needsArgument = kind is BlockKind.Fails or BlockKind.Insert or BlockKind.Events or BlockKind.Clock or BlockKind.Idle or BlockKind.Expect or BlockKind.Change;
        if (needsArgument && argument.Length == 0) throw new TestScriptException($"{name}:{first.Number}: '{word}' needs a name or text behind it.");
        return new TestBlock(kind, argument, lines[1..], first.Number);
    }
}

/// <summary>A test script cannot be read; the message names file and line.</summary>
public sealed class TestScriptException(string message) : Exception(message);
