using System.Collections.Immutable;
using Freshet.Syntax;
using Freshet.Syntax.Text;
using Freshet.Syntax.Tree;

namespace Freshet.Sql.Binding;

/// <summary>
/// CREATE TABLE ... LIKE base (INCLUDING ..., EXCLUDING ..., OVERWRITING ...): the two declarations become one, by Flink's rules.
/// Physical columns of the base always come first; without a word options of the base are overwritten and everything else is included.
/// </summary>
internal sealed class TableLikeMerge(SourceText source, CreateTable create, CreateTable theBase)
{
    private static readonly string[] Features = ["CONSTRAINTS", "DISTRIBUTION", "GENERATED", "METADATA", "OPTIONS", "PARTITIONS", "WATERMARKS"];

    private readonly Dictionary<string, string> _rules = Rules(source, create.Like!);

    public CreateTable Merge() => create with
    {
        Like = null,
        Columns = Columns(),
        Watermark = One(create.Watermark, theBase.Watermark, "WATERMARKS", "a watermark"),
        PrimaryKey = One(create.PrimaryKey.IsEmpty ? null : create.PrimaryKey.AsEnumerable(), theBase.PrimaryKey.IsEmpty ? null : theBase.PrimaryKey.AsEnumerable(), "CONSTRAINTS", "a primary key")?.ToImmutableArray() ?? [],
        PartitionedBy = One(create.PartitionedBy.IsEmpty ? null : create.PartitionedBy.AsEnumerable(), theBase.PartitionedBy.IsEmpty ? null : theBase.PartitionedBy.AsEnumerable(), "PARTITIONS", "PARTITIONED BY")?.ToImmutableArray() ?? [],
        Distribution = One(create.Distribution, theBase.Distribution, "DISTRIBUTION", "DISTRIBUTED BY"),
        Options = Options(),
        Comment = create.Comment ?? theBase.Comment,
    };

    private static Dictionary<string, string> Rules(SourceText source, TableLike like)
    {
        var rules = Features.ToDictionary(f => f, f => f == "OPTIONS" ? "OVERWRITING" : "INCLUDING");
        for (var i = 0; i < like.Features.Length; i += 2)
        {
            var (rule, feature) = (like.Features[i], like.Features[i + 1]);
            if (rule == "OVERWRITING" && feature is "ALL" or "CONSTRAINTS" or "PARTITIONS" or "DISTRIBUTION") throw new SqlException(source, like.Span, $"OVERWRITING {feature} is not possible: write INCLUDING or EXCLUDING.");
            foreach (var one in feature == "ALL" ? Features : [feature]) rules[one] = rule;
        }

        // What is said of one feature holds whatever is said of ALL.
        for (var i = 0; i < like.Features.Length; i += 2)
            if (like.Features[i + 1] != "ALL") rules[like.Features[i + 1]] = like.Features[i];
        return rules;
    }

    private ImmutableArray<ColumnDefinition> Columns()
    {
        var columns = ImmutableArray.CreateBuilder<ColumnDefinition>();
        foreach (var column in theBase.Columns)
        {
            var feature = column is ComputedColumn ? "GENERATED" : column is MetadataColumn ? "METADATA" : null;
            if (feature is null || _rules[feature] != "EXCLUDING") columns.Add(column);
        }

        foreach (var column in create.Columns)
        {
            var same = columns.FindIndex(c => c.Name == column.Name);
            if (same < 0)
            {
                columns.Add(column);
                continue;
            }

            var feature = column is ComputedColumn ? "GENERATED" : column is MetadataColumn ? "METADATA" : "";
            var isSameKind = columns[same].GetType() == column.GetType();
            if (!isSameKind || feature.Length == 0 || _rules[feature] != "OVERWRITING")
                throw new SqlException(source, column.Span, $"The table {create.Like!.Table} has a column {column.Name} already{(feature.Length > 0 && isSameKind ? $": write OVERWRITING {feature}" : "")}.");
            columns[same] = column;
        }

        return columns.ToImmutable();
    }

    private ImmutableArray<OptionPair> Options()
    {
        if (_rules["OPTIONS"] == "EXCLUDING") return create.Options;
        if (_rules["OPTIONS"] == "INCLUDING" && create.Options.FirstOrDefault(o => theBase.Options.Any(b => b.Key == o.Key)) is { } twice)
            throw new SqlException(source, twice.Span, $"The table {create.Like!.Table} has the option '{twice.Key}' already: write OVERWRITING OPTIONS.");
        return [.. theBase.Options.Where(b => create.Options.All(o => o.Key != b.Key)), .. create.Options];
    }

    /// <summary>What there is one of: that of the base unless it is excluded; both only where the new one overwrites.</summary>
    private T? One<T>(T? own, T? inherited, string feature, string what)
        where T : class
    {
        var rule = _rules[feature];
        if (inherited is null || rule == "EXCLUDING") return own;
        if (own is null) return inherited;
        return rule == "OVERWRITING" ? own : throw new SqlException(source, create.Span, $"The table {create.Like!.Table} has {what} already: write {(feature == "WATERMARKS" ? "OVERWRITING" : "EXCLUDING")} {feature}.");
    }
}

internal static class ColumnSearch
{
    public static int FindIndex(this ImmutableArray<ColumnDefinition>.Builder columns, Func<ColumnDefinition, bool> which)
    {
        for (var i = 0; i < columns.Count; i++)
            if (which(columns[i])) return i;
        return -1;
    }
}
