using Freshet.Engine;

namespace Freshet.Server.Visitors;

/// <summary>Wakes whoever waits for the next published step. Any thread; costs the engine's thread one exchange a step.</summary>
internal sealed class StepPulse : IDisposable
{
    private readonly IDisposable _following;
    private TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public StepPulse(Pipeline pipeline) => _following = pipeline.Follow(_ => Interlocked.Exchange(ref _next, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult());

    /// <summary>Completes with the next step that is published after this was read.</summary>
    public Task Next => Volatile.Read(ref _next).Task;

    public void Dispose() => _following.Dispose();
}
