using System.Globalization;
using System.Text.Json;

namespace Freshet.Server.Profiles;

/// <summary>A part of a list in Segment's way, and the cursor that leads on: next is where in the list the next page begins.</summary>
internal sealed record SegmentPage(string Path, int From, int Limit)
{
    public IEnumerable<T> Of<T>(List<T> all) => all.Skip(From).Take(Limit);

    public void Write(Utf8JsonWriter json, int count) => Write(json, count - Limit > From);

    public void Write(Utf8JsonWriter json, bool hasMore)
    {
        json.WriteStartObject("cursor");
        json.WriteString("url", Path);
        json.WriteBoolean("has_more", hasMore);
        json.WriteString("next", hasMore ? ((long)From + Limit).ToString(CultureInfo.InvariantCulture) : "");
        json.WriteNumber("limit", Limit);
        json.WriteEndObject();
    }
}
