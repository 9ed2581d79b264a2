using System.Collections.Concurrent;
using Freshet.Customers.Plans;
using Freshet.Server.Configuration;
using Freshet.Server.Ingest;

namespace Freshet.Server.Plans;

/// <summary>Why an event breaks the plan; empty reasons never appear.</summary>
/// <param name="Blocks">It is not taken.</param>
/// <param name="IsUnplanned">Its name, or its version, has no plan.</param>
internal sealed record Verdict(string Event, bool Blocks, bool IsUnplanned, IReadOnlyList<string> Reasons)
{
    public string Sentence => IsUnplanned ? Reasons[0] : $"{Event} breaks its plan: {string.Join("; ", Reasons)}.";
}

/// <summary>
/// The tracking plan at the door: judges the staged events of a request before anything is appended. What blocks leaves the staged events, so that
/// the others are taken as if it had not come. Any thread. Where a project plans nothing there is no gate.
/// </summary>
internal sealed class PlanGate(IReadOnlyList<EventPlan> plans, UnplannedEvents unplanned)
{
    private readonly ILookup<string, EventPlan> _plans = plans.ToLookup(p => p.Event, StringComparer.Ordinal);
    private readonly Dictionary<EventPlan, ConcurrentBag<PlanJudge>> _judges = plans.ToDictionary(p => p, _ => new ConcurrentBag<PlanJudge>());

    /// <summary>What has been found since the topic of rejected events begins.</summary>
    public PlanCounters Counters { get; } = new();

    public static PlanGate? Of(IReadOnlyList<EventPlan>? plans, UnplannedEvents unplanned) =>
        plans is null || (plans.Count == 0 && unplanned == UnplannedEvents.Allow) ? null : new PlanGate(plans, unplanned);

    /// <summary>Judges records of the topic events; null for one that keeps its plan.</summary>
    public Verdict?[] Judge(IReadOnlyList<ReadOnlyMemory<byte>> values)
    {
        var verdicts = new Verdict?[values.Count];
        List<(int Index, EventPlan Plan)>? planned = null;
        for (var i = 0; i < verdicts.Length; i++)
        {
            var head = EventHead.Read(values[i].Span);
            if (!head.IsTrack || head.Event is not { } name) continue;
            if (PlanOf(name, head.Version) is { } plan) (planned ??= []).Add((i, plan));
            else if (unplanned != UnplannedEvents.Allow) verdicts[i] = Unplanned(name, head.Version);
        }

        foreach (var group in planned?.GroupBy(p => p.Plan) ?? [])
        {
            var indexes = group.Select(p => p.Index).ToList();
            List<List<string>> reasons = [.. indexes.Select(_ => new List<string>())];
            Judge(group.Key, [.. indexes.Select(i => values[i])], reasons);
            for (var i = 0; i < indexes.Count; i++)
                if (reasons[i].Count > 0) verdicts[indexes[i]] = new Verdict(group.Key.Event, group.Key.Blocks, false, reasons[i]);
        }

        return verdicts;
    }

    /// <summary>Judges what a request has staged: blocked events go to its rejected ones, and all violations to what is to be kept.</summary>
    public void Judge(IngestScratch scratch)
    {
        var staged = scratch.Staged;
        if (staged.Count == 0) return;
        var values = new ReadOnlyMemory<byte>[staged.Count];
        for (var i = 0; i < values.Length; i++) values[i] = staged.ValueMemory(staged[i]);
        var verdicts = Judge(values);
        if (Array.TrueForAll(verdicts, v => v is null)) return;
        var kept = 0;
        for (var i = 0; i < verdicts.Length; i++)
        {
            if (verdicts[i] is { } verdict && !staged[i].IsSuppressed)
            {
                var e = staged[i];
                var (start, end) = scratch.MessageIdOf(e.Index);
                var answered = new RejectedEvent(e.Index, start, end, verdict.Sentence) { Code = verdict.IsUnplanned ? "unplanned_event" : "plan_violation" };
                scratch.Violations.Add(new Violation(verdict, RejectedRecord.Write(verdict, values[i].Span), e.Fingerprint, verdict.Blocks ? -1 : kept));
                (verdict.Blocks ? scratch.Rejected : scratch.Warnings).Add(answered);
                if (verdict.Blocks) continue;
            }

            staged[kept++] = staged[i];
        }

        staged.Cut(kept);
        scratch.Rejected.Sort((a, b) => a.Index.CompareTo(b.Index));
    }

    private EventPlan? PlanOf(string name, int? version)
    {
        foreach (var plan in _plans[name])
            if (plan.Version is null || (version is null ? plan.IsOldest : plan.Version == version)) return plan;
        return null;
    }

    private Verdict Unplanned(string name, int? version)
    {
        var sentence = _plans.Contains(name) ? $"The event {name} has no plan for its version {version}." : $"The event {name} is in no plan.";
        return new Verdict(name, unplanned == UnplannedEvents.Block, true, [sentence]);
    }

    private void Judge(EventPlan plan, IReadOnlyList<ReadOnlyMemory<byte>> values, IReadOnlyList<List<string>> reasons)
    {
        if (!_judges[plan].TryTake(out var judge)) judge = new PlanJudge(plan);
        judge.Judge(values, reasons);
        _judges[plan].Add(judge);
    }
}

/// <summary>An event that breaks the plan, to be kept.</summary>
/// <param name="Record">For the topic of rejected events.</param>
/// <param name="Staged">Its place among the staged events that are taken; -1 where it is not taken.</param>
internal sealed record Violation(Verdict Verdict, byte[] Record, (ulong High, ulong Low) Fingerprint, int Staged);
