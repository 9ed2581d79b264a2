using System.Globalization;
using System.Text;
using System.Text.Json;
using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;
using Freshet.Customers.Profiles;
using Freshet.Server.Api;
using Freshet.State.Views;

namespace Freshet.Server.Profiles;

/// <summary>An identifier of a profile; times as the API writes them.</summary>
internal sealed record ProfileIdentifier(string Type, string Value, string? FirstSeen, string? LastSeen, string? MessageId, string? Source);

/// <summary>
/// Profiles as of one step, by keys of kept views alone: nothing is planned, and nothing waits. One thread's, and good as long as its
/// snapshot.
/// Cost of a profile: one look-up for the identifier, one for each trait and segment of the project, and one for each identifier that it has.
/// </summary>
internal sealed unsafe class ProfileReading : IDisposable
{
    private const int MergesMax = 100;
    private static readonly SqlType SeenType = SqlType.TimestampLtz(3);

    private readonly ProfileReader _reader;
    private readonly BatchMemory _memory = BatchMemory.Create();
    private readonly Column[] _number;
    private readonly Column[] _name;

    public ProfileReading(ProfileReader reader, IViewSnapshot snapshot)
    {
        _reader = reader;
        Row = new ViewRow(snapshot.Pin);
        _number = [Column.Allocate(PhysicalKind.Int64, 1, _memory)];
        _name = [Column.Allocate(PhysicalKind.View, 1, _memory), Column.Allocate(PhysicalKind.View, 1, _memory)];
    }

    /// <summary>The row that was found last.</summary>
    public ViewRow Row { get; }

    /// <summary>Rows that were looked for by key.</summary>
    public long Lookups { get; private set; }

    /// <summary>The profile of an identifier, or of a profile_id that may have gone into another; null for none.</summary>
    public long? Find(string type, string value)
    {
        if (type == "profile_id") return long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? Survivor(number) : null;
        return FindNormalized(type, ProfileReads.Normalized(_reader.Rules, type, value));
    }

    /// <summary>The profile of an event, by the first of its identifiers that belongs to one.</summary>
    public long? Find(JsonElement record)
    {
        foreach (var (type, value) in ProfileReads.Carried(_reader.Rules, record))
            if (FindNormalized(type, value) is { } profile) return profile;
        return null;
    }

    /// <summary>Finds the row of a profile in a view that has one for each.</summary>
    public bool Find(ViewTable view, long profile)
    {
        Lookups++;
        _number[0].As<long>()[0] = profile;
        return Row.Find(view, _number);
    }

    /// <summary>Finds the first of a profile's identifiers, in no order; <see cref="NextIdentifier"/> goes on.</summary>
    public bool FirstIdentifier(long profile) => First(_reader.Identifiers, profile);

    public bool NextIdentifier()
    {
        Lookups++;
        return Row.FindNext();
    }

    /// <summary>The identifiers of a profile, the first seen first.</summary>
    public List<ProfileIdentifier> Identifiers(long profile)
    {
        var found = new List<ProfileIdentifier>();
        for (var has = FirstIdentifier(profile); has; has = NextIdentifier())
            found.Add(new ProfileIdentifier(Text(0)!, Text(1)!, Seen(3), Seen(4), Text(5), Text(6)));
        found.Sort((a, b) => string.CompareOrdinal(a.FirstSeen, b.FirstSeen) is not 0 and var seen ? seen : string.CompareOrdinal(a.Type, b.Type) is not 0 and var type ? type : string.CompareOrdinal(a.Value, b.Value));
        return found;
    }

    /// <summary>What a profile has been told to be, by name: each value as JSON.</summary>
    public List<(string Name, string Json)> Told(long profile)
    {
        var found = new List<(string Name, string Json)>();
        for (var has = First(_reader.Told, profile); has; has = Row.FindNext()) found.Add((Text(1)!, Text(5) ?? "null"));
        found.Sort((a, b) => string.CompareOrdinal(a.Name, b.Name));
        return found;
    }

    /// <summary>The numbers of the profile's identifiers that events belong to.</summary>
    public List<long> Numbers(long profile)
    {
        var found = new List<long>();
        foreach (var identifier in Identifiers(profile))
            if (FindNamed(_reader.Recent, identifier.Type, identifier.Value)) found.Add(Row[2].As<long>()[0]);
        return found;
    }

    /// <summary>A JSON document of a profile; null where it has none.</summary>
    public string? Document(ViewTable view, long profile) => Find(view, profile) ? Text(1) : null;

    /// <summary>The latest events of a profile, newest first by event time.</summary>
    public List<JsonElement> Events(IEnumerable<ProfileIdentifier> identifiers)
    {
        var places = new HashSet<long>();
        foreach (var identifier in identifiers)
        {
            if (!FindNamed(_reader.Recent, identifier.Type, identifier.Value)) continue;
            for (var c = 3; c < 3 + ProfileReads.RecentEvents && !Row.IsNull(c); c++) places.Add(Row[c].As<long>()[0]);
        }

        var events = new List<(string Time, long Place, JsonElement Event)>();
        foreach (var place in places)
        {
            if (_reader.Log.Read(place) is not { } record) continue;
            using var parsed = JsonDocument.Parse(record, new JsonDocumentOptions { MaxDepth = 1024 });
            var root = parsed.RootElement.Clone();
            events.Add((root.GetProperty("timestamp").GetString()!, place, root));
        }

        return [.. events.OrderByDescending(e => e.Time, StringComparer.Ordinal).ThenByDescending(e => e.Place).Select(e => e.Event)];
    }

    /// <summary>The texts of a column of the row that was found last; null for NULL.</summary>
    public string? Text(int column)
    {
        if (Row.IsNull(column)) return null;
        var value = Row[column];
        return Encoding.UTF8.GetString(CellText.Bytes(value, 0));
    }

    public void Dispose()
    {
        Row.Dispose();
        _memory.Release();
    }

    private string? Seen(int column)
    {
        if (Row.IsNull(column)) return null;
        Span<byte> text = stackalloc byte[CellText.MaxBytes];
        return Encoding.ASCII.GetString(text[..CellText.Write(SeenType, Row[column], 0, text)]);
    }

    private long? FindNormalized(string type, string value) => FindNamed(_reader.Identifiers, type, value) ? Row[2].As<long>()[0] : null;

    private bool FindNamed(ViewTable view, string type, string value)
    {
        Lookups++;
        Set(_name[0], type);
        Set(_name[1], value);
        return Row.Find(view, _name);
    }

    private long? Survivor(long profile)
    {
        for (var i = 0; i < MergesMax; i++)
        {
            if (FirstIdentifier(profile)) return profile;
            var next = profile;
            for (var has = First(_reader.Merges, profile); has; has = Row.FindNext()) next = next == profile ? Row[0].As<long>()[0] : Math.Max(next, Row[0].As<long>()[0]);
            if (next == profile) return null;
            profile = next;
        }

        return null;
    }

    private bool First(ViewTable view, long number)
    {
        Lookups++;
        _number[0].As<long>()[0] = number;
        return Row.FindFirst(view, 0, _number);
    }

    private void Set(in Column column, string text)
    {
        var bytes = _memory.Allocate(Encoding.UTF8.GetMaxByteCount(text.Length));
        column.As<StringView>()[0] = new StringView(bytes, Encoding.UTF8.GetBytes(text, new Span<byte>(bytes, Encoding.UTF8.GetMaxByteCount(text.Length))));
    }
}
