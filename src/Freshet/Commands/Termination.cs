using System.Runtime.InteropServices;

namespace Freshet.Commands;

/// <summary>
/// Ctrl-C, SIGTERM and SIGHUP as a token. The first asks the work to end; a second one ends the process at once, unless it comes with the
/// first: `timeout` and some shells send a signal to the process and once more to its group.
/// </summary>
internal sealed class Termination : IDisposable
{
    private const int TogetherMs = 300;

    private readonly CancellationTokenSource _source = new();
    private long _askedAt;
    private readonly PosixSignalRegistration[] _registrations;
    private readonly Func<long> _clockMs;

    /// <param name="clockMs">A clock of tests.</param>
    public Termination(Func<long>? clockMs = null)
    {
        _clockMs = clockMs ?? (() => Environment.TickCount64);
        _registrations = [.. new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP }.Select(s => PosixSignalRegistration.Create(s, OnSignal))];
    }

    public CancellationToken Token => _source.Token;

    public void Dispose()
    {
        foreach (var registration in _registrations) registration.Dispose();
        _source.Dispose();
    }

    internal void OnSignal(PosixSignalContext context)
    {
        var now = _clockMs();
        var first = Interlocked.CompareExchange(ref _askedAt, now, 0);
        if (first != 0 && now - first >= TogetherMs) return; // the default action ends the process
        context.Cancel = true;
        if (first == 0) _source.Cancel();
    }
}
