using Freshet.Columns.Json;
using Freshet.Plan.Catalog;

namespace Freshet.Engine.Sources;

/// <summary>The format of changes that a table's options name; null where rows are added alone.</summary>
internal static class ChangeFormats
{
    public static ChangeFormat? Of(TableDefinition table)
    {
        var byKey = table.Changes == RowChanges.ByKey;
        if (table.Options.TryGetValue(TableDefinition.OpFieldOption, out var member)) return new ChangeFormat(ChangeEnvelope.OpField, member, byKey);
        return table.Option("format", "") switch
        {
            "debezium-json" => new ChangeFormat(ChangeEnvelope.Debezium, ByKey: byKey),
            "canal-json" => new ChangeFormat(ChangeEnvelope.Canal, ByKey: byKey),
            "maxwell-json" => new ChangeFormat(ChangeEnvelope.Maxwell, ByKey: byKey),
            _ => null,
        };
    }
}
