using System.CommandLine;
using System.Text.Json;
using Freshet.Sql.Functions;

namespace Freshet.Commands.Functions;

/// <summary>freshet functions: the calls of all scalar functions, one a line, or the page of the guide.</summary>
internal static class FunctionsCommand
{
    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static Command Build()
    {
        var markdown = new Option<bool>("--markdown") { Description = "Write the page of the guide (docs/guide/functions.md)." };
        var json = new Option<bool>("--json") { Description = "Each call as a JSON object on a line." };
        var command = new Command("functions", "List the functions of SQL.") { markdown, json };
        command.SetAction(parsed =>
        {
            if (parsed.GetValue(markdown)) Console.Write(FunctionGuide.Markdown());
            else
                foreach (var call in FunctionCatalogue.All.SelectMany(f => f.Calls).Concat(SpecialForms.All.Select(f => f.Written)).Order(StringComparer.Ordinal)) Console.WriteLine(parsed.GetValue(json) ? JsonSerializer.Serialize(new { call }, Relaxed) : call);
            return 0;
        });
        ExamplesHelp.Attach(command, ["freshet functions", "freshet functions --markdown > docs/guide/functions.md"]);
        return command;
    }
}
