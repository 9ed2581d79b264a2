using System.Collections.Immutable;
using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;
using Freshet.Engine.Sources;
using Freshet.Plan;
using Freshet.Plan.Catalog;

namespace Freshet.Engine.Nexmark;

/// <summary>
/// Connector <c>nexmark</c>: one timeline of generated events, bounded by their number; positions are event numbers from 0. Ranges are
/// asked for in order, since the draws of an event follow those of the one before. With <c>preload</c> all batches are made when
/// the source is opened. Only the fields that are read are made, with the draws of all; with <c>all-fields</c> all are.
/// </summary>
internal sealed class NexmarkSource : IRowSource
{
    private readonly NexmarkOptions _options;
    private readonly NexmarkField[] _fields;
    private readonly NexmarkField[] _made;
    private readonly NexmarkGenerator _generator;
    private readonly Queue<Batch> _ready = new();
    private long _sliced;

    public NexmarkSource(TableDefinition table, ImmutableArray<ScanColumn> columns)
    {
        Name = table.Name;
        _options = NexmarkOptions.Of(table);
        _fields = [.. columns.Select(c => NexmarkOptions.FieldOf(table, c))];
        _made = _options.MakesAllFields ? [.. Enumerable.Range(0, NexmarkColumns.Fields).Select(f => (NexmarkField)f)] : _fields;
        _generator = new NexmarkGenerator(_options.Seed, _options.BaseTimeMs, 1, _options.Rate, 1);
        if (!_options.IsPreloaded) return;
        while (_generator.Count < _options.Events) _ready.Enqueue(Make((int)Math.Min(Batch.TypicalRows, _options.Events - _generator.Count)));
    }

    public string Name { get; }

    public int Partitions => 1;

    public bool IsBounded => true;

    public long Start(int partition) => 0;

    /// <summary>What is made before is taken in whole batches.</summary>
    public long Limit(int partition, long from, int rows, long bytes) =>
        Math.Min(_options.Events, from + (_options.IsPreloaded ? Math.Max(rows - rows % Batch.TypicalRows, Batch.TypicalRows) : rows));

    public bool IsEnd(int partition, long position) => position >= _options.Events;

    public void Slice(int partition, long from, long to, List<ISourceSlice> slices)
    {
        if (from != _sliced) throw new InvalidOperationException($"Events are made in order: {from} was asked for after {_sliced}.");
        while (from < to)
        {
            var rows = (int)Math.Min(Batch.TypicalRows, to - from);
            if (_options.IsPreloaded && _ready.Peek().Rows != rows) throw new InvalidOperationException($"Preloaded events are taken in whole batches: {rows} were asked for, {_ready.Peek().Rows} are ready.");
            slices.Add(new ReadySlice(_options.IsPreloaded ? _ready.Dequeue() : Make(rows)));
            from += rows;
        }

        _sliced = to;
    }

    public void Dispose()
    {
        while (_ready.TryDequeue(out var batch)) batch.Release();
    }

    private unsafe Batch Make(int rows)
    {
        var memory = BatchMemory.Create();
        var filled = NexmarkColumns.Allocate(_made, rows, memory);
        var position = Column.Allocate(PhysicalKind.Int64, rows, memory);
        for (var i = 0; i < rows; i++) position.As<long>()[i] = _generator.Count + i;
        _generator.Fill(filled, rows, memory);
        var columns = new Column[_fields.Length + 1];
        for (var i = 0; i < _fields.Length; i++) columns[i] = filled.Column(_fields[i]);
        columns[^1] = position;
        return new Batch(memory, columns, rows);
    }

    private sealed class ReadySlice(Batch batch) : ISourceSlice
    {
        public Batch Decode(List<SourceError> errors) => batch;
    }
}
