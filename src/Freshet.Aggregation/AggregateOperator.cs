using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;
using Freshet.Dataflow;
using Freshet.Dataflow.Errors;
using Freshet.Dataflow.Tables;
using Freshet.Kernels;

namespace Freshet.Aggregation;

/// <summary>
/// GROUP BY with retractions. A row of state for each group: its key, the net weight of its rows, and the accumulators of all
/// calls. Output at the end of the step, once for each group whose result changed: the old row taken back, the new row added;
/// a group appears with its first row and disappears when the weights of its rows add up to 0. Without keys there is one
/// group, of share 0, that is always there: its row is added in the first step.
/// DISTINCT is this operator without calls.
/// Side output 0: a row for each result that does not fit its type, taken back when it fits again.
/// Cost: one look-up of the batch in the group index, then one loop for each call; at the end of the step two rows for each
/// changed group. Order of output: first touch in the step, never that of the index.
/// </summary>
public sealed unsafe class AggregateOperator : Operator
{
    /// <summary>Rows whose groups are changed together: their state stays in the cache from the look-up to the last call.</summary>
    private const int BlockRows = 4096;

    private const int PrefetchAhead = 16;

    private readonly AggregateSpec _spec;
    private readonly int[] _keys;
    private readonly bool _ownsGlobalGroup;
    private readonly KeyedTable _table;
    private readonly AccumulatorSet _accumulators;
    private readonly GroupTimers? _timers;

    /// <summary>The groups by a part of their key; null where nobody looks for them so, or by the whole key.</summary>
    private readonly GroupsByKey? _byKey;
    private readonly ErrorRows _errors = new([]);
    private readonly List<FailedResult> _failures = [];
    private readonly List<ChangedGroups> _changed = [];
    private readonly Stack<ChangedGroups> _spare = new();
    private readonly List<int> _ended = [];
    private bool _ending;
    private int _next;
    private Batch? _added;

    /// <param name="share">The operator's share; the group of a global aggregate is in share 0.</param>
    /// <param name="seed">The database's hash seed.</param>
    public AggregateOperator(AggregateSpec spec, int share, ulong seed)
    {
        _spec = spec;
        _keys = [.. spec.Keys];
        _ownsGlobalGroup = spec.IsGlobal && share == 0;
        _accumulators = new AccumulatorSet(spec.InputTypes, spec.Position, spec.Calls, spec.IsAppendOnly, sizeof(GroupHeader), seed, groupsStay: spec.IsAppendOnly && spec.Until < 0);
        if (spec.Until >= 0) _timers = new GroupTimers();
        var link = _accumulators.StateBytes + 7 & ~7;
        var isFoundByPart = !spec.FoundBy.IsEmpty && !spec.FoundBy.SequenceEqual(Enumerable.Range(0, _keys.Length));
        _table = new KeyedTable([.. spec.Keys.Select(k => spec.InputTypes[k].Physical)], isFoundByPart ? link + sizeof(GroupLink) : _accumulators.StateBytes, seed);
        if (isFoundByPart) _byKey = new GroupsByKey(spec.InputTypes, [.. spec.FoundBy.Select(k => _keys[k])], _table, link, seed);
    }

    public override long StateRows => _table.Rows + _accumulators.ExtraRows;

    public override long StateBytes => _table.Bytes + _accumulators.ExtraBytes + (_timers?.Bytes ?? 0) + (_byKey?.Bytes ?? 0);

    public override long DueClock => _timers?.First ?? EndWatermark;

    public override long DueClockAfter(long clockMicros) => _timers?.After(clockMicros) ?? EndWatermark;

    public override long ClockStride(long clockMicros, int rows) => _timers?.Stride(clockMicros, rows) ?? clockMicros;

    public override bool RestsWithoutRows => !_spec.IsGlobal && _timers is null;

