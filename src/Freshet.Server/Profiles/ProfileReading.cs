using System.Globalization;
using System.Runtime.InteropServices;
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

/// <summary>A row of the identifiers of a profile, in the memory of the reading. Times are µs, <see cref="None"/> for none; a text without bytes is none.</summary>
internal struct IdentifierRow
{
    public const long None = long.MinValue;

    public StringView Type;
    public StringView Value;
    public StringView MessageId;
    public StringView Source;
    public long FirstSeen;
    public long LastSeen;
}

/// <summary>A told trait, in the memory of the reading: its name and its value as JSON.</summary>
internal struct ToldRow
{
    public StringView Name;
    public StringView Json;
}

/// <summary>
/// Profiles as of one step, by keys of kept views alone: nothing is planned, and nothing waits. One thread's, and good as long as its
/// snapshot.
/// Cost of a profile: one look-up for the identifier, one for each trait and segment of the project, and one for each identifier that it has;
/// no object for any of them.
/// </summary>
internal sealed unsafe class ProfileReading : IDisposable
{
    private const int MergesMax = 100;
    private static readonly SqlType SeenType = SqlType.TimestampLtz(3);

    private readonly ProfileReader _reader;
    private readonly BatchMemory _memory = BatchMemory.Create();
    private readonly Column[] _number;
    private readonly Column[] _name;
    private ToldRow* _told;
    private int _toldRoom;
    private IdentifierRow* _identifiers;
    private int _identifiersRoom;
    private ulong _hash;
    private bool _isHashed;

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
        Lookups++;
        Set(_name[0], type);
        _name[1].As<StringView>()[0] = ProfileReads.Normalized(_reader.Rules, type, value, _memory);
        return Row.Find(_reader.Identifiers, _name) ? Row[2].As<long>()[0] : null;
    }

    /// <summary>The profile of an event, by the first of its identifiers that belongs to one.</summary>
    public long? Find(JsonElement record)
    {
        foreach (var (type, value) in ProfileReads.Owning(_reader.Rules, record))
            if (FindNormalized(type, value) is { } profile) return profile;
        return null;
    }

    /// <summary>Finds the row of a profile in a view that has one for each.</summary>
    public bool Find(ViewTable view, long profile)
    {
        Lookups++;
        return Row.Find(view, _number, HashOf(profile));
    }

    /// <summary>Starts loading what the reading of a whole profile looks at.</summary>
    public void Prefetch(long profile) => Row.Prefetch(_reader.ByProfile, _reader.ListsByProfile, HashOf(profile));

    /// <summary>Finds the first of a profile's identifiers, in no order; <see cref="NextIdentifier"/> goes on.</summary>
    public bool FirstIdentifier(long profile) => First(_reader.Identifiers, profile);

    public bool NextIdentifier()
    {
        Lookups++;
        return Row.FindNext();
    }

    /// <summary>The identifiers of a profile, the first seen first; good until the next call.</summary>
    public ReadOnlySpan<IdentifierRow> ReadIdentifiers(long profile)
    {
        var count = 0;
        for (var has = FirstIdentifier(profile); has; has = NextIdentifier())
        {
            if (count == _identifiersRoom) _identifiers = Larger(_identifiers, ref _identifiersRoom);
            _identifiers[count++] = new IdentifierRow { Type = View(0), Value = View(1), FirstSeen = Time(3), LastSeen = Time(4), MessageId = View(5), Source = View(6) };
        }

        var found = new Span<IdentifierRow>(_identifiers, count);
        found.Sort(static (a, b) => a.FirstSeen.CompareTo(b.FirstSeen) is not 0 and var seen ? seen : StringView.Compare(&a.Type, &b.Type) is not 0 and var type ? type : StringView.Compare(&a.Value, &b.Value));
        return found;
    }

    /// <summary>What a profile has been told to be, by name; good until the next call.</summary>
    public ReadOnlySpan<ToldRow> ReadTold(long profile)
    {
        var count = 0;
        for (var has = First(_reader.Told, profile); has; has = Row.FindNext())
        {
            if (count == _toldRoom) _told = Larger(_told, ref _toldRoom);
            _told[count++] = new ToldRow { Name = View(1), Json = View(5) };
        }

        var found = new Span<ToldRow>(_told, count);
        found.Sort(static (a, b) => StringView.Compare(&a.Name, &b.Name));
        return found;
    }

    /// <inheritdoc cref="ReadIdentifiers"/>
    public List<ProfileIdentifier> Identifiers(long profile)
    {
        var found = new List<ProfileIdentifier>();
        foreach (var row in ReadIdentifiers(profile))
            found.Add(new ProfileIdentifier(TextOf(row.Type)!, TextOf(row.Value)!, Seen(row.FirstSeen), Seen(row.LastSeen), TextOf(row.MessageId), TextOf(row.Source)));
        return found;
    }

    /// <inheritdoc cref="ReadTold"/>
    public List<(string Name, string Json)> Told(long profile)
    {
        var found = new List<(string Name, string Json)>();
        foreach (var row in ReadTold(profile)) found.Add((TextOf(row.Name) ?? "", TextOf(row.Json) ?? "null"));
        return found;
    }

    /// <summary>A time of a row as the API writes it; its bytes, in ASCII.</summary>
    public static int WriteSeen(long micros, Span<byte> into)
    {
        var column = new Column { Kind = PhysicalKind.Int64, Values = &micros };
        return CellText.Write(SeenType, column, 0, into);
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
            foreach (var place in MemoryMarshal.Cast<byte, long>(CellText.Bytes(Row[3], 0))) places.Add(place);
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

    private static string? Seen(long micros)
    {
        if (micros == IdentifierRow.None) return null;
        Span<byte> text = stackalloc byte[CellText.MaxBytes];
        return Encoding.ASCII.GetString(text[..WriteSeen(micros, text)]);
    }

    /// <summary>A text of the row that was found last, which stays where it is as long as the reading; without bytes for NULL.</summary>
    private StringView View(int column) => Row.IsNull(column) ? default : Row[column].As<StringView>()[0];

    private long Time(int column) => Row.IsNull(column) ? IdentifierRow.None : Row[column].As<long>()[0];

    private static string? TextOf(StringView text) => text.Length == 0 ? null : Encoding.UTF8.GetString(StringView.Span(&text));

    private T* Larger<T>(T* rows, ref int room)
        where T : unmanaged
    {
        var larger = _memory.Allocate<T>(Math.Max(8, room * 2));
        new Span<T>(rows, room).CopyTo(new Span<T>(larger, room));
        room = Math.Max(8, room * 2);
        return larger;
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

    /// <summary>The hash of a profile's id, which becomes the number that is looked for. All views have one hash seed.</summary>
    private ulong HashOf(long profile)
    {
        ref var number = ref _number[0].As<long>()[0];
        if (_isHashed && number == profile) return _hash;
        (number, _isHashed) = (profile, true);
        return _hash = ViewRow.Hash(_reader.Told, _number);
    }

    private bool First(ViewTable view, long number)
    {
        Lookups++;
        HashOf(number);
        return Row.FindFirst(view, 0, _number);
    }

    private void Set(in Column column, string text)
    {
        var bytes = _memory.Allocate(Encoding.UTF8.GetMaxByteCount(text.Length));
        column.As<StringView>()[0] = new StringView(bytes, Encoding.UTF8.GetBytes(text, new Span<byte>(bytes, Encoding.UTF8.GetMaxByteCount(text.Length))));
    }
}
