using System.Buffers;
using Freshet.Commands.Terminal;

namespace Freshet.Commands.Query;

/// <summary>
/// What could follow in a statement: tables after FROM and its like, elsewhere columns of the tables that the statement names,
/// functions and keywords. Names as the server has them; keywords in the case of what is typed.
/// </summary>
/// <param name="columnsOf">The columns of a table.</param>
internal sealed class SqlCompletion(IReadOnlyList<string> tables, IReadOnlyList<string> functions, Func<string, CancellationToken, Task<IReadOnlyList<string>>> columnsOf)
{
    private static readonly string[] Keywords =
    [
        "SELECT", "DISTINCT", "FROM", "WHERE", "GROUP BY", "HAVING", "ORDER BY", "LIMIT", "OFFSET", "JOIN", "LEFT JOIN", "FULL JOIN", "CROSS JOIN", "ON", "USING", "UNION ALL", "INTERSECT", "EXCEPT",
        "WITH", "AS", "AND", "OR", "NOT", "IN", "EXISTS", "BETWEEN", "LIKE", "IS NULL", "IS NOT NULL", "CASE", "WHEN", "THEN", "ELSE", "END", "CAST(", "TRY_CAST(", "INTERVAL", "DESC", "ASC", "OVER (PARTITION BY", "FILTER (WHERE",
        "TUMBLE(TABLE", "HOP(TABLE", "CUMULATE(TABLE", "SESSION(TABLE", "DESCRIPTOR(", "EXPLAIN", "EXPLAIN WATERMARK FOR", "SUBSCRIBE", "DESCRIBE", "SHOW TABLES", "SHOW VIEWS", "SHOW FUNCTIONS", "SHOW SEGMENTS", "SHOW TRAITS", "SHOW IDENTIFIERS", "SHOW EVENTS", "SHOW CREATE TABLE", "TRUE", "FALSE", "NULL",
    ];

    private static readonly string[] BeforeTable = ["FROM", "JOIN", "TABLE", "DESCRIBE", "DESC", "SUBSCRIBE", "EXPLAIN", "FOR", @"\d"];

    private static readonly char[] Separators = [' ', '\t', '\n', ',', '(', ')', '=', '<', '>', '+', '-', '*', '/', '\'', ';', '|', '[', ']'];

    private static readonly SearchValues<char> Breaks = SearchValues.Create(Separators);

    public async Task<Completion> AtAsync(string text, int cursor, CancellationToken cancellation)
    {
        var before = text[..cursor];
        var start = before.AsSpan().LastIndexOfAny(Breaks) + 1;
        var word = before[start..];
        if (start == 0 && word.StartsWith('\\')) return new Completion(word.Length, [.. ShellCommand.All.Select(c => c.Name).Where(n => n.StartsWith(word, StringComparison.Ordinal))]);
        var words = before[..start].Split(Separators, StringSplitOptions.RemoveEmptyEntries);
        if (words.Length > 0 && before[..start].TrimEnd(' ', '\t', '\n', '(').EndsWith(words[^1], StringComparison.Ordinal) && BeforeTable.Contains(words[^1].ToUpperInvariant().Replace(@"\D", @"\d", StringComparison.Ordinal)))
            return new Completion(word.Length, Matching(word, tables));
        if (word.Length == 0) return new Completion(0, []);

        var dot = word.LastIndexOf('.');
        var named = new List<string>();
        foreach (var table in Named(text))
            named.AddRange(await columnsOf(table, cancellation));
        var columns = named.Distinct().ToList();
        if (dot >= 0) return new Completion(word.Length - dot - 1, Matching(word[(dot + 1)..], columns));
        var isLower = word.All(c => !char.IsLetter(c) || char.IsLower(c));
        return new Completion(word.Length, [.. Matching(word, columns), .. Matching(word, Keywords.Concat(functions.Select(f => f + "(")).Distinct().Select(k => isLower ? k.ToLowerInvariant() : k))]);
    }

    /// <summary>The tables that a statement names.</summary>
    private IEnumerable<string> Named(string text)
    {
        var words = text.Split(Separators, StringSplitOptions.RemoveEmptyEntries).ToHashSet(StringComparer.Ordinal);
        return tables.Where(words.Contains);
    }

    private static string[] Matching(string word, IEnumerable<string> names) =>
        [.. names.Where(n => n.StartsWith(word, StringComparison.OrdinalIgnoreCase)).Order(StringComparer.OrdinalIgnoreCase)];
}
