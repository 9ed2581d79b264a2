namespace Freshet.Columns.Json;

/// <summary>How a JSON document says what happened to a row.</summary>
public enum ChangeEnvelope
{
    /// <summary>The row itself, with a member that is +I, -U, +U or -D; or c, r, u, d.</summary>
    OpField,

    /// <summary><c>{"before": row, "after": row, "op": "c|r|u|d"}</c>, perhaps within <c>payload</c>.</summary>
    Debezium,

    /// <summary><c>{"data": [row], "old": [changed members], "type": "INSERT|UPDATE|DELETE"}</c>.</summary>
    Canal,

    /// <summary><c>{"data": row, "old": changed members, "type": "insert|update|delete"}</c>.</summary>
    Maxwell,
}

/// <summary>A format whose documents are changes.</summary>
/// <param name="OpField">The member of <see cref="ChangeEnvelope.OpField"/>.</param>
/// <param name="ByKey">What an update replaces is found by the key: only the new row is read.</param>
public sealed record ChangeFormat(ChangeEnvelope Envelope, string OpField = "", bool ByKey = false);
