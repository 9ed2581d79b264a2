namespace Freshet.Engine.Functions;

/// <summary>
/// A function of a program that SQL can call: <see cref="ScalarFunction"/>, <see cref="TableFunction{TRow}"/> or
/// <see cref="AggregateFunction{TResult, TAccumulator}"/>. Its parameters and results are typed:
/// <code>
/// .NET                      SQL                    .NET                SQL
/// bool                      BOOLEAN                string              STRING
/// sbyte, short, int, long   TINYINT to BIGINT      byte[]              BYTES
/// float, double             FLOAT, DOUBLE          DateOnly            DATE
/// decimal                   any DECIMAL; as a      TimeOnly            TIME
///                           result DECIMAL(38,18)  DateTime            TIMESTAMP(6)
/// TimeSpan                  INTERVAL DAY TO SECOND DateTimeOffset      TIMESTAMP_LTZ(6), UTC
/// </code>
/// A parameter that can be null (<c>int?</c>, <c>string?</c>) is given NULL. Where it cannot, a NULL argument makes the result NULL
/// (no rows, nothing accumulated) without a call. A function must give the same result for the same arguments: replay calls it
/// again. What it throws is an error row of the view. Each thread has an object of its own.
/// </summary>
public abstract class UserFunction
{
    /// <summary>Called once on each object before its first call.</summary>
    public virtual void Open()
    {
    }
}
