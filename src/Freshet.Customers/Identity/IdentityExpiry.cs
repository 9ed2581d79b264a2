using Freshet.Dataflow;
using Freshet.State.Ordering;
using Freshet.State.Pages;

namespace Freshet.Customers.Identity;

/// <summary>
/// Until when the profiles of devices stay that nobody is known by: without an event for a time they are over, and whoever comes back
/// starts anew.
/// <para>Two clocks decide. For the fold it is the latest received_at of the log so far, so that what it does depends on the log alone. For
/// readers it is the step's clock: a profile whose time is over there is hidden, and forgotten when the log has come as far; an event that
/// was received before and comes behind finds it as it was.</para>
/// Invariant: a profile is shown exactly while its end is after the step's clock; a timer stands at or before each end.
/// Cost: an entry of an index for each such profile, which an event does not move; a hidden profile is forgotten within a bounded part of a step.
/// </summary>
internal sealed unsafe class IdentityExpiry(IdentityGraph graph, long ttlMicros) : IDisposable
{
    /// <summary>Hidden profiles that a step forgets at most; the others are over all the same.</summary>
    private const int ForgottenMax = 4096;

    // Words: time, profile.
    private readonly OrderedIndex<WordOrder> _shown = new(2, new WordOrder(2), new PageVersions());
    private readonly OrderedIndex<WordOrder> _hidden = new(2, new WordOrder(2), new PageVersions());
    private readonly Buffer<uint> _due = new();
    private long _logMicros;

    public long Bytes => _shown.Bytes + _hidden.Bytes;

    /// <summary>Profiles that a timer stands for.</summary>
    public long Timers => _shown.Count;

    public long DueClock => FirstFrom(0);

    public long DueClockAfter(long clockMicros) => FirstFrom(OrderedKey.Of(clockMicros) + 1);

    public long ClockStride(long clockMicros, int rows)
    {
        var from = stackalloc ulong[2] { 0, 0 };
        var cursor = _shown.Seek(from);
        for (var i = 0; _shown.TryNext(ref cursor, out var entry) && OrderedKey.ToInt64(entry[0]) <= clockMicros; i++)
            if (i >= rows) return OrderedKey.ToInt64(entry[0]);
        return clockMicros;
    }

    /// <summary>The log has come to an event.</summary>
    public void Advance(long receivedAt) => _logMicros = Math.Max(_logMicros, receivedAt);

    /// <summary>Whether a profile is over for the event that the log has come to.</summary>
    public bool IsOver(uint profile)
    {
        if (ttlMicros == 0) return false;
        var row = graph.Profile(profile);
        return row->Known == 0 && row->LastActive <= _logMicros - ttlMicros;
    }

    /// <summary>An event is the profile's, or has made it.</summary>
    public void Renew(uint profile)
    {
        if (ttlMicros == 0) return;
        var row = graph.Profile(profile);
        if (row->IsHidden != 0)
        {
            Remove(profile);
            graph.Hide(profile, 0);
        }

        row->LastActive = _logMicros;
        if (row->Known > 0) Remove(profile);
        else if (row->Timer == 0) SetTimer(_shown, profile, _logMicros + ttlMicros);
    }

    /// <summary>A profile is no more, or somebody's.</summary>
    public void Remove(uint profile)
    {
        var row = graph.Profile(profile);
        if (row->Timer == 0) return;
        var words = stackalloc ulong[2] { OrderedKey.Of(row->Timer), profile };
        (row->IsHidden != 0 ? _hidden : _shown).Remove(words);
        row->Timer = 0;
    }

    /// <summary>Hides what is over by the step's clock, and forgets what is over by the log.</summary>
    public void Settle(long clockMicros)
    {
        if (ttlMicros == 0) return;
        Take(_shown, clockMicros, int.MaxValue);
        foreach (var profile in _due.Items)
        {
            var row = graph.Profile(profile);
            Remove(profile);
            var end = row->LastActive + ttlMicros;
            if (end <= clockMicros) graph.Hide(profile, 1);
            SetTimer(row->IsHidden != 0 ? _hidden : _shown, profile, end);
        }

        Take(_hidden, _logMicros, ForgottenMax);
        foreach (var profile in _due.Items) graph.Erase(profile);
    }

    public void Dispose()
    {
        _shown.Dispose();
        _hidden.Dispose();
    }

    /// <summary>The profiles whose timers stand up to a time.</summary>
    private void Take(OrderedIndex<WordOrder> timers, long until, int most)
    {
        _due.Clear();
        var from = stackalloc ulong[2] { 0, 0 };
        for (var cursor = timers.Seek(from); _due.Count < most && timers.TryNext(ref cursor, out var entry) && OrderedKey.ToInt64(entry[0]) <= until;) _due.Add() = (uint)entry[1];
    }

    private void SetTimer(OrderedIndex<WordOrder> timers, uint profile, long time)
    {
        graph.Profile(profile)->Timer = time;
        var words = stackalloc ulong[2] { OrderedKey.Of(time), profile };
        timers.Put(words, 0);
    }

    private long FirstFrom(ulong word)
    {
        if (_shown.Count == 0) return Operator.EndWatermark;
        var from = stackalloc ulong[2] { word, 0 };
        var cursor = _shown.Seek(from);
        return _shown.TryRead(ref cursor, out var entry) ? OrderedKey.ToInt64(entry[0]) : Operator.EndWatermark;
    }
}
