using Freshet.Columns;

namespace Freshet.Engine.Sinks;

/// <summary>Takes rows and drops them: connector <c>blackhole</c>.</summary>
internal sealed class BlackholeSink : IRowSink
{
    public long LastStep => 0;

    public bool TakesChanges => true;

    public void Write(long step, IReadOnlyList<Batch> rows)
    {
    }

    public void Dispose()
    {
    }
}
