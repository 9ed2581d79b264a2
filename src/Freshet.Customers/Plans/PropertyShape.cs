using System.Text.Json;
using Freshet.Columns.Types;

namespace Freshet.Customers.Plans;

/// <summary>
/// Whether a JSON value has the kind of a SQL type, at every depth. Stricter than the decoder, which reads '12.5' as a number: a plan
/// is there to find such senders. Whether a value of the right kind also fits (digits, dates) the decoder says.
/// </summary>
internal static class PropertyShape
{
    /// <summary>Null, or what is wrong, beginning with where.</summary>
    public static string? Problem(in JsonElement value, SqlType type, string path)
    {
        if (value.ValueKind == JsonValueKind.Null) return type.IsNullable ? null : $"{path} is null";
        var fits = type.Kind switch
        {
            TypeKind.Variant or TypeKind.Multiset => true,
            TypeKind.Boolean => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
            TypeKind.TinyInt or TypeKind.SmallInt or TypeKind.Int or TypeKind.BigInt => value.ValueKind == JsonValueKind.Number && value.TryGetDecimal(out var number) && number == decimal.Truncate(number),
            TypeKind.Float or TypeKind.Double or TypeKind.Decimal => value.ValueKind == JsonValueKind.Number,
            TypeKind.Array => value.ValueKind == JsonValueKind.Array,
            TypeKind.Map or TypeKind.Row => value.ValueKind == JsonValueKind.Object,
            _ => value.ValueKind == JsonValueKind.String,
        };
        if (!fits) return $"{path} is not {type.WithNullable(true)}: {Cut(value.GetRawText())}";
        return type.Kind switch
        {
            TypeKind.Array => OfElements(value, type.Fields[0].Type, path),
            TypeKind.Row => OfFields(value, type, path),
            TypeKind.Map => OfValues(value, type.Fields[1].Type, path),
            _ => null,
        };
    }

    private static string? OfElements(JsonElement array, SqlType element, string path)
    {
        var index = 0;
        foreach (var item in array.EnumerateArray())
            if (Problem(item, element, $"{path}[{index++}]") is { } problem) return problem;
        return null;
    }

    private static string? OfFields(JsonElement row, SqlType type, string path)
    {
        foreach (var field in type.Fields)
        {
            if (!row.TryGetProperty(field.Name, out var value))
            {
                if (!field.Type.IsNullable) return $"{path}.{field.Name} is missing";
                continue;
            }

            if (Problem(value, field.Type, $"{path}.{field.Name}") is { } problem) return problem;
        }

        return null;
    }

    private static string? OfValues(JsonElement map, SqlType type, string path)
    {
        foreach (var member in map.EnumerateObject())
            if (Problem(member.Value, type, $"{path}.{member.Name}") is { } problem) return problem;
        return null;
    }

    private static string Cut(string text) => text.Length <= 60 ? text : text[..60] + "...";
}
