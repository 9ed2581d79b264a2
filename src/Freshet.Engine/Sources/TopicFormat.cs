using Freshet.Columns.Json;
using Freshet.Plan.Catalog;

namespace Freshet.Engine.Sources;

/// <summary>What the records of a topic say.</summary>
/// <param name="Changes">The documents are changes of this format; null where each is a row.</param>
/// <param name="IsUpsert">The record's key names the row, its value is the row as it is now; without a value the row is no more.</param>
/// <param name="IsTrusted">Every value is a JSON object that has been checked before it was appended.</param>
/// <param name="IgnoresErrors">What is no JSON is left out, a wrong value is NULL.</param>
internal sealed record TopicFormat(ChangeFormat? Changes = null, bool IsUpsert = false, bool IsTrusted = false, bool IgnoresErrors = false)
{
    /// <summary>Whether a record may take a row back, or give none or several.</summary>
    public bool HasWeights => Changes is not null || IsUpsert;

    public static TopicFormat Of(TableDefinition table)
    {
        var ignores = table.Option(table.Option("format", "json") + ".ignore-parse-errors", "false") == "true";
        return new TopicFormat(ChangeFormats.Of(table), IsUpsertTable(table), IgnoresErrors: ignores);
    }

    public static bool IsUpsertTable(TableDefinition table) => table.Option(TableDefinition.ChangesOption, "") == "upsert";
}
