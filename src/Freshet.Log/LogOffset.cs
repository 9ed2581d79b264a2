namespace Freshet.Log;

/// <summary>The number of a record in its partition, from 0.</summary>
public readonly record struct LogOffset(long Value) : IComparable<LogOffset>
{
    public int CompareTo(LogOffset other) => Value.CompareTo(other.Value);

    public static LogOffset operator +(LogOffset offset, long records) => new(offset.Value + records);

    public static bool operator <(LogOffset left, LogOffset right) => left.Value < right.Value;

    public static bool operator >(LogOffset left, LogOffset right) => left.Value > right.Value;

    public static bool operator <=(LogOffset left, LogOffset right) => left.Value <= right.Value;

    public static bool operator >=(LogOffset left, LogOffset right) => left.Value >= right.Value;

    public override string ToString() => Value.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
