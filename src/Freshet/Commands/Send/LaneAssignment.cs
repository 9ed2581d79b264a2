namespace Freshet.Commands.Send;

/// <summary>
/// Which of the parallel lanes an event takes, so that the events of one person stay in order: every id has a lane, and a
/// device whose owner becomes known moves to the owner's lane. <see cref="Of"/> says when that needs the old lane to be empty first.
/// Memory: one entry for each id seen.
/// </summary>
internal sealed class LaneAssignment(int lanes)
{
    private readonly Dictionary<string, int> _laneOf = new(StringComparer.Ordinal);
    private int _next;

    /// <param name="mustDrain">A lane that must have sent everything before this event may go; -1 for none.</param>
    public int Of(in EventLine line, out int mustDrain)
    {
        mustDrain = -1;
        var user = line.UserId is { Length: > 0 } u && _laneOf.TryGetValue("u" + u, out var userLane) ? userLane : -1;
        var device = line.AnonymousId is { Length: > 0 } a && _laneOf.TryGetValue("a" + a, out var deviceLane) ? deviceLane : -1;
        var lane = user >= 0 ? user : device >= 0 ? device : _next++ % lanes;
        if (user >= 0 && device >= 0 && user != device) mustDrain = device;
        if (line.UserId is { Length: > 0 }) _laneOf["u" + line.UserId] = lane;
        if (line.AnonymousId is { Length: > 0 }) _laneOf["a" + line.AnonymousId] = lane;
        return lane;
    }
}
