using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Freshet.Customers;
using Freshet.Customers.Profiles;
using Freshet.Server.Api;
using Freshet.Server.Ingest;

namespace Freshet.Server.Profiles;

/// <summary>
/// Profiles as of one step, by look-ups in kept views (<see cref="ProfileReads"/>). Exists where the project uses profiles at all.
/// </summary>
internal sealed class ProfileReader
{
    private const int MergesMax = 100;
    private readonly IViewReader _views;
    private readonly CustomerLayer _customers;
    private readonly IEventLog _log;

    private ProfileReader(IViewReader views, CustomerLayer customers, IEventLog log)
    {
        _views = views;
        _customers = customers;
        _log = log;
        Traits = [.. ViewsOf("TRAIT")];
        Segments = [.. ViewsOf("SEGMENT")];
    }

    public IReadOnlyList<ViewInfo> Traits { get; }

    public IReadOnlyList<ViewInfo> Segments { get; }

    /// <summary>A row for each profile.</summary>
    public ViewInfo Profiles => _views.Views.First(v => v.Name == ProfileReads.Identifiers);

    /// <summary>What profiles can be asked for by.</summary>
    public IReadOnlyList<string> IdentifierTypes => [.. _customers.Rules.Types.Select(t => t.Name), "profile_id"];

    /// <summary>Null where the project has no profiles.</summary>
    public static ProfileReader? Of(IViewReader? views, CustomerLayer? customers, IEventLog log) =>
        views is null || customers is null || views.Views.All(v => v.Name != ProfileReads.Of) ? null : new ProfileReader(views, customers, log);

    public ValueTask<IViewSnapshot> OpenAsync(CancellationToken cancellation) => _views.OpenAsync(cancellation);

    public ValueTask WhenVisibleAsync(long sequence, CancellationToken cancellation) => _views.WhenVisibleAsync(sequence, cancellation);

    /// <summary>The profile of an identifier, or of a profile_id that may have gone into another; null for none.</summary>
    public async ValueTask<long?> FindAsync(IViewSnapshot snapshot, string type, string value, CancellationToken cancellation)
    {
        if (type == "profile_id") return long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? await SurvivorAsync(snapshot, number, cancellation) : null;
        var text = await TextAsync(snapshot, ProfileReads.Of, [type, ProfileReads.Normalized(_customers.Rules, type, value)], 2, cancellation);
        return text is null ? null : long.Parse(text, CultureInfo.InvariantCulture);
    }

    /// <summary>The profile of an event, by the first of its identifiers that belongs to one.</summary>
    public async ValueTask<long?> FindAsync(IViewSnapshot snapshot, JsonElement record, CancellationToken cancellation)
    {
        foreach (var (type, value) in ProfileReads.Carried(_customers.Rules, record))
            if (await TextAsync(snapshot, ProfileReads.Of, [type, value], 2, cancellation) is { } text) return long.Parse(text, CultureInfo.InvariantCulture);
        return null;
    }

    /// <summary>A value as the identity compares it.</summary>
    public string Normalized(string type, string value) => ProfileReads.Normalized(_customers.Rules, type, value);

    /// <summary>All identifiers of a profile.</summary>
    public async ValueTask<IReadOnlyList<(string Type, string Value)>> IdentifiersAsync(IViewSnapshot snapshot, long profile, CancellationToken cancellation)
    {
        using var identifiers = JsonDocument.Parse(await DocumentAsync(snapshot, ProfileReads.Identifiers, profile, cancellation) ?? "[]");
        return [.. identifiers.RootElement.EnumerateArray().Select(i => (i.GetProperty("type").GetString()!, i.GetProperty("value").GetString()!))];
    }

    /// <summary>A JSON document of a profile; null where it has none.</summary>
    public ValueTask<string?> DocumentAsync(IViewSnapshot snapshot, string view, long profile, CancellationToken cancellation) => TextAsync(snapshot, view, [Number(profile)], 1, cancellation);

