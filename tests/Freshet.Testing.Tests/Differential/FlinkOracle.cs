using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Freshet.Testing.Tests.Differential;

/// <summary>What Flink says of a case: its rows in one form, or why it does not answer.</summary>
internal sealed record FlinkAnswer(IReadOnlyList<string>? Rows, IReadOnlyList<string> Types, string Error);

/// <summary>
/// A real Flink, asked for the final rows of many cases in one process. It is found beside the checkout or by the environment
/// variable FRESHET_FLINK; null where there is none.
/// </summary>
internal sealed class FlinkOracle(string program)
{
    private const int CasesAtOnce = 40;

    public static FlinkOracle? Find()
    {
        var candidates = new[] { Environment.GetEnvironmentVariable("FRESHET_FLINK") ?? "", Path.GetFullPath(Path.Combine(SqlScriptTests.Root, "..", "..", "..", "shared", "flink")) };
        return candidates.Where(c => c.Length > 0).Select(c => Path.Combine(c, "bin", "flink-sql")).Where(File.Exists).Select(p => new FlinkOracle(p)).FirstOrDefault();
    }

    public IReadOnlyList<FlinkAnswer> Ask(IReadOnlyList<GeneratedCase> cases)
    {
        var answers = new List<FlinkAnswer>();
        foreach (var chunk in cases.Chunk(CasesAtOnce)) answers.AddRange(AskAtOnce(chunk));
        return answers;
    }

    private List<FlinkAnswer> AskAtOnce(GeneratedCase[] cases)
    {
        var folder = Directory.CreateTempSubdirectory("freshet-flink-");
        try
        {
            var files = cases.Select((c, i) => Write(folder.FullName, i, c)).ToList();
            var start = new ProcessStartInfo(program) { RedirectStandardOutput = true, RedirectStandardError = true };
            foreach (var file in files) start.ArgumentList.Add(file);
            start.ArgumentList.Add("--json");
            start.Environment.TryAdd("FLINK_XMX", "1g");
            using var process = Process.Start(start)!;
            var errors = process.StandardError.ReadToEndAsync();
            var output = process.StandardOutput.ReadToEnd();
            if (!process.WaitForExit(TimeSpan.FromMinutes(10))) process.Kill(entireProcessTree: true);
            var answers = Parse(output, cases.Length);
            return answers.Count == cases.Length ? answers : throw new InvalidOperationException($"Flink answered {answers.Count} of {cases.Length} scripts.\n{errors.Result}");
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static string Write(string folder, int index, GeneratedCase given)
    {
        var script = new StringBuilder();
        foreach (var table in given.Tables)
        {
            var rows = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{index}-{table.Name}.jsonl"));
            File.WriteAllLines(rows, table.Rows.Select(table.Json));
            script.AppendLine(table.FlinkDdl(rows) + ";");
        }

        script.AppendLine(given.Query.Sql + ";");
        var file = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{index:D3}.sql"));
        File.WriteAllText(file, script.ToString());
        return file;
    }

    /// <summary>The answers in the order of the scripts: a header line for each where there are several, the columns, the rows.</summary>
    private static List<FlinkAnswer> Parse(string output, int scripts)
    {
        var answers = new List<FlinkAnswer>();
        List<string>? rows = null;
        List<string> types = [];
        var error = "";
        void Close()
        {
            if (rows is not null || error.Length > 0) answers.Add(new FlinkAnswer(error.Length > 0 ? null : Cells.Sorted(rows!), types, error));
            (rows, types, error) = (null, [], "");
        }

        foreach (var line in output.Split('\n'))
        {
            if (line.StartsWith("## ", StringComparison.Ordinal))
            {
                if (answers.Count > 0 || rows is not null || error.Length > 0) Close();
                rows = null;
                error = "no answer";
                continue;
            }

            if (!line.StartsWith('{')) continue;
            using var json = JsonDocument.Parse(line);
            if (json.RootElement.TryGetProperty("columns", out var columns))
            {
                types = [.. columns.EnumerateArray().Select(c => c.GetProperty("type").GetString()!.Replace(" *ROWTIME*", "", StringComparison.Ordinal))];
                (rows, error) = ([], "");
            }
            else if (json.RootElement.TryGetProperty("error", out var failure))
            {
                error = failure.GetProperty("message").GetString()!;
            }
            else
            {
                rows!.Add(Cells.Row(types, json.RootElement.GetProperty("row").EnumerateArray().Select(Text)));
            }
        }

        if (answers.Count < scripts) Close();
        return answers;
    }

    private static string? Text(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.String => value.GetString(),
        _ => value.GetRawText(),
    };
}
