using System.Buffers.Binary;
using System.Security.Cryptography;
using Freshet.Columns;
using Freshet.Columns.Formats;
using Freshet.Columns.Types;
using Freshet.Engine.Sinks;

namespace Freshet.Commands.Bench.Nexmark;

/// <summary>Looks at every row that reaches it, as a sink that writes would: counts rows and adds up their weights.</summary>
internal sealed class CountingSink : IRowSink
{
    public long LastStep => 0;

    public bool TakesChanges => true;

    public long Rows { get; private set; }

    public long Weight { get; private set; }

    public void Write(long step, IReadOnlyList<Batch> rows)
    {
        foreach (var batch in rows)
        {
            Rows += batch.Count;
            for (var i = 0; i < batch.Count; i++) Weight += batch.WeightOf(batch.RowAt(i));
        }
    }

    public void Dispose()
    {
    }
}

/// <summary>
/// The lines of a result with how often each is there, and a digest of them that depends on nothing else: the sum of the lines' hashes
/// by weight, so rows that were taken back leave nothing.
/// </summary>
internal sealed class ResultSink(Schema schema, bool keepsLines) : IRowSink
{
    private readonly Utf8Buffer _line = new();
    private ulong _digest;

    public long LastStep => 0;

    public bool TakesChanges => true;

    /// <summary>Rows of the final result.</summary>
    public long Rows { get; private set; }

    public string Digest => _digest.ToString("x16", System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>The lines, cells joined by |, where they are kept.</summary>
    public Dictionary<string, long> Lines { get; } = [];

    public void Write(long step, IReadOnlyList<Batch> rows)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        foreach (var batch in rows)
        {
            for (var i = 0; i < batch.Count; i++)
            {
                var row = batch.RowAt(i);
                WriteLine(batch, row);
                SHA256.HashData(_line.Written, hash);
                var weight = batch.WeightOf(row);
                _digest = unchecked(_digest + BinaryPrimitives.ReadUInt64BigEndian(hash) * (ulong)weight);
                Rows += weight;
                if (keepsLines) Keep(weight);
            }
        }
    }

    public void Dispose()
    {
    }

    private unsafe void WriteLine(Batch batch, int row)
    {
        _line.Clear();
        for (var c = 0; c < schema.Count; c++)
        {
            if (c > 0) _line.Write((byte)'|');
            var column = batch.Columns[c];
            if (column.IsNull(row)) _line.Write("NULL"u8);
            else if (schema[c].Kind == TypeKind.Timestamp) WriteTime(column.As<long>()[column.IndexOf(row)]);
            else TextValueWriter.Write(schema[c], column.Values, column.IndexOf(row), (byte)' ', _line);
        }
    }

    /// <summary>All times of the suite have three digits behind the second.</summary>
    private unsafe void WriteTime(long micros)
    {
        var text = stackalloc byte[64];
        _line.Write(new ReadOnlySpan<byte>(text, TimeText.WriteTimestamp(micros, (byte)' ', 3, text)));
    }

    private void Keep(long weight)
    {
        var line = System.Text.Encoding.UTF8.GetString(_line.Written);
        var sum = Lines.GetValueOrDefault(line) + weight;
        if (sum == 0) Lines.Remove(line);
        else Lines[line] = sum;
    }
}
