using System.Text;
using Freshet.Server.Ingest;

namespace Freshet.Server.Tests.Ingest;

public sealed class EventVolumesTests
{
    private readonly EventVolumes _volumes = new(SeededHash.Create());

    [Fact]
    public void Each_type_and_name_is_counted_in_samples()
    {
        Add(EventType.Track, "A", 3);
        Add(EventType.Page, "A", 1);
        _volumes.Sample();
        Add(EventType.Track, "A", 2);
        _volumes.Sample();
        Assert.Equal(["page A 1: 1 0", "track A 5: 3 2"], Read());
    }

    [Fact]
    public void Beyond_so_many_names_they_are_counted_together()
    {
        for (var i = 0; i < 700; i++) Add(EventType.Track, "name " + i, 1);
        _volumes.Sample();
        var read = Read();
        Assert.Equal(501, read.Count);
        Assert.Contains("other  200: 200", read);
    }

    [Fact]
    public void Only_the_last_hour_is_kept()
    {
        Add(EventType.Track, "A", 7);
        for (var i = 0; i < EventVolumes.SamplesMax + 5; i++) _volumes.Sample();
        Assert.Equal("track A 7: " + string.Join(' ', Enumerable.Repeat(0, EventVolumes.SamplesMax)), Read().Single());
    }

    private void Add(EventType type, string name, int count)
    {
        for (var i = 0; i < count; i++) _volumes.Add(_volumes.IdOf(type, Encoding.UTF8.GetBytes($"\"{name}\"")), i);
    }

    private List<string> Read()
    {
        var read = new List<string>();
        _volumes.Read((type, name, total, _, samples) => read.Add($"{type} {name} {total}: {string.Join(' ', samples.ToArray())}"));
        read.Sort(StringComparer.Ordinal);
        return read;
    }
}
