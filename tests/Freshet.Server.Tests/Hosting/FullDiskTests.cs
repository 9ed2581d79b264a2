using System.Text;
using Freshet.Engine;
using Freshet.Log;
using Freshet.Log.Records;
using Freshet.Server.Hosting;
using Freshet.Server.Http;
using Freshet.Storage;
using Freshet.Syntax.Text;
using Freshet.Testing.Disks;

namespace Freshet.Server.Tests.Hosting;

/// <summary>A disk without room: readers hear of it instead of waiting for a step that cannot be.</summary>
public sealed class FullDiskTests
{
    [Fact]
    public async Task Who_reads_while_the_disk_is_full_hears_so_and_reads_again_when_there_is_room()
    {
        var disk = new SimulatedDisk(new Random(1));
        using var log = LogStore.Open(disk, "/data", new LogOptions { ExtentBytes = 4096 });
        var events = log.OpenPartition("events");
        using var pipeline = Pipeline.Start(log, [new SourceText("test.sql", "CREATE MATERIALIZED VIEW counted AS SELECT COUNT(*) AS n FROM events;")], new PipelineOptions { Workers = 1 });
        var eventLog = new LogEventLog(log, events);
        var views = new PipelineViews(pipeline, eventLog);
        disk.CapacityBytes = 0;
        // Small events fill what is there of the topic after the journal's last place is taken.
        for (var n = 0; n < 400 && !log.IsDiskFull; n++) await TryAppendAsync(log, events);
        Assert.True(log.IsDiskFull);
        await Assert.ThrowsAsync<RefusedException>(async () =>
        {
            while (true) await views.WhenVisibleAsync(eventLog.LastDurable + 1, TestContext.Current.CancellationToken);
        });

        disk.CapacityBytes = long.MaxValue;
        await TryAppendAsync(log, events);
        await views.WhenVisibleAsync(eventLog.LastDurable, TestContext.Current.CancellationToken);
        using var snapshot = await views.OpenAsync(TestContext.Current.CancellationToken);
        Assert.True(snapshot.Step > 1);
    }

    private static async Task TryAppendAsync(LogStore log, Partition events)
    {
        var records = RecordSet.Rent();
        records.Add(1, default, Encoding.UTF8.GetBytes("""{"messageId":"m","type":"track"}"""));
        try
        {
            await log.AppendAsync(events, records);
        }
        catch (StorageException e) when (e.Error == StorageError.DiskFull)
        {
            // That is what the test is about.
        }
    }
}
