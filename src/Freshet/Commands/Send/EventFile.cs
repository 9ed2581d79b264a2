using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Freshet.Server;
using Freshet.Server.Ingest;

namespace Freshet.Commands.Send;

/// <summary>A line of the file: the JSON as it stands there, whose it is, and its time where it has one.</summary>
internal readonly record struct EventLine(long Number, string Json, bool IsObject, string? UserId, string? AnonymousId, long? Time);

/// <summary>
/// Reads events from JSON lines, plain or gzip (by content). Lines that are no JSON objects are events too: the server refuses
/// them and the summary counts them.
/// </summary>
internal static class EventFile
{
    public static Stream Open(string path)
    {
        if (path == "-") return Unpacked(new BufferedStream(Console.OpenStandardInput()));
        if (!File.Exists(path)) throw new UserException("no_file", $"The file \"{path}\" does not exist.");
        return new FileStream(path, new FileStreamOptions { Mode = FileMode.Open, Access = FileAccess.Read, Options = FileOptions.SequentialScan, BufferSize = 1 << 16 });
    }

    /// <summary>The stream decompressed where its first bytes say gzip. <paramref name="file"/> must be seekable or buffered at its start.</summary>
    public static Stream Unpacked(Stream file)
    {
        Span<byte> magic = stackalloc byte[2];
        if (!file.CanSeek) return file;
        var read = file.ReadAtLeast(magic, 2, throwOnEndOfStream: false);
        file.Position = 0;
        return read == 2 && magic[0] == 0x1F && magic[1] == 0x8B ? new GZipStream(file, CompressionMode.Decompress) : file;
    }

    public static async IAsyncEnumerable<EventLine> ReadAsync(Stream stream, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        using var reader = new StreamReader(stream, Encoding.UTF8, detectEncodingFromByteOrderMarks: true, 1 << 16);
        var number = 0L;
        while (await reader.ReadLineAsync(cancellation) is { } line)
        {
            number++;
            if (string.IsNullOrWhiteSpace(line)) continue;
            yield return Parse(number, line);
        }
    }

    public static EventLine Parse(long number, string line)
    {
        try
        {
            using var json = JsonDocument.Parse(line);
            if (json.RootElement.ValueKind != JsonValueKind.Object) return new EventLine(number, line, false, null, null, null);
            long? time = null;
            if ((Text(json.RootElement, "originalTimestamp") ?? Text(json.RootElement, "timestamp")) is { } text && EventTime.TryParse(Encoding.UTF8.GetBytes(text), out var ms)) time = ms;
            return new EventLine(number, line, true, Text(json.RootElement, "userId"), Text(json.RootElement, "anonymousId"), time);
        }
        catch (JsonException)
        {
            return new EventLine(number, line, false, null, null, null);
        }
    }

    private static string? Text(JsonElement e, string name) =>
        e.TryGetProperty(name, out var member) && member.ValueKind == JsonValueKind.String ? member.GetString() : null;
}
