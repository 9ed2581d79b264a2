namespace Freshet.Commands.Send;

/// <summary>What to send where and how fast.</summary>
internal sealed record SendPlan(string File, Uri Server, string Key)
{
    public double? EventsPerSecond { get; init; }

    /// <summary>How many times as fast as the events' own timestamps.</summary>
    public double? Speed { get; init; }

    public int Connections { get; init; } = 4;

    public int BatchEvents { get; init; } = 100;

    /// <summary>Bytes of a request stay below the server's 500 KiB.</summary>
    public int BatchBytes { get; init; } = 450_000;
}

/// <summary>What has become of the events so far; fields are changed by several senders with interlocked additions.</summary>
internal sealed class SendTally
{
    public long Read;
    public long Sent;
    public long Rejected;
    public long Failed;
    public long Retries;

    /// <summary>The first refusal, to be shown.</summary>
    public string? FirstProblem;
}
