using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace Freshet.Columns.Json;

/// <summary>How a path treats a document that does not have its shape.</summary>
public enum JsonPathMode : byte
{
    /// <summary>A missing member or element is an empty result.</summary>
    Lax,

    /// <summary>It is an error, which ON ERROR speaks of.</summary>
    Strict,
}

/// <summary>One step of a path: a member by key, or an element by index (from the end where negative).</summary>
public readonly record struct JsonPathStep(string? Key, int Index)
{
    public static JsonPathStep Member(string key) => new(key, 0);

    public static JsonPathStep Element(int index) => new(null, index);

    /// <summary>All members of an object or elements of an array: <c>.*</c> and <c>[*]</c>.</summary>
    public static JsonPathStep All { get; } = new(null, int.MinValue);

    public bool IsAll => Key is null && Index == int.MinValue;

    /// <summary>The members of this key at any depth: <c>..key</c>.</summary>
    public static JsonPathStep Descend(string key) => new(key, int.MinValue);

    public bool IsDescend => Key is not null && Index == int.MinValue;
}

/// <summary>
/// A path of SQL/JSON: <c>[lax|strict] $.a.b[0]['c d'].*..e</c>, without filters and item methods. Immutable; parsed once per query.
/// As in Flink a path without a mode is strict, and <c>$.</c> at the beginning may be left out.
/// </summary>
public sealed class JsonPath : IEquatable<JsonPath>
{
    private JsonPath(JsonPathMode mode, ImmutableArray<JsonPathStep> steps)
    {
        Mode = mode;
        Steps = steps;
        HasWildcard = steps.Any(s => s.IsAll || s.IsDescend);
        KeyBytes = [.. steps.Select(s => s.Key is null ? [] : Encoding.UTF8.GetBytes(s.Key))];
    }

    public static JsonPath Root { get; } = new(JsonPathMode.Strict, []);

    public JsonPathMode Mode { get; }

    public ImmutableArray<JsonPathStep> Steps { get; }

    /// <summary>The path may have several results.</summary>
    public bool HasWildcard { get; }

    /// <summary>The keys of the steps in UTF-8; empty for other steps.</summary>
    internal byte[][] KeyBytes { get; }

    /// <summary>A path of members.</summary>
    public static JsonPath Of(params ReadOnlySpan<string> keys)
    {
        var steps = ImmutableArray.CreateBuilder<JsonPathStep>(keys.Length);
        foreach (var key in keys) steps.Add(JsonPathStep.Member(key));
        return new JsonPath(JsonPathMode.Strict, steps.MoveToImmutable());
    }

    public static JsonPath Of(JsonPathMode mode, ImmutableArray<JsonPathStep> steps) => new(mode, steps);

    /// <summary>Reads a path; a failure is a sentence with the position from 0.</summary>
    public static bool TryParse(string text, out JsonPath path, out string error)
    {
        path = Root;
        var at = 0;
        Blanks();
        var mode = JsonPathMode.Strict;
        if (Word("lax")) mode = JsonPathMode.Lax;
        else if (Word("strict")) mode = JsonPathMode.Strict;
        Blanks();
        error = "";
        if (at >= text.Length || !(text[at] is '$' or '_' || char.IsLetter(text[at]))) return Fail("a path begins with $", out error);
        var steps = ImmutableArray.CreateBuilder<JsonPathStep>();
        if (text[at] == '$') at++;
        else steps.Add(JsonPathStep.Member(Name()));
        while (true)
        {
            Blanks();
            if (at == text.Length)
            {
                path = new JsonPath(mode, steps.ToImmutable());
                return true;
            }

            if (text[at] == '.')
            {
                at++;
                var isDescend = at < text.Length && text[at] == '.';
                if (isDescend) at++;
                Blanks();
                if (at < text.Length && text[at] == '*' && !isDescend)
                {
                    at++;
                    steps.Add(JsonPathStep.All);
                    continue;
                }

                string key;
                if (at < text.Length && text[at] is '"' or '\'')
                {
                    if (!Quoted(out key)) return Fail("a quoted key does not end", out error);
                }
                else
                {
                    key = Name();
                    if (key.Length == 0) return Fail("a key is expected after the point", out error);
                }

                steps.Add(isDescend ? JsonPathStep.Descend(key) : JsonPathStep.Member(key));
            }
            else if (text[at] == '[')
            {
                at++;
                Blanks();
                if (at < text.Length && text[at] == '*')
                {
                    at++;
                    steps.Add(JsonPathStep.All);
                }
                else if (at < text.Length && text[at] is '"' or '\'')
                {
                    if (!Quoted(out var quoted)) return Fail("a quoted key does not end", out error);
                    steps.Add(JsonPathStep.Member(quoted));
                }
                else
                {
                    var start = at;
                    while (at < text.Length && (char.IsAsciiDigit(text[at]) || text[at] == '-')) at++;
                    if (!int.TryParse(text.AsSpan(start, at - start), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var index) || index == int.MinValue)
                        return Fail("an index, a quoted key or * is expected in brackets", out error);
                    steps.Add(JsonPathStep.Element(index));
                }

                Blanks();
                if (at >= text.Length || text[at] != ']') return Fail("] is expected", out error);
                at++;
            }
            else return Fail("a point or [ is expected; filters and methods are not supported", out error);
        }

        void Blanks()
        {
            while (at < text.Length && text[at] is ' ' or '\t' or '\n' or '\r') at++;
        }

        bool Word(string word)
        {
            if (!text.AsSpan(at).StartsWith(word, StringComparison.OrdinalIgnoreCase)) return false;
            if (at + word.Length < text.Length && text[at + word.Length] is not (' ' or '\t' or '$')) return false;
            at += word.Length;
            return true;
        }

        string Name()
        {
            var start = at;
            while (at < text.Length && text[at] is not ('.' or '[' or ' ' or '\t' or '(' or '?' or '*')) at++;
            return text[start..at];
        }

        bool Quoted(out string value)
        {
            var quote = text[at++];
            var key = new StringBuilder();
            while (at < text.Length && text[at] != quote)
            {
                if (text[at] == '\\' && at + 1 < text.Length) at++;
                key.Append(text[at++]);
            }

            value = key.ToString();
            if (at >= text.Length) return false;
            at++;
            return true;
        }

        bool Fail(string reason, out string sentence)
        {
            sentence = $"The JSON path '{text}' is not valid at {at}: {reason}.";
            return false;
        }
    }

    public bool Equals(JsonPath? other) => other is not null && Mode == other.Mode && Steps.AsSpan().SequenceEqual(other.Steps.AsSpan());

    public override bool Equals(object? obj) => Equals(obj as JsonPath);

    public override int GetHashCode()
    {
        var hash = default(HashCode);
        hash.Add(Mode);
        foreach (var step in Steps) hash.Add(step);
        return hash.ToHashCode();
    }

    public override string ToString()
    {
        var text = new StringBuilder(Mode == JsonPathMode.Strict ? "$" : "lax $");
        foreach (var step in Steps)
        {
            if (step.IsAll) text.Append("[*]");
            else if (step.Key is null) text.Append('[').Append(step.Index.ToString(CultureInfo.InvariantCulture)).Append(']');
            else if (step.IsDescend) text.Append("..").Append(step.Key);
            else if (IsPlain(step.Key)) text.Append('.').Append(step.Key);
            else text.Append("['").Append(step.Key.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal)).Append("']");
        }

        return text.ToString();
    }

    private static bool IsPlain(string key) => key.Length > 0 && key.All(c => char.IsLetterOrDigit(c) || c is '_' or '$' or '-');
}
