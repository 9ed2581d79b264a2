using System.Runtime.InteropServices;
using Freshet.Commands;

namespace Freshet.Tests.Commands;

[Collection("console")]
public sealed class CommandLineTests
{
    [Theory]
    [InlineData("dmo", "has no command \"dmo\"; did you mean \"demo\"?")]
    [InlineData("dmo --help", "has no command \"dmo\"; did you mean \"demo\"?")]
    [InlineData("run --prot 1", "has no option \"--prot\"; did you mean \"--port\"?")]
    [InlineData("run", "freshet run needs <project>. The project's folder")]
    [InlineData("run x --port many", "--port is \"many\" but must be a whole number.")]
    [InlineData("run x --port", "--port needs a value.")]
    [InlineData("demo --seconds -1", "--seconds must be above 0.")]
    [InlineData("demo --seconds soon", "--seconds is \"soon\" but must be a number.")]
    [InlineData("bench engin", "benchmark is \"engin\" but must be one of kernels, ingest, log, decode, engine, generator, replay, end-to-end, customers; did you mean \"engine\"?")]
    [InlineData("bench", "freshet bench needs <benchmark>.")]
    [InlineData("bench nexmark --quries q1", "freshet bench nexmark has no option \"--quries\"; did you mean \"--queries\"?")]
    [InlineData("exec a.sql --format cvs", "--format is \"cvs\" but must be one of table, csv, json; did you mean \"csv\"?")]
    [InlineData("exec a.sql --memory-budget many", "--memory-budget many: a number of bytes such as 1GiB is expected.")]
    [InlineData("exec a.sql --on-error skp", "did you mean \"skip\"?")]
    [InlineData("run /nonexistent/project", "does not exist")]
    [InlineData("send /nonexistent.jsonl --key k", "does not exist")]
    [InlineData("send x --key k --rate 1 --speed 2x", "give one of them")]
    [InlineData("send x", "--key")]
    [InlineData("new /", "/ is there already and not empty; choose another name.")]
    [InlineData("top --interval 0", "--interval is the seconds between two frames")]
    [InlineData("profile nobody", "write the type and the value of an identifier, such as user_id:42")]
    [InlineData("profile user_id:1 --url ftp://x", "must be like http://127.0.0.1:7070")]
    public async Task What_cannot_begin_is_one_sentence_and_exit_code_2(string line, string sentence)
    {
        var (code, _, error) = await InvokeAsync(line);
        Assert.Equal(2, code);
        Assert.Contains(sentence, error, StringComparison.Ordinal);
        Assert.Single(error.TrimEnd().Split('\n'));
    }

    [Theory]
    [InlineData("{\"events\":{\"retention\":\"7d\"}}", "SELECT COUNT(*) AS n FROM events", 2, "The topic events has a retention and is read by the project")]
    [InlineData("{}", "SELECT COUNT(*) AS n FROM cut", 1, "sql/a.sql:1:70: The topic cut has a retention and is read by the project")]
    [InlineData("{}", "SELECT COUNT(*) AS n FROM (VALUES (1))", 0, "")]
    public async Task What_a_start_would_refuse_is_refused_by_a_check(string settings, string query, int expected, string sentence)
    {
        var folder = Directory.CreateTempSubdirectory("freshet-test-").FullName;
        try
        {
            Directory.CreateDirectory(Path.Combine(folder, "sql"));
            await File.WriteAllTextAsync(Path.Combine(folder, "freshet.json"), settings);
            await File.WriteAllTextAsync(Path.Combine(folder, "sql", "a.sql"), $"CREATE TABLE cut (a INT) WITH ('connector' = 'log', 'topic' = 'cut', 'retention.time' = '1 d');\nCREATE MATERIALIZED VIEW v AS {query};");
            var (code, _, error) = await InvokeAsync($"check {folder}");
            Assert.Equal(expected, code);
            Assert.Contains(sentence, error, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void A_second_signal_ends_the_process_unless_it_comes_with_the_first()
    {
        var now = 1L;
        using var termination = new Termination(() => now);
        bool IsHeld()
        {
            var context = new PosixSignalContext(PosixSignal.SIGINT);
            termination.OnSignal(context);
            return context.Cancel;
        }

        Assert.True(IsHeld());
        Assert.True(termination.Token.IsCancellationRequested);
        now += 100;
        Assert.True(IsHeld());
        now += 1000;
        Assert.False(IsHeld());
    }

    [Theory]
    [InlineData("run")]
    [InlineData("check")]
    [InlineData("demo")]
    [InlineData("send")]
    [InlineData("sql")]
    [InlineData("new")]
    [InlineData("profile")]
    [InlineData("top")]
    [InlineData("events")]
    [InlineData("preview")]
    public async Task Help_has_examples(string command)
    {
        var (code, output, _) = await InvokeAsync(command + " --help");
        Assert.Equal(0, code);
        Assert.Contains("Examples:", output, StringComparison.Ordinal);
        Assert.Contains($"freshet {command}", output, StringComparison.Ordinal);
    }

    private static async Task<(int Code, string Output, string Error)> InvokeAsync(string line)
    {
        var (output, error) = (Console.Out, Console.Error);
        using var capturedOutput = new StringWriter();
        using var capturedError = new StringWriter();
        Console.SetOut(capturedOutput);
        Console.SetError(capturedError);
        try
        {
            return (await CommandLine.InvokeAsync(line.Split(' ')), capturedOutput.ToString(), capturedError.ToString());
        }
        finally
        {
            Console.SetOut(output);
            Console.SetError(error);
        }
    }
}

/// <summary>Tests that take the console over run one after another, alone.</summary>
[CollectionDefinition("console", DisableParallelization = true)]
public sealed class ConsoleCollection;
