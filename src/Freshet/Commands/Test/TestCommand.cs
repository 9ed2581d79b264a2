using System.CommandLine;
using System.Globalization;
using Freshet.Testing.Scripts;

namespace Freshet.Commands.Test;

/// <summary>freshet test: runs the SQL test scripts of a folder, each in every mode.</summary>
internal static class TestCommand
{
    public static Command Build()
    {
        var folder = new Argument<string>("folder") { Description = "A folder with *.test files, or one such file." };
        var command = new Command("test", "Run SQL test scripts: given these rows, expect these views; in one batch, row by row, over several workers, with restarts.") { folder };
        command.SetAction(parsed => Run(parsed.GetValue(folder)!));
        ExamplesHelp.Attach(command, ["freshet test myproject/tests", "freshet test tests/orders.test"]);
        return command;
    }

    private static int Run(string path)
    {
        var files = Directory.Exists(path) ? ScriptRunner.FilesOf(path)
            : File.Exists(path) ? [path]
            : throw new UserException("folder_not_found", $"There is no folder or file {path}. Name the folder with the *.test files.");
        if (files.Count == 0) throw new UserException("no_tests", $"{path} holds no *.test files. docs/guide/testing.md shows how one is written.");
        var failed = 0;
        foreach (var file in files)
        {
            IReadOnlyList<string> messages;
            try
            {
                messages = [.. ScriptRunner.RunFile(file).Select(f => f.ToString())];
            }
            catch (TestScriptException e)
            {
                messages = [e.Message];
            }

            if (messages.Count == 0)
            {
                Console.WriteLine($"ok      {file}");
                continue;
            }

            failed++;
            Console.WriteLine($"FAILED  {file}");
            foreach (var message in messages) Console.WriteLine(message);
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{files.Count - failed} of {files.Count} scripts passed, each in {Enum.GetValues<ScriptMode>().Length} modes"));
        return failed == 0 ? 0 : UserException.Failed;
    }
}
