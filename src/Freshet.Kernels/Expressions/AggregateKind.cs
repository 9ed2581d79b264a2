namespace Freshet.Kernels.Expressions;

/// <summary>
/// The aggregate functions, by what they compute. Those that are ordered see the values of a group in order of the rows'
/// positions; where the input has none, in order of the values.
/// </summary>
public enum AggregateKind
{
    Count,
    Sum,

    /// <summary>SUM that is 0 where there is no value.</summary>
    SumZero,
    Avg,
    Min,
    Max,
    VarPop,
    VarSamp,
    StddevPop,
    StddevSamp,

    /// <summary>The first value that is not NULL. Ordered.</summary>
    First,

    /// <summary>The last value that is not NULL. Ordered.</summary>
    Last,

    /// <summary>The only row's value; more than one row is an error.</summary>
    Single,

    /// <summary>Texts with a separator (the call's parameter) between them. Ordered.</summary>
    List,

    /// <summary>An ARRAY of values; an argument is an array of one. Ordered.</summary>
    Array,

    /// <summary>A MULTISET of values; an argument is one of one value.</summary>
    Collect,

    /// <summary>JSON_ARRAYAGG; an argument is a JSON array of one item, or of none. Ordered.</summary>
    JsonArray,

    /// <summary>JSON_OBJECTAGG; arguments are a member's key, by which members are ordered, and a JSON object of one member, or of none.</summary>
    JsonObject,

    /// <summary>PERCENTILE; arguments are a DOUBLE and, with a frequency, a BIGINT; the call's parameter has the percentages.</summary>
    Percentile,

    /// <summary>AND, OR or XOR of sets, or with _CARDINALITY its number of members (the call's parameter).</summary>
    Bitmap,

    /// <summary>A function that a program has registered.</summary>
    User,
}
