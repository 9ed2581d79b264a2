using System.Globalization;

namespace Freshet.Testing.Tests.Differential;

/// <summary>One form for values that two engines write differently: zeros behind a time's seconds, floating-point digits, case of booleans.</summary>
internal static class Cells
{
    public static string Canonical(string type, string? cell)
    {
        if (cell is null or "NULL") return "NULL";
        if (type.StartsWith("DOUBLE", StringComparison.Ordinal) || type.StartsWith("FLOAT", StringComparison.Ordinal))
        {
            // Sums may differ in the last bit (Flink adds in order of arrival).
            return double.TryParse(cell, CultureInfo.InvariantCulture, out var number) ? number.ToString("G12", CultureInfo.InvariantCulture) : cell;
        }

        if (type.StartsWith("BOOLEAN", StringComparison.Ordinal)) return cell.ToLowerInvariant();
        if (type.StartsWith("TIMESTAMP", StringComparison.Ordinal) && cell.Contains('.', StringComparison.Ordinal)) return cell.TrimEnd('0').TrimEnd('.');
        return cell;
    }

    public static string Row(IEnumerable<string> types, IEnumerable<string?> cells) => string.Join(" | ", types.Zip(cells, Canonical));

    public static List<string> Sorted(IEnumerable<string> rows) => [.. rows.Order(StringComparer.Ordinal)];
}
