using System.Collections.Concurrent;
using System.Text;
using System.Text.RegularExpressions;

namespace Freshet.Kernels.Patterns;

/// <summary>
/// A regular expression in Java's syntax, compiled once for the process and shared: matching takes time linear in the text.
/// A pattern that is wrong has no <see cref="Regex"/>; <see cref="Error"/> says why. At most <see cref="CachedMax"/> are kept.
/// </summary>
public sealed class JavaPattern
{
    /// <summary>Patterns that are kept; with more all are forgotten.</summary>
    public const int CachedMax = 500;

    private static readonly ConcurrentDictionary<string, JavaPattern> Cache = new(StringComparer.Ordinal);

    [ThreadStatic]
    private static JavaPattern? t_last;

    private readonly byte[] _utf8;

    private JavaPattern(string pattern)
    {
        _utf8 = Encoding.UTF8.GetBytes(pattern);
        try
        {
            var reader = new JavaPatternReader(pattern);
            Regex = new Regex(reader.Read(), RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
            Groups = reader.Groups;
            Plain = PlainPatternReader.Of(pattern);
        }
        catch (PatternException e)
        {
            (Error, IsUnsupported) = (e.Message, e.IsUnsupported);
        }
        catch (ArgumentException e)
        {
            Error = e.Message;
        }
        catch (NotSupportedException)
        {
            // The pattern unrolls to more states than .NET allows.
            (Error, IsUnsupported) = ("the pattern is too large", true);
        }
    }

    public Regex? Regex { get; }

    /// <summary>The same pattern as one that is matched over UTF-8, where it has that form.</summary>
    internal PlainPattern? Plain { get; }

    /// <summary>Groups in round brackets.</summary>
    public int Groups { get; }

    public string? Error { get; }

    /// <summary>Java knows the pattern, but it has no form that runs in linear time.</summary>
    public bool IsUnsupported { get; }

    public static JavaPattern Of(string pattern)
    {
        if (Cache.TryGetValue(pattern, out var known)) return known;
        if (Cache.Count >= CachedMax) Cache.Clear();
        return Cache.GetOrAdd(pattern, static p => new JavaPattern(p));
    }

    /// <summary>The pattern of a value; without allocation while it is the same as last time.</summary>
    public static JavaPattern Of(ReadOnlySpan<byte> pattern)
    {
        if (t_last is { } last && pattern.SequenceEqual(last._utf8)) return last;
        return t_last = Of(Encoding.UTF8.GetString(pattern));
    }

    /// <summary>What is wrong with a pattern that is written in a query, or null.</summary>
    /// <param name="function">The function that takes it.</param>
    /// <param name="refusesWrong">Whether a pattern that Java does not read either is refused; it finds nothing otherwise.</param>
    public static string? Refuse(string pattern, string function, bool refusesWrong)
    {
        var compiled = Of(pattern);
        if (compiled.Error is null) return null;
        if (compiled.IsUnsupported) return $"The regular expression of {function}: {compiled.Error}.";
        return refusesWrong ? $"Invalid regular expression for {function}: {compiled.Error}." : null;
    }
}
