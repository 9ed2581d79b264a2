using System.Collections.Immutable;
using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;

namespace Freshet.Dataflow.Arrangements;

/// <summary>
/// Rows of an append-only input by key, of which each can find partners only until the watermark is so much past its time. They lie in
/// panes of time, each an <see cref="Arrangement"/> with keys of its own, so that a pane goes as a whole when its latest row can
/// match nothing any more: expiry costs nothing a row.
/// Invariant: a row that some later row of the other side may match is in exactly one pane. A row without a time matches nothing.
/// Rows of a dropped pane and their texts stay readable until <see cref="EndOfStep"/>.
/// Cost: one look-up for each row and pane to find partners, one to store a row.
/// </summary>
internal sealed unsafe class ExpiringRows(ImmutableArray<SqlType> types, ImmutableArray<int> keys, int timeColumn, long holdMicros, ulong seed) : IDisposable
{
    private const int PanesPerHold = 4;
    private const long PaneMicrosMin = 1_000_000;

    /// <summary>Beyond it rows go to the pane that is nearest: a watermark that stands still makes no more of them.</summary>
    private const int PanesMax = 64;

    private readonly int[] _keys = [.. keys];
    private readonly long _paneMicros = Math.Max(PaneMicrosMin, Math.Abs(holdMicros) / PanesPerHold);
    private readonly List<Pane> _panes = [];
    private readonly List<Pane> _dropped = [];
    private long _watermark = Operator.NoWatermark;

    public long Rows => _panes.Sum(p => p.Rows.Rows);

    public long Bytes => _panes.Concat(_dropped).Sum(p => p.Rows.Bytes + p.Keys.Bytes);

    public int Panes => _panes.Count;

    public Arrangement RowsOf(int pane) => _panes[pane].Rows;

    /// <summary>Stores rows, but those that are too old to match anything that is still to come. No row has a NULL in its key.</summary>
    public void Add(Batch batch, int* rows, int count, BatchMemory scratch)
    {
        var left = scratch.Allocate<int>(count);
        var chosen = scratch.Allocate<int>(count);
        var leftCount = 0;
        var times = batch.Columns[timeColumn];
        for (var i = 0; i < count; i++)
            if (times.IsValid(rows[i]) && !IsOver(TimeOf(times, rows[i]))) left[leftCount++] = rows[i];
        while (leftCount > 0)
        {
            // Rows come nearly in order of time: one turn, or two, takes all.
            var pane = PaneOf(NumberOf(TimeOf(times, left[0])));
            var chosenCount = 0;
            var keptCount = 0;
            for (var i = 0; i < leftCount; i++)
            {
                var time = TimeOf(times, left[i]);
                if (i > 0 && NumberOf(time) != pane.Number)
                {
                    left[keptCount++] = left[i];
                    continue;
                }

                chosen[chosenCount++] = left[i];
                pane.LatestMicros = Math.Max(pane.LatestMicros, time);
            }

            leftCount = keptCount;
            var slots = scratch.Allocate<int>(chosenCount);
            var keySlots = scratch.Allocate<int>(chosenCount);
            var firsts = (int**)scratch.Allocate<nint>(chosenCount);
            pane.Keys.FindOrAdd(batch, _keys, chosen, chosenCount, scratch, keySlots, firsts);
            pane.Rows.Place(batch, chosen, chosenCount, slots, keySlots, firsts, scratch);
            pane.Rows.AddWeights(batch, chosen, slots, chosenCount);
        }
    }

    /// <summary>The first row in a pane of the key of each row, or <see cref="Arrangement.None"/>.</summary>
    public void FindFirst(int pane, Batch batch, ReadOnlySpan<int> columns, int* rows, int count, int* first, BatchMemory scratch) =>
        _panes[pane].Keys.FindFirst(0, batch, columns, rows, count, first, scratch);

    /// <summary>The watermark has come so far.</summary>
    public void Expire(long watermark)
    {
        _watermark = Math.Max(_watermark, watermark);
        for (var i = _panes.Count - 1; i >= 0; i--)
        {
            if (!IsOver(_panes[i].LatestMicros)) continue;
            _dropped.Add(_panes[i]);
            _panes.RemoveAt(i);
        }
    }

    public void EndOfStep()
    {
        foreach (var pane in _dropped) Free(pane);
        _dropped.Clear();
        foreach (var pane in _panes)
        {
            pane.Rows.EndOfStep();
            pane.Keys.EndOfStep();
        }
    }

    public void Dispose()
    {
        foreach (var pane in _panes) Free(pane);
        foreach (var pane in _dropped) Free(pane);
        _panes.Clear();
        _dropped.Clear();
    }

    private static void Free(Pane pane)
    {
        pane.Rows.Dispose();
        pane.Keys.Dispose();
    }

    private static long TimeOf(in Column times, int row) => times.As<long>()[times.IndexOf(row)];

    private bool IsOver(long time) => _watermark != Operator.NoWatermark && (_watermark == Operator.EndWatermark || time + (Int128)holdMicros <= _watermark);

    private long NumberOf(long time) => time >= 0 ? time / _paneMicros : -((-time - 1) / _paneMicros) - 1;

    private Pane PaneOf(long number)
    {
        var nearest = -1;
        for (var i = _panes.Count - 1; i >= 0; i--)
        {
            if (_panes[i].Number == number) return _panes[i];
            if (nearest < 0 || Math.Abs(_panes[i].Number - number) < Math.Abs(_panes[nearest].Number - number)) nearest = i;
        }

        if (_panes.Count >= PanesMax) return _panes[nearest];
        var keysOfPane = new ArrangedKeys(types, keys, 1, seed);
        var pane = new Pane(number, keysOfPane, new Arrangement(types, keysOfPane, 0, isAppendOnly: true, countsMatches: false, seed));
        _panes.Add(pane);
        return pane;
    }

    private sealed class Pane(long number, ArrangedKeys keys, Arrangement rows)
    {
        public long Number => number;

        public ArrangedKeys Keys => keys;

        public Arrangement Rows => rows;

        public long LatestMicros { get; set; } = long.MinValue;
    }
}
