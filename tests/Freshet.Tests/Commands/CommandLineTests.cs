using Freshet.Commands;

namespace Freshet.Tests.Commands;

[Collection("console")]
public sealed class CommandLineTests
{
    [Theory]
    [InlineData("dmo", "has no command \"dmo\"; did you mean \"demo\"?")]
    [InlineData("run --prot 1", "has no option \"--prot\"; did you mean \"--port\"?")]
    [InlineData("run", "Required argument missing")]
    [InlineData("run x --port many", "many")]
    [InlineData("run /nonexistent/project", "does not exist")]
    [InlineData("send /nonexistent.jsonl --key k", "does not exist")]
    [InlineData("send x --key k --rate 1 --speed 2x", "give one of them")]
    [InlineData("send x", "--key")]
    public async Task What_cannot_begin_is_one_sentence_and_exit_code_2(string line, string sentence)
    {
        var (code, _, error) = await InvokeAsync(line);
        Assert.Equal(2, code);
        Assert.Contains(sentence, error, StringComparison.Ordinal);
        Assert.Single(error.TrimEnd().Split('\n'));
    }

    [Theory]
    [InlineData("run")]
    [InlineData("check")]
    [InlineData("demo")]
    [InlineData("send")]
    [InlineData("sql")]
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
