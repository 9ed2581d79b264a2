namespace Freshet.Syntax.Parsing;

/// <summary>Names of time units.</summary>
internal static class TimeUnits
{
    public static readonly string[] All =
    [
        "YEAR", "QUARTER", "MONTH", "WEEK", "DAY", "HOUR", "MINUTE", "SECOND", "MILLISECOND", "MICROSECOND", "NANOSECOND",
        "DOY", "DOW", "ISODOW", "ISOYEAR", "EPOCH", "DECADE", "CENTURY", "MILLENNIUM",
    ];

    /// <summary>The unit of a word in singular or plural, or with ODBC's prefix SQL_TSI_, or null.</summary>
    public static string? Normalize(string word)
    {
        if (word.StartsWith("SQL_TSI_", StringComparison.Ordinal)) return Array.IndexOf(All, word[8..]) >= 0 ? word[8..] : null;
        if (Array.IndexOf(All, word) >= 0) return word;
        return word.EndsWith('S') && Array.IndexOf(All, word[..^1]) >= 0 ? word[..^1] : null;
    }
}
