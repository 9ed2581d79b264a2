using System.Runtime.ExceptionServices;
using Freshet.Columns;
using Freshet.Engine.Sources;

namespace Freshet.Engine.Steps;

/// <summary>
/// Slices of the step that is thought to come next, decoded by a thread of the pool while this one runs. What is read is the source's own and
/// depends on nothing of the step; a guess that was wrong is thrown away. Whoever needs a slice that nobody has begun decodes it himself.
/// Cost: the memory of a second step's rows.
/// </summary>
internal sealed class ReadAhead : IDisposable
{
    private readonly List<Slice> _slices = [];
    private TableInput? _input;
    private int _partition;
    private long _from;
    private long _to;
    private Task _decoding = Task.CompletedTask;

    /// <summary>Begins to decode the rows of an input from one position to another.</summary>
    public void Begin(TableInput input, int partition, long from, long to)
    {
        Clear();
        if (from >= to) return;
        (_input, _partition, _from, _to) = (input, partition, from, to);
        var slices = new List<ISourceSlice>();
        input.Source.Slice(partition, from, to, slices);
        foreach (var slice in slices) _slices.Add(new Slice(slice));
        Slice[] decoded = [.. _slices];
        _decoding = Task.Run(() =>
        {
            foreach (var slice in decoded) slice.TryDecode();
        });
    }

    /// <summary>Adds the slices of these rows, if they are what was begun; false if they are not.</summary>
    public bool TryTake(TableInput input, int partition, long from, long to, List<ISourceSlice> into)
    {
        if (_input != input || _partition != partition || _from != from || _to != to) return false;
        // They stay known: of a step that fails before it has come to one, the rows are given back.
        into.AddRange(_slices);
        _input = null;
        return true;
    }

    public void Dispose() => Clear();

    private void Clear()
    {
        foreach (var slice in _slices) slice.Abandon();
        _slices.Clear();
        _input = null;
        // A slice that was taken has been waited for; one that is abandoned ends soon.
        _decoding.Wait();
    }

    private sealed unsafe class Slice(ISourceSlice slice) : ISourceSlice
    {
        private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly List<SourceError> _errors = [];
        private Batch? _batch;
        private ExceptionDispatchInfo? _failure;
        private int _claimed;
        private int _isAbandoned;

        public long* Timestamps => slice.Timestamps;

        public Batch Decode(List<SourceError> errors)
        {
            TryDecode();
            _done.Task.Wait();
            _failure?.Throw();
            errors.AddRange(_errors);
            return Interlocked.Exchange(ref _batch, null)!;
        }

        /// <summary>Decodes it, unless somebody does already.</summary>
        public void TryDecode()
        {
            if (Interlocked.Exchange(ref _claimed, 1) == 1) return;
            try
            {
                Volatile.Write(ref _batch, slice.Decode(_errors));
            }
#pragma warning disable CA1031 // It is thrown where the slice is taken.
            catch (Exception e)
#pragma warning restore CA1031
            {
                _failure = ExceptionDispatchInfo.Capture(e);
            }

            _done.SetResult();
            if (Volatile.Read(ref _isAbandoned) == 1) Release();
        }

        /// <summary>Nobody will take it any more.</summary>
        public void Abandon()
        {
            Volatile.Write(ref _isAbandoned, 1);
            if (Interlocked.Exchange(ref _claimed, 1) == 1 && _done.Task.IsCompleted) Release();
        }

        private void Release() => Interlocked.Exchange(ref _batch, null)?.Release();
    }
}
