using System.Diagnostics;
using System.Text.Json;
using Freshet.Customers.Identity;
using Freshet.Customers.Segments;
using Freshet.Server.Api;
using Freshet.Server.Profiles;

namespace Freshet.Server.Segments;

/// <summary>What a preview has found, as JSON; members and the segments that exist are read from the same step.</summary>
internal sealed class PreviewJson(Utf8JsonWriter json, IReadSnapshot snapshot, ProfileReader profiles, SegmentPreview preview)
{
    public async Task WriteAsync(int sample, string at, long started, CancellationToken cancellation)
    {
        var overlaps = await OverlapsAsync(cancellation);
        using var reading = new ProfileReading(profiles, snapshot);
        json.WriteStartObject();
        json.WriteNumber("step", snapshot.Step);
        json.WriteString("at", at);
        json.WriteNumber("profiles", snapshot.Count(profiles.Profiles));
        json.WriteStartArray("traits");
        foreach (var trait in preview.Traits) WriteTrait(trait, sample);
        json.WriteEndArray();
        json.WriteStartArray("segments");
        for (var i = 0; i < preview.Segments.Count; i++)
        {
            var segment = preview.Segments[i];
            json.WriteStartObject();
            json.WriteString("name", segment.Name);
            json.WriteNumber("size", segment.Members.Count);
            json.WriteStartArray("sample");
            foreach (var (profile, _) in segment.Sample.Take(sample)) ProfileJson.Write(json, profiles, reading, profile, events: -1);
            json.WriteEndArray();
            json.WriteStartArray("overlap");
            foreach (var (name, size, both) in overlaps[i])
            {
                json.WriteStartObject();
                json.WriteString("segment", name);
                json.WriteNumber("size", size);
                json.WriteNumber("both", both);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteNumber("events", preview.RowsRead);
        json.WriteNumber("seconds", Math.Round(Stopwatch.GetElapsedTime(started).TotalSeconds, 3));
        json.WriteEndObject();
    }

    private void WriteTrait(PreviewedTrait trait, int sample)
    {
        json.WriteStartObject();
        json.WriteString("name", trait.Name);
        json.WriteNumber("profiles", trait.Profiles);
        json.WriteStartArray("sample");
        foreach (var (profile, value) in trait.Sample.Take(sample))
        {
            json.WriteStartObject();
            json.WriteNumber(IdentityTables.ProfileId, profile);
            json.WritePropertyName("value");
            json.WriteRawValue(value, skipInputValidation: true);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>For each previewed segment: of each that exists its size, and how many are in both. One pass over each that exists.</summary>
    private async Task<List<(string Name, long Size, long Both)>[]> OverlapsAsync(CancellationToken cancellation)
    {
        var overlaps = preview.Segments.Select(_ => new List<(string, long, long)>()).ToArray();
        foreach (var existing in profiles.Segments)
        {
            var size = 0L;
            var both = new long[overlaps.Length];
            await using var rows = snapshot.Scan(existing.View, 0, long.MaxValue);
            while (await rows.NextAsync(cancellation) is { } batch)
            {
                size += batch.Count;
                for (var i = 0; i < both.Length; i++) both[i] += CountIn(batch, preview.Segments[i].Members);
                batch.Release();
            }

            for (var i = 0; i < both.Length; i++) overlaps[i].Add((existing.Name, size, both[i]));
        }

        return overlaps;
    }

    private static unsafe long CountIn(Columns.Batch batch, HashSet<long> members)
    {
        var column = batch.Columns[0];
        var count = 0L;
        for (var r = 0; r < batch.Count; r++)
            if (members.Contains(column.As<long>()[column.IndexOf(batch.RowAt(r))])) count++;
        return count;
    }
}
