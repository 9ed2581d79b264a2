using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;
using Freshet.Dataflow.Tables;

namespace Freshet.Windows;

/// <summary>Rows of sessions that have closed on their way out: batches of the rows with the bounds of their session. Their texts are good until the end of the step.</summary>
internal sealed unsafe class SessionOutput(HeldRows rows, int columns, TimeZoneInfo? zone)
{
    private readonly List<(int Slot, long Start, long End)> _rows = [];
    private readonly Queue<Batch> _batches = new();

    /// <summary>Adds the rows of one session.</summary>
    public void Add(List<int> slots, long start, long end)
    {
        foreach (var slot in slots)
        {
            _rows.Add((slot, start, end));
            if (_rows.Count == Batch.TypicalRows) Flush();
        }
    }

    private void Flush()
    {
        if (_rows.Count == 0) return;
        var memory = BatchMemory.Create();
        var slots = memory.Allocate<int>(_rows.Count);
        for (var i = 0; i < _rows.Count; i++) slots[i] = _rows[i].Slot;
        var batch = rows.ReadBatch(slots, _rows.Count, memory, further: 3);
        for (var i = 0; i < 3; i++) batch.Columns[columns + i] = Column.Allocate(PhysicalKind.Int64, _rows.Count, memory);
        for (var i = 0; i < _rows.Count; i++)
        {
            batch.Columns[columns].As<long>()[i] = _rows[i].Start;
            batch.Columns[columns + 1].As<long>()[i] = _rows[i].End;
            batch.Columns[columns + 2].As<long>()[i] = WindowKernel.LastMoment(_rows[i].End, zone);
        }

        _rows.Clear();
        _batches.Enqueue(batch);
    }

    /// <summary>The next batch, or null.</summary>
    public Batch? Take()
    {
        Flush();
        return _batches.TryDequeue(out var batch) ? batch : null;
    }
}