    public override void Accept(int port, Batch batch, StepContext step)
    {
        var scratch = BatchMemory.Create();
        var room = Math.Min(batch.Count, BlockRows);
        var slots = scratch.Allocate<int>(room);
        var groups = (byte**)scratch.Allocate<nint>(room);
        var rows = RowNumbers.Of(batch);
        var total = batch.Count;
        if (_timers is not null) rows = GroupTimers.NotOver(batch.Columns[_spec.Until], rows, ref total, step.ClockMicros, scratch);
        var hashes = _table.Hash(batch, _keys, scratch);
        for (var from = 0; from < total; from += BlockRows)
        {
            var input = new AccumulatorInput { Count = Math.Min(BlockRows, total - from), Rows = rows + from, Groups = groups, Weights = batch.Weights };
            _table.FindOrAdd(batch, _keys, hashes, input.Rows, input.Count, scratch, slots, groups);
            RememberOld(batch, input, slots, scratch, step.Step);
            AggregateKernel.AddRows(input);
            _accumulators.Add(batch, input, slots, scratch);
        }

        scratch.Release();
        batch.Release();
    }

    public override void EndOfInput(StepContext step, long watermark)
    {
        _ending = true;
        _next = 0;
        if (_timers is not null) Expire(step);
        if (!_ownsGlobalGroup || _table.Rows > 0) return;

        // The group of a global aggregate exists from the first step on, with or without rows.
        var scratch = BatchMemory.Create();
        var none = new Batch(scratch, [], 1);
        byte* group;
        int slot;
        _table.FindOrAdd(none, _keys, RowNumbers.Of(none), 1, scratch, &slot, &group);
        RememberOld(none, new AccumulatorInput { Count = 1, Rows = RowNumbers.Of(none), Groups = &group }, &slot, scratch, step.Step);
        none.Release();
    }

    public override Batch? Produce(StepContext step)
    {
        if (_added is { } added)
        {
            _added = null;
            return added;
        }

        if (!_ending) return null;
        while (_next < _changed.Count)
        {
            var groups = _changed[_next++];
            var removed = Compare(groups);
            groups.Memory.Release();
            _spare.Push(groups);
            if (removed is not null) return removed;
            if (_added is null) continue;
            added = _added;
            _added = null;
            return added;
        }

        _changed.Clear();
        _next = 0;
        _errors.FlushWithoutPosition();
        _ending = false;
        return null;
    }

    public override void EndOfStep()
    {
        if (_timers is not null && _ended.Count > 0) Forget();
        foreach (var slot in _ended)
        {
            var group = _table.At(slot);
            _accumulators.Release(&group, 1);
            _byKey?.Remove(slot);
            _table.Remove(slot);
        }

        _ended.Clear();
        _accumulators.EndOfStep();
        _byKey?.EndOfStep();
        _table.EndOfStep();
    }

    public override int Sides => 1;

    public override Batch? TakeSide(int side) => side == 0 ? _errors.Take() : null;

    public override void Dispose()
    {
        // Only a step that was broken off leaves them.
        _added?.Release();
        for (; _next < _changed.Count; _next++) _changed[_next].Memory.Release();
        _accumulators.Dispose(_table);
        _timers?.Dispose();
        _byKey?.Dispose();
        _table.Dispose();
        base.Dispose();
    }

    /// <summary>The first group of each row's key, by the keys of <see cref="AggregateSpec.FoundBy"/>; <see cref="KeyedTable.None"/> where there is none.</summary>
    internal void FindFirst(Batch batch, ReadOnlySpan<int> columns, int* rows, int count, int* first, BatchMemory scratch)
    {
        if (_byKey is null) _table.Find(batch, columns, rows, count, scratch, first);
        else _byKey.FindFirst(batch, columns, rows, count, first, scratch);
    }

    /// <summary>The group after one of the same key, or <see cref="KeyedTable.None"/>.</summary>
    internal int NextOf(int slot) => _byKey?.Next(slot) ?? KeyedTable.None;

