using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Freshet.Server.Configuration;

namespace Freshet.Commands;

/// <summary>A command line that does not parse, in one sentence: the first thing wrong, and the nearest that exists.</summary>
internal static class Misuse
{
    private const char Unit = '\u001f';

    /// <summary>Takes only these values; others are refused with the nearest.</summary>
    public static void OnlyAmong<T>(this Option<T> option, params string[] values)
    {
        option.CompletionSources.Add(_ => values.Select(v => new System.CommandLine.Completions.CompletionItem(v)));
        option.Validators.Add(result => Check(result, option.Name, values));
    }

    /// <inheritdoc cref="OnlyAmong{T}(Option{T}, string[])"/>
    public static void OnlyAmong<T>(this Argument<T> argument, params string[] values)
    {
        argument.CompletionSources.Add(_ => values.Select(v => new System.CommandLine.Completions.CompletionItem(v)));
        argument.Validators.Add(result => Check(result, argument.Name, values));
    }

    /// <summary>An option that looks like an argument: --prot would be taken for a project's folder. Negative numbers are values.</summary>
    public static string? MisspeltOption(ParseResult parsed) => parsed.Tokens
        .TakeWhile(t => t.Type != TokenType.DoubleDash)
        .FirstOrDefault(t => t.Type == TokenType.Argument && t.Value.Length > 1 && t.Value[0] == '-' && !double.TryParse(t.Value, CultureInfo.InvariantCulture, out _))?.Value;

    /// <summary>The sentence.</summary>
    public static string Sentence(ParseResult parsed, string? option)
    {
        var command = parsed.CommandResult.Command;
        var path = string.Join(' ', PathOf(parsed.CommandResult));
        return $"{What(parsed, command, path, option)} See {path} --help.";
    }

    private static string What(ParseResult parsed, Command command, string path, string? option)
    {
        if (option is not null)
        {
            var names = command.Options.Concat(parsed.RootCommandResult.Command.Options.Where(o => o.Recursive)).Select(o => o.Name);
            return $"{path} has no option \"{option}\"{Hint(option, names)}";
        }

        if (parsed.UnmatchedTokens.Count > 0)
        {
            var word = parsed.UnmatchedTokens[0];
            return $"{path} has no {(command.Subcommands.Count > 0 ? "command" : "further argument")} \"{word}\"{Hint(word, command.Subcommands.Select(c => c.Name))}";
        }

        var error = parsed.Errors[0];
        if (error.Message.StartsWith(Unit)) return error.Message[1..];
        var given = error.SymbolResult?.Tokens is [var token, ..] ? token.Value : null;
        var missing = command.Arguments.FirstOrDefault(a => parsed.GetResult(a) is null or { Tokens.Count: 0 });
        return error.SymbolResult switch
        {
            OptionResult { Tokens.Count: 0 } result => $"{result.Option.Name} needs a value.",
            OptionResult result when KindOf(result.Option.ValueType) is { } kind => $"{result.Option.Name} is \"{given}\" but must be {kind}.",
            ArgumentResult { Parent: OptionResult { Tokens.Count: 0 } of } => $"{of.Option.Name} needs a value.",
            ArgumentResult { Parent: OptionResult of } when KindOf(of.Option.ValueType) is { } kind => $"{of.Option.Name} is \"{of.Tokens[0].Value}\" but must be {kind}.",
            _ when command is RootCommand => $"freshet needs a command: {string.Join(", ", command.Subcommands.Select(c => c.Name))}.",
            _ when missing is not null => $"{path} needs <{missing.Name}>. {missing.Description}{(missing.Description?.EndsWith('.') == true ? "" : ".")}",
            _ => error.Message.ReplaceLineEndings(" ").TrimEnd('.') + ".",
        };
    }

    private static void Check(SymbolResult result, string name, string[] values)
    {
        if (result.Tokens is not [var token, ..] || values.Contains(token.Value)) return;
        var near = NearestName.Of(token.Value, values);
        result.AddError($"{Unit}{name} is \"{token.Value}\" but must be one of {string.Join(", ", values)}{(near is null ? "." : $"; did you mean \"{near}\"?")}");
    }

    private static string Hint(string word, IEnumerable<string> names) => NearestName.Of(word, names) is { } near ? $"; did you mean \"{near}\"?" : ".";

    private static string? KindOf(Type type)
    {
        var number = Nullable.GetUnderlyingType(type) ?? type;
        return number == typeof(int) || number == typeof(long) ? "a whole number" : number == typeof(double) ? "a number" : null;
    }

    private static IEnumerable<string> PathOf(CommandResult command) => command.Command is RootCommand ? ["freshet"] : PathOf((CommandResult)command.Parent!).Append(command.Command.Name);
}
