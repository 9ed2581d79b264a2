namespace Freshet.Engine.Functions;

/// <summary>
/// A value of each group. The class has a public method <c>void Accumulate(ref TAccumulator accumulator, ...)</c> (without
/// <c>ref</c> for a class) with the arguments' types, and where rows can be taken back <c>void Retract(ref TAccumulator accumulator, ...)</c>.
/// <para>A struct of plain values (no references) lies in the engine's state. It starts as <c>default</c>, and the result must not
/// depend on the order of the rows. Without Retract a query whose rows can be taken back is refused. For hopping windows,
/// <c>void Merge(ref TAccumulator into, TAccumulator from)</c> saves work.</para>
/// <para>For any other accumulator the engine keeps the rows of the group, and gives them to a new accumulator in order of their
/// position whenever the group has changed: simple, exact under retraction, and as expensive as the group is large.</para>
/// </summary>
/// <typeparam name="TResult">A type of <see cref="UserFunction"/>.</typeparam>
/// <typeparam name="TAccumulator">What is kept of a group's rows.</typeparam>
public abstract class AggregateFunction<TResult, TAccumulator> : UserFunction
{
    /// <summary>An accumulator of no rows; not called for a struct of plain values.</summary>
    public virtual TAccumulator CreateAccumulator() => Activator.CreateInstance<TAccumulator>();

    /// <summary>The result of what has been accumulated.</summary>
    public abstract TResult GetValue(TAccumulator accumulator);
}
