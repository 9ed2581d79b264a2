using Freshet.Engine.Functions;

namespace Freshet.Testing.Tests.Functions;

/// <summary>Functions that tests/sql/functions calls.</summary>
public sealed class Initials : ScalarFunction
{
    public string Eval(string name) => string.Concat(name.Split(' ').Select(part => part[..1]));

    public string? Eval(string? name, int count) => name is null ? "nobody" : count < 0 ? null : count > name.Length ? throw new ArgumentException("the name is shorter") : name[..count];

    public long Eval(long first, params long[] others) => first + others.Sum();
}

public sealed class AddDays : ScalarFunction
{
    public DateTime? Eval(DateTime? time, double days) => time?.AddDays(days);

    public decimal Eval(decimal amount, bool isNegative) => isNegative ? -amount : amount;

    public DateOnly Eval(DateOnly date, short days) => date.AddDays(days);
}

public sealed class Words : TableFunction<Word>
{
    public IEnumerable<Word> Eval(string text) => text.Split(' ').Select((word, i) => new Word(word, word.Length, i % 2 == 0 ? i : null));
}

public sealed record Word(string Text, int Length, long? Place);

public sealed class Split : TableFunction<string>
{
    public IEnumerable<string> Eval(string text, string separator) => text.Split(separator);
}

/// <summary>How often the first number is more than the second: a struct in the group's state.</summary>
public sealed class LargerThanCount : AggregateFunction<long, LargerThanCount.Counter>
{
    public struct Counter
    {
        public long Count;
    }

    public void Accumulate(ref Counter counter, long? a, long? b) => counter.Count += a > b ? 1 : 0;

    public void Retract(ref Counter counter, long? a, long? b) => counter.Count -= a > b ? 1 : 0;

    public void Merge(ref Counter into, Counter from) => into.Count += from.Count;

    public override long GetValue(Counter accumulator) => accumulator.Count;
}

/// <summary>A sum that fails on 13 and cannot take rows back.</summary>
public sealed class CarefulSum : AggregateFunction<long?, CarefulSum.Total>
{
    public struct Total
    {
        public long Sum;
        public int Count;
    }

    public void Accumulate(ref Total total, int value)
    {
        if (value == 13) throw new ArgumentException("13 is not added");
        total.Sum += value;
        total.Count++;
    }

    public override long? GetValue(Total accumulator) => accumulator.Count == 0 ? null : accumulator.Sum;
}

/// <summary>Different texts in order of their first row: an object, so that the rows of a group are kept.</summary>
public sealed class ConcatDistinct : AggregateFunction<string?, List<string>>
{
    public void Accumulate(List<string> texts, string text)
    {
        if (!texts.Contains(text)) texts.Add(text);
    }

    public override string? GetValue(List<string> accumulator) => accumulator.Count == 0 ? null : string.Join(';', accumulator);
}
