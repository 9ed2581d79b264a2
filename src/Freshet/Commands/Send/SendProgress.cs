using System.Diagnostics;
using Freshet.Server;
using Spectre.Console;

namespace Freshet.Commands.Send;

/// <summary>Runs a <see cref="SendPlan"/> with a progress bar where there is a terminal, and ends with a summary in any case.</summary>
internal static class SendProgress
{
    public static async Task<int> RunAsync(SendPlan plan, bool json, CancellationToken cancellation)
    {
        await using var file = EventFile.Open(plan.File);
        await using var stream = EventFile.Unpacked(file);
        var tally = new SendTally();
        var started = Stopwatch.GetTimestamp();
        var sending = Sender.RunAsync(plan, EventFile.ReadAsync(stream, cancellation), tally, cancellation);
        var interrupted = false;
        try
        {
            if (Console.IsOutputRedirected || json) await sending;
            else await ShowAsync(plan, file, tally, sending);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            interrupted = true;
        }
        finally
        {
            Summarize(tally, Stopwatch.GetElapsedTime(started), json);
        }

        if (interrupted) return 130;
        return tally.Failed > 0 || (tally.Sent == 0 && tally.Rejected > 0) ? UserException.Failed : 0;
    }

    private static Task ShowAsync(SendPlan plan, Stream file, SendTally tally, Task sending) =>
        AnsiConsole.Progress()
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .StartAsync(async context =>
            {
                var task = context.AddTask(Markup.Escape(Path.GetFileName(plan.File)), maxValue: file.CanSeek ? Math.Max(1, file.Length) : 1);
                var started = Stopwatch.GetTimestamp();
                while (!sending.IsCompleted)
                {
                    await Task.WhenAny(sending, Task.Delay(200));
                    if (file.CanSeek) task.Value = file.Position;
                    var seconds = Math.Max(0.001, Stopwatch.GetElapsedTime(started).TotalSeconds);
                    task.Description = Markup.Escape($"{tally.Sent:N0} events, {tally.Sent / seconds:N0}/s");
                }

                await sending;
                task.Value = task.MaxValue;
            });

    private static void Summarize(SendTally tally, TimeSpan took, bool json)
    {
        var rate = tally.Sent / Math.Max(0.001, took.TotalSeconds);
        if (json)
        {
            Console.WriteLine(System.Text.Json.JsonSerializer.Serialize(new { acknowledged = tally.Sent, seconds = Math.Round(took.TotalSeconds, 3), eventsPerSecond = Math.Round(rate), rejected = tally.Rejected, failed = tally.Failed, retries = tally.Retries, firstRejected = tally.FirstProblem }));
            return;
        }

        Console.WriteLine($"{tally.Sent:N0} events acknowledged in {took.TotalSeconds:0.0} s ({rate:N0}/s), {tally.Rejected:N0} rejected, {tally.Failed:N0} failed, {tally.Retries:N0} retries");
        if (tally.FirstProblem is { } problem) Console.WriteLine($"first rejected: {problem}");
    }
}
