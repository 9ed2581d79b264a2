using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;
using Freshet.State.Hashing;
using Freshet.State.Pages;
using Freshet.State.Rows;

namespace Freshet.State.Tests;

public sealed unsafe class SteadyStateTests
{
    [Fact]
    public void Finding_adding_and_removing_rows_allocates_nothing_on_the_managed_heap()
    {
        const int Rows = 2048;
        using var table = new KeyedTable(new RowLayout([PhysicalKind.Int64], new ExtraField(8)), 1, new PageVersions());
        var keys = stackalloc long[Rows];
        var hashes = stackalloc ulong[Rows];
        var slots = stackalloc uint[Rows];
        var addresses = stackalloc byte*[Rows];
        var batch = new Batch(BatchMemory.Create(), [new Column { Kind = PhysicalKind.Int64, Values = keys }], Rows);
        long next = 0;
        for (var i = 0; i < 20; i++) Step();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 20; i++) Step();
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        Assert.Equal(0, table.Rows);
        batch.Release();

        void Step()
        {
            for (var i = 0; i < Rows; i++)
            {
                keys[i] = next++;
                hashes[i] = (ulong)keys[i] * 0x9E3779B97F4A7C15 >> 9;
            }

            table.FindOrInsert(batch, [0], hashes, null, Rows, slots, addresses);
            table.Find(batch, [0], hashes, null, Rows, slots);
            for (var i = 0; i < Rows; i++) table.Remove(hashes[i], slots[i]);
            table.EndOfStep();
        }
    }
}