    /// <summary>Whether a group has a row in the result: that of the step once all of it has been given.</summary>
    internal bool IsInResult(int slot) => ((GroupHeader*)_table.Read(slot))->HasRow;

    /// <summary>The rows of groups that are in the result: their keys, then the results of the calls. Long texts are good until the end of the step.</summary>
    internal void ReadResults(int* slots, int count, Span<Column> into, BatchMemory memory)
    {
        var stored = _table.Addresses(slots, count, memory);
        for (var i = 0; i < _keys.Length; i++) into[i] = _table.ReadColumn(i, stored, count, memory);
        var groups = (byte**)memory.Allocate<nint>(count);
        for (var i = 0; i < count; i++) groups[i] = _table.At(slots[i]);
        for (var i = 0; i < _spec.Calls.Length; i++) into[_keys.Length + i] = _accumulators[i].Read(groups, count, memory, _failures);

        // What does not fit its type was told when the result was given.
        _failures.Clear();
    }

    /// <summary>Reads the results of groups that this step has not touched before, before anything is added to them.</summary>
    private void RememberOld(Batch batch, in AccumulatorInput input, int* slots, BatchMemory scratch, long step)
    {
        var touched = scratch.Allocate<int>(input.Count);
        var count = AggregateKernel.Touch(input.Groups, input.Count, step, touched);
        if (count == 0) return;
        var changed = Remember(input.Groups, slots, touched, count, scratch);
        for (var i = 0; i < count; i++) touched[i] = input.Rows[touched[i]];
        _byKey?.Add(batch, touched, changed.Slots, count, scratch);
        var points = false;
        for (var i = 0; i < _keys.Length; i++) changed.Keys[i] = GatherKernel.Gather(batch.Columns[_keys[i]], touched, count, changed.Memory, ref points);
        if (points) changed.Memory.Retain(batch.Memory);
        _timers?.Add(batch.Columns[_spec.Until], touched, changed);
    }

    /// <summary>What groups were before the step, but for their keys.</summary>
    /// <param name="touched">Their places in the lists.</param>
    private ChangedGroups Remember(byte** all, int* slots, int* touched, int count, BatchMemory scratch)
    {
        var changed = _spare.TryPop(out var used) ? used : new ChangedGroups { Keys = new Column[_keys.Length], Old = new Column[_spec.Calls.Length] };
        var memory = BatchMemory.Create();
        changed.Memory = memory;
        changed.Count = count;
        changed.Slots = memory.Allocate<int>(count);
        changed.HadRows = memory.Allocate<byte>(count);
        changed.AnyHadRows = false;
        var groups = (byte**)scratch.Allocate<nint>(count);
        for (var i = 0; i < count; i++)
        {
            groups[i] = all[touched[i]];
            changed.Slots[i] = slots[touched[i]];
            var had = ((GroupHeader*)groups[i])->HasRow ? (byte)1 : (byte)0;
            changed.HadRows[i] = had;
            changed.AnyHadRows |= had != 0;
        }

        if (changed.AnyHadRows)
        {
            for (var i = 0; i < changed.Old.Length; i++) changed.Old[i] = Read(i, groups, changed, changed.HadRows, -1);
        }

        _changed.Add(changed);
        return changed;
    }

    /// <summary>The groups whose moment has come leave the result, with all that they hold.</summary>
    private void Expire(StepContext step)
    {
        for (var due = _timers!.TakeDue(step.ClockMicros); due.Length > 0; due = due[Math.Min(due.Length, BlockRows)..])
        {
            var scratch = BatchMemory.Create();
            var count = Math.Min(due.Length, BlockRows);
            var slots = scratch.Allocate<int>(count);
            var groups = (byte**)scratch.Allocate<nint>(count);
            due[..count].CopyTo(new Span<int>(slots, count));
            for (var i = 0; i < count; i++) groups[i] = _table.At(slots[i]);
            var touched = scratch.Allocate<int>(count);
            if (AggregateKernel.Touch(groups, count, step.Step, touched) is > 0 and var first)
            {
                var changed = Remember(groups, slots, touched, first, scratch);
                for (var i = 0; i < _keys.Length; i++) changed.Keys[i] = _table.ReadColumn(i, changed.Slots, first, changed.Memory);
            }

            for (var i = 0; i < count; i++) ((GroupHeader*)groups[i])->Rows = 0;
            scratch.Release();
        }
    }

