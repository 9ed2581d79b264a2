using System.Text;
using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;

namespace Freshet.Engine.Queries;

/// <summary>Rows of text as a batch: answers that are known without running anything.</summary>
internal static class TextBatch
{
    public static unsafe Batch Of(int width, IReadOnlyList<IReadOnlyList<string?>> rows)
    {
        var memory = BatchMemory.Create();
        var columns = new Column[width];
        for (var c = 0; c < columns.Length; c++)
        {
            columns[c] = Column.Allocate(PhysicalKind.View, rows.Count, memory);
            columns[c].Validity = memory.AllocateBits(rows.Count, true);
            for (var r = 0; r < rows.Count; r++)
            {
                columns[c].As<StringView>()[r] = rows[r][c] is { } text ? StringView.Copy(Encoding.UTF8.GetBytes(text), memory) : default;
                if (rows[r][c] is null) columns[c].Validity[r >> 6] &= ~(1UL << r);
            }
        }

        return new Batch(memory, columns, rows.Count);
    }
}
