using Freshet.Engine.Functions;

namespace Freshet.Conformance.Running;

/// <summary>What the functions of Flink's own tests do, under the names by which its cases call them.</summary>
internal static class CaseFunctions
{
    public static FunctionSet All { get; } = new FunctionSet()
        .Add<ConcatDistinct>("concat_distinct_agg").Add<ConcatDistinct>("my_concat")
        .Add<LargerThanCount>("LTCNT")
        .Add<Split>("STRING_SPLIT").Add<Split>("str_split")
        .Add<Parts>("func1")
        .Add<Count>("countFun").Add<Sum>("sumFun").Add<Sum>("intSumFun").Add<Average>("avgFun");
}

public sealed class ConcatDistinct : AggregateFunction<string?, List<string>>
{
    public static void Accumulate(List<string> texts, string text)
    {
        if (!texts.Contains(text)) texts.Add(text);
    }

    public override string? GetValue(List<string> accumulator) => accumulator.Count == 0 ? null : string.Join('|', accumulator);
}

public sealed class LargerThanCount : AggregateFunction<long, LargerThanCount.Counter>
{
    public struct Counter
    {
        public long Count;
    }

    public static void Accumulate(ref Counter counter, long? a, long? b) => counter.Count += a > b ? 1 : 0;

    public static void Retract(ref Counter counter, long? a, long? b) => counter.Count -= a > b ? 1 : 0;

    public override long GetValue(Counter accumulator) => accumulator.Count;
}

public sealed class Split : TableFunction<string>
{
    public static IEnumerable<string> Eval(string text, string separator) => text.Split(separator);
}

/// <summary>The parts of a text with # in it, each with a prefix.</summary>
public sealed class Parts : TableFunction<string>
{
    public static IEnumerable<string> Eval(string text) => text.Contains('#') ? text.Split('#') : [];

    public static IEnumerable<string> Eval(string text, string prefix) => Eval(text).Select(p => prefix + p);
}

public struct Total
{
    public long Sum;
    public long Count;
}

public sealed class Count : AggregateFunction<long, Total>
{
    public static void Accumulate(ref Total total, long value) => total.Count++;

    public static void Retract(ref Total total, long value) => total.Count--;

    public static void Accumulate(ref Total total, string value) => total.Count++;

    public static void Retract(ref Total total, string value) => total.Count--;

    public override long GetValue(Total accumulator) => accumulator.Count;
}

public sealed class Sum : AggregateFunction<int?, Total>
{
    public static void Accumulate(ref Total total, int value)
    {
        total.Sum += value;
        total.Count++;
    }

    public static void Retract(ref Total total, int value)
    {
        total.Sum -= value;
        total.Count--;
    }

    public override int? GetValue(Total accumulator) => accumulator.Count == 0 ? null : (int)accumulator.Sum;
}

public sealed class Average : AggregateFunction<int?, Total>
{
    public static void Accumulate(ref Total total, int value) => Change(ref total, value, 1);

    public static void Retract(ref Total total, int value) => Change(ref total, value, -1);

    public override int? GetValue(Total accumulator) => accumulator.Count == 0 ? null : (int)(accumulator.Sum / accumulator.Count);

    private static void Change(ref Total total, int value, int weight)
    {
        total.Sum += weight * value;
        total.Count += weight;
    }
}
