using System.Globalization;
using Freshet.Columns.Types;

namespace Freshet.Conformance.Running;

/// <summary>The order of the entries of a java.util.HashMap, in which Java writes a MAP or MULTISET: by bucket, in a bucket as they were put.</summary>
internal static class JavaMapOrder
{
    public static IEnumerable<T> Of<T>(IEnumerable<T> entries, Func<T, int> hash)
    {
        var list = entries.ToList();
        var buckets = 16;
        while (list.Count > buckets * 3 / 4) buckets *= 2;
        return list.OrderBy(entry => hash(entry) is var h ? (h ^ (int)((uint)h >> 16)) & (buckets - 1) : 0);
    }

    /// <summary>hashCode of a key; 0, and so the order of putting, for types whose keys no case has.</summary>
    public static int HashOf(string key, SqlType type)
    {
        if (key is "\0" or "null") return 0;
        if (type.IsCharacter) return key.Aggregate(0, (hash, unit) => unchecked((31 * hash) + unit));
        if (type.Kind == TypeKind.Boolean) return key == "true" ? 1231 : 1237;
        return type.IsInteger && long.TryParse(key, CultureInfo.InvariantCulture, out var number)
            ? type.Kind == TypeKind.BigInt ? unchecked((int)(number ^ (long)((ulong)number >> 32))) : (int)number
            : 0;
    }
}
