using System.Text;
using System.Text.Json;

namespace Freshet.Server.Configuration;

/// <summary>A scalar of freshet.json: where it stands, its text, and the line that a message names.</summary>
internal readonly record struct ProjectFileEntry(string Path, string Value, int Line)
{
    /// <summary>An empty list: it gives nothing, but its name is still one to be checked.</summary>
    public bool IsEmptyList => Path.EndsWith("[]", StringComparison.Ordinal);
}

/// <summary>
/// Reads freshet.json (comments and trailing commas allowed) into a flat list of paths and texts:
/// <c>{"api":{"origins":["x"]}}</c> is <c>api.origins[0]</c> = x. <c>${NAME}</c> in a text is replaced as <see cref="EnvironmentText"/> says.
/// Knows nothing of which settings exist.
/// </summary>
internal static class ProjectFile
{
    public const string Name = "freshet.json";

    public static List<ProjectFileEntry> Read(byte[] json, Func<string, string?> environment)
    {
        var entries = new List<ProjectFileEntry>();
        ReadOnlySpan<byte> text = json;
        if (text.StartsWith("\uFEFF"u8)) text = text[3..];
        var reader = new Utf8JsonReader(text, new JsonReaderOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true, MaxDepth = 16 });
        try
        {
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
                throw Invalid("it must hold one JSON object; {} is enough", 1);
            Object(ref reader, text, "", entries, environment);
            reader.Read();
        }
        catch (JsonException e)
        {
            throw Invalid($"not valid JSON: {Sentence(e)}", (int)(e.LineNumber ?? 0) + 1);
        }

        return entries;
    }

    public static UserException Invalid(string what, int line) => new("invalid_configuration", $"{Name}:{line}: {what}");

    private static void Object(ref Utf8JsonReader reader, ReadOnlySpan<byte> text, string path, List<ProjectFileEntry> entries, Func<string, string?> environment)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            var name = reader.GetString()!;
            var line = LineAt(text, reader.TokenStartIndex);
            if (!names.Add(name)) throw Invalid($"\"{Join(path, name)}\" is given twice; keep one", line);
            reader.Read();
            Value(ref reader, text, Join(path, name), line, entries, environment);
        }

        // An empty group is still a name to be checked.
        if (names.Count == 0 && path.Length > 0) entries.Add(new ProjectFileEntry(path + ".", "", LineAt(text, reader.TokenStartIndex)));
    }

    private static void Value(ref Utf8JsonReader reader, ReadOnlySpan<byte> text, string path, int line, List<ProjectFileEntry> entries, Func<string, string?> environment)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                Object(ref reader, text, path, entries, environment);
                break;
            case JsonTokenType.StartArray:
                var count = 0;
                for (; reader.Read() && reader.TokenType != JsonTokenType.EndArray; count++)
                    Value(ref reader, text, $"{path}[{count}]", LineAt(text, reader.TokenStartIndex), entries, environment);
                if (count == 0) entries.Add(new ProjectFileEntry(path + "[]", "", line));
                break;
            case JsonTokenType.Null:
                break;
            case JsonTokenType.String:
                var replaced = EnvironmentText.Replace(reader.GetString()!, environment, (sentence, _) => Invalid($"\"{path}\" {sentence}", line));
                entries.Add(new ProjectFileEntry(path, replaced, line));
                break;
            default:
                entries.Add(new ProjectFileEntry(path, Encoding.UTF8.GetString(reader.ValueSpan), line));
                break;
        }
    }

    private static string Join(string path, string name) => path.Length == 0 ? name : $"{path}.{name}";

    private static int LineAt(ReadOnlySpan<byte> text, long offset) => text[..(int)offset].Count((byte)'\n') + 1;

    // The reader's messages end with "LineNumber: .. | BytePositionInLine: ..", which the prefix says better.
    private static string Sentence(JsonException e)
    {
        var at = e.Message.IndexOf(" LineNumber", StringComparison.Ordinal);
        return at < 0 ? e.Message : e.Message[..at];
    }
}
