using Freshet.Kernels.Expressions;

namespace Freshet.Aggregation;

/// <summary>How a list of values is written: what stands around and between them, and what an empty one is.</summary>
/// <param name="Trim">Bytes of each value that fall away at both ends: the brackets of an array of one.</param>
/// <param name="IsNullWhenEmpty">A group without values has NULL, not an empty list.</param>
/// <param name="IsMembers">The values are members of an object, each key once.</param>
internal sealed record ListForm(byte[] Open, byte[] Between, byte[] Close, int Trim, bool IsNullWhenEmpty, bool IsMembers)
{
    public static ListForm Of(AggregateCall call) => call.Function switch
    {
        AggregateKind.List => new([], System.Text.Encoding.UTF8.GetBytes(call.Parameter), [], 0, true, false),
        AggregateKind.JsonObject => new([(byte)'{'], [(byte)','], [(byte)'}'], 1, false, true),
        AggregateKind.Array => new([(byte)'['], [(byte)','], [(byte)']'], 1, true, false),
        _ => new([(byte)'['], [(byte)','], [(byte)']'], 1, false, false),
    };
}
