using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Freshet.Commands;

/// <summary>The help of a command with examples after it. One action serves all commands.</summary>
internal sealed class ExamplesHelp(HelpAction help) : SynchronousCommandLineAction
{
    private static readonly Dictionary<Command, string[]> Examples = [];

    public override bool ClearsParseErrors => true;

    /// <summary>Gives a command its examples; on the root command it also replaces the help option's action.</summary>
    public static void Attach(Command command, string[] examples)
    {
        Examples[command] = examples;
        foreach (var option in command.Options)
            if (option is HelpOption { Action: HelpAction action } helpOption) helpOption.Action = new ExamplesHelp(action);
    }

    public override int Invoke(ParseResult parseResult)
    {
        var result = help.Invoke(parseResult);
        if (!Examples.TryGetValue(parseResult.CommandResult.Command, out var examples)) return result;
        var output = parseResult.InvocationConfiguration.Output;
        output.WriteLine("Examples:");
        foreach (var example in examples) output.WriteLine($"  {example}");
        output.WriteLine();
        return result;
    }
}
