using Freshet.Columns.Memory;
using Freshet.State.Pages;
using Freshet.Testing.Scripts;

namespace Freshet.Testing.Tests.Scripts;

/// <summary>
/// A step that a limit of time or memory breaks off leaves batches where they were: waiting for an operator, half read in it, ready to
/// leave it. Whoever disposes of the circuit gives all of them back. Native memory is counted for the whole process, so no test runs beside; what
/// the threads of earlier tests still do is told apart by another attempt.
/// </summary>
[Collection("native memory")]
public sealed class BrokenOffTests
{
    private const int Attempts = 5;

    /// <summary>Places at which each script is broken off; FRESHET_TEST_BREAKS says another number.</summary>
    private static readonly int Places = int.TryParse(Environment.GetEnvironmentVariable("FRESHET_TEST_BREAKS"), out var places) ? places : 8;

    public static TheoryData<string> Files => [.. ScriptRunner.FilesOf(SqlScriptTests.Root).Select(f => Path.GetRelativePath(SqlScriptTests.Root, f))];

    [Theory]
    [MemberData(nameof(Files))]
    public void What_a_broken_off_step_has_left_is_given_back(string file)
    {
        var script = TestScript.Parse(file, File.ReadAllText(Path.Combine(SqlScriptTests.Root, file)));
        var batches = RunTo(script, int.MaxValue);
        var random = new Random(Seeds.Next());
        var places = batches <= Places ? Enumerable.Range(1, batches) : Enumerable.Range(0, Places).Select(_ => 1 + random.Next(batches));
        foreach (var place in places.Prepend(int.MaxValue))
        {
            var left = Left(script, place);
            for (var attempt = 1; left != 0 && attempt < Attempts; attempt++) left = Left(script, place);
            Assert.True(left == 0, $"Broken off before batch {place} of {batches}, {left} bytes are left.");
        }
    }

    /// <summary>Bytes of batches and state that a run has left.</summary>
    private static long Left(TestScript script, int place)
    {
        var before = NativePool.RentedBytes + StateMemory.UsedBytes;
        RunTo(script, place);
        return NativePool.RentedBytes + StateMemory.UsedBytes - before;
    }

    /// <summary>Runs a script until so many batches have been taken or made; how many it had.</summary>
    private static int RunTo(TestScript script, int place)
    {
        var batches = 0;
        using var pipeline = new TestPipeline(1, script.Blocks.Where(b => b.Kind == BlockKind.Insert && b.Lines.Any(l => ScriptRun.Row(l).Weight < 0)).Select(b => b.Argument))
        {
            BeforeBatch = () =>
            {
                if (++batches == place) throw new OperationCanceledException();
            },
        };
        try
        {
            foreach (var block in script.Blocks) ScriptRun.Do(pipeline, block, script.Name);
        }
        catch (OperationCanceledException)
        {
            // As asked.
        }

        return batches;
    }
}

/// <summary>Tests that count the process's native memory run alone.</summary>
[CollectionDefinition("native memory", DisableParallelization = true)]
public sealed class NativeMemoryCollection;
