using Freshet.Engine.Journals;
using Freshet.Engine.Steps;

namespace Freshet.Engine.Tests.Steps;

public sealed class VisibilityTests
{
    [Fact]
    public async Task A_waiter_is_answered_by_the_step_that_takes_its_row()
    {
        var visibility = new Visibility();
        var third = visibility.WaitAsync("events", 0, 3, TestContext.Current.CancellationToken);
        var seventh = visibility.WaitAsync("events", 0, 7, TestContext.Current.CancellationToken);
        visibility.Publish(1, 0, [new StepInput("events", 0, 0, 4, InputMarks.None)]);
        Assert.Equal(1, await third);
        Assert.False(seventh.IsCompleted);
        visibility.Publish(2, 0, [new StepInput("events", 0, 4, 8, InputMarks.None)]);
        Assert.Equal(2, await seventh);
    }

    [Fact]
    public async Task A_row_that_is_visible_needs_no_wait()
    {
        var visibility = new Visibility();
        visibility.Publish(5, 0, [new StepInput("events", 0, 0, 10, InputMarks.None)]);
        Assert.Equal(5, await visibility.WaitAsync("events", 0, 9, default));
    }

    [Fact]
    public async Task When_the_engine_stops_nobody_waits_for_ever()
    {
        var visibility = new Visibility();
        var waiting = visibility.WaitAsync("events", 0, 0, default);
        visibility.Fail(new IOException("sync failed"));
        Assert.Contains("sync failed", (await Assert.ThrowsAsync<InvalidOperationException>(() => waiting)).Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<InvalidOperationException>(() => visibility.WaitAsync("events", 0, 0, default));
    }
}