    /// <summary>Groups that end need no timer.</summary>
    private void Forget()
    {
        var scratch = BatchMemory.Create();
        var slots = scratch.Allocate<int>(_ended.Count);
        for (var i = 0; i < _ended.Count; i++) slots[i] = _ended[i];
        _timers!.Remove(_table.ReadColumn(Array.IndexOf(_keys, _spec.Until), slots, _ended.Count, scratch), slots, _ended.Count);
        scratch.Release();
    }

    /// <summary>Reads the groups again; returns the rows that are taken back (null for none) and leaves those that are added in <see cref="_added"/>.</summary>
    private Batch? Compare(ChangedGroups changed)
    {
        var count = changed.Count;
        var memory = changed.Memory;
        var groups = (byte**)memory.Allocate<nint>(count);
        var has = memory.Allocate<byte>(count);
        for (var i = 0; i < count; i++)
        {
            if (i + PrefetchAhead < count) _table.Prefetch(changed.Slots[i + PrefetchAhead]);
            groups[i] = _table.At(changed.Slots[i]);
            var header = (GroupHeader*)groups[i];
            header->HasRow = header->Rows > 0 || _spec.IsGlobal;
            has[i] = header->HasRow ? (byte)1 : (byte)0;
            if (header->Rows == 0 && !_spec.IsGlobal) _ended.Add(changed.Slots[i]);
        }

        var differ = memory.Allocate<byte>(count);
        new Span<byte>(differ, count).Clear();
        var results = new Column[_keys.Length + _spec.Calls.Length];
        changed.Keys.CopyTo(results, 0);
        for (var i = 0; i < _spec.Calls.Length; i++)
        {
            results[_keys.Length + i] = Read(i, groups, changed, has, 1);
            if (changed.AnyHadRows) AggregateKernel.MarkChanged(changed.Old[i], results[_keys.Length + i], count, differ);
        }

        var oldRows = memory.Allocate<int>(count);
        var newRows = memory.Allocate<int>(count);
        AggregateKernel.Select(changed.HadRows, has, differ, count, oldRows, out var oldCount, newRows, out var newCount);
        if (newCount > 0) _added = Output(memory, results, count, newRows, newCount);
        if (oldCount == 0) return null;
        var olds = new Column[results.Length];
        changed.Keys.CopyTo(olds, 0);
        changed.Old.CopyTo(olds, _keys.Length);
        var removed = Output(memory, olds, count, oldRows, oldCount);
        removed.Weights = memory.Allocate<long>(count);
        new Span<long>(removed.Weights, count).Fill(-1);
        return removed;
    }

    private static Batch Output(BatchMemory memory, Column[] columns, int count, int* rows, int selected)
    {
        memory.AddReference();
        var batch = new Batch(memory, columns, count);
        if (selected < count) batch.Select(rows, selected);
        return batch;
    }

    private Column Read(int call, byte** groups, ChangedGroups changed, byte* exists, long weight)
    {
        var column = _accumulators[call].Read(groups, changed.Count, changed.Memory, _failures);
        foreach (var failure in _failures)
        {
            if (exists[failure.Index] == 0) continue;
            _errors.Add(0, _spec.Calls[call].Name, failure.Value, failure.Reason ?? OverflowReason(_spec.Calls[call].ResultType), weight);
        }

        _failures.Clear();
        return column;
    }

    internal static string OverflowReason(SqlType type) => $"The result does not fit {type.Name}; cast the argument to a wider type.";
}
