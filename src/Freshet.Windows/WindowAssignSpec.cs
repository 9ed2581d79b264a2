using System.Collections.Immutable;

namespace Freshet.Windows;

/// <summary>A window table function: the input's columns, then window_start, window_end and window_time (end - 1 ms).</summary>
/// <param name="Window">The windows.</param>
/// <param name="TimeColumn">The time attribute in the input, µs.</param>
/// <param name="TimeName">Its name, for error rows.</param>
/// <param name="PositionColumns">Columns of the input that an error row carries.</param>
public sealed record WindowAssignSpec(WindowSpec Window, int TimeColumn, string TimeName, ImmutableArray<int> PositionColumns);