    public async ValueTask<List<string>> SegmentsAsync(IViewSnapshot snapshot, long profile, CancellationToken cancellation)
    {
        var names = new List<string>();
        foreach (var segment in Segments)
            if (await TextAsync(snapshot, segment, [Number(profile)], 0, cancellation) is not null) names.Add(segment.Name);
        return names;
    }

    /// <summary>A computed trait's value as JSON; null where the profile has none.</summary>
    public static ValueTask<string?> TraitAsync(IViewSnapshot snapshot, ViewInfo trait, long profile, CancellationToken cancellation) => TextAsync(snapshot, trait, [Number(profile)], 1, cancellation, isJson: true);

    /// <summary>The latest events of a profile, newest first by event time.</summary>
    public async ValueTask<List<JsonElement>> EventsAsync(IViewSnapshot snapshot, IEnumerable<JsonElement> identifiers, CancellationToken cancellation)
    {
        var places = new List<long>();
        foreach (var identifier in identifiers)
            if (await TextAsync(snapshot, ProfileReads.Recent, [identifier.GetProperty("identifier").GetRawText()], 1, cancellation) is { } text)
                places.AddRange(text.Split(',').Select(p => long.Parse(p, CultureInfo.InvariantCulture)));
        var events = new List<(string Time, long Place, JsonElement Event)>();
        foreach (var place in places.Distinct())
        {
            if (_log.Read(place) is not { } record) continue;
            using var parsed = JsonDocument.Parse(record, new JsonDocumentOptions { MaxDepth = 1024 });
            var root = parsed.RootElement.Clone();
            events.Add((root.GetProperty("timestamp").GetString()!, place, root));
        }

        return [.. events.OrderByDescending(e => e.Time, StringComparer.Ordinal).ThenByDescending(e => e.Place).Select(e => e.Event)];
    }

    private async ValueTask<long?> SurvivorAsync(IViewSnapshot snapshot, long profile, CancellationToken cancellation)
    {
        for (var i = 0; i < MergesMax; i++)
        {
            if (await DocumentAsync(snapshot, ProfileReads.Identifiers, profile, cancellation) is not null) return profile;
            await using var rows = await _views.QueryAsync($"SELECT MAX(profile_id) FROM profile_merges WHERE merged_profile_id = {Number(profile)}", cancellation);
            var next = await FirstAsync(rows, 0, false, cancellation);
            if (next is null || next == Number(profile)) return null;
            profile = long.Parse(next, CultureInfo.InvariantCulture);
        }

        return null;
    }

    private IEnumerable<ViewInfo> ViewsOf(string kind) =>
        _customers.Declared.Where(o => o.Kind == kind).Select(o => _views.Views.FirstOrDefault(v => v.Name == o.Table)).OfType<ViewInfo>().OrderBy(v => v.Name, StringComparer.Ordinal);

    private ValueTask<string?> TextAsync(IViewSnapshot snapshot, string view, string[] key, int column, CancellationToken cancellation) =>
        TextAsync(snapshot, _views.Views.First(v => v.Name == view), key, column, cancellation);

    private static async ValueTask<string?> TextAsync(IViewSnapshot snapshot, ViewInfo view, string[] key, int column, CancellationToken cancellation, bool isJson = false)
    {
        await using var rows = snapshot.Lookup(view, key);
        return await FirstAsync(rows, column, isJson, cancellation);
    }

    private static async ValueTask<string?> FirstAsync(IRows rows, int column, bool isJson, CancellationToken cancellation)
    {
        string? found = null;
        while (await rows.NextAsync(cancellation) is { } batch)
        {
            if (found is null && batch.Count > 0) found = isJson ? JsonOf(rows, batch, column) : CellText.Text(rows.Schema[column], batch.Columns[column], batch.RowAt(0));
            batch.Release();
        }

        return found;
    }

    private static string JsonOf(IRows rows, Columns.Batch batch, int column)
    {
        var buffer = new ArrayBufferWriter<byte>(64);
        using (var json = new Utf8JsonWriter(buffer)) RowJson.WriteValue(json, rows.Schema[column], batch.Columns[column], batch.RowAt(0));
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static string Number(long profile) => profile.ToString(CultureInfo.InvariantCulture);
}
