using Freshet.Columns.Formats;
using Freshet.Columns.Types;
using Freshet.Tests;

namespace Freshet.Columns.Tests.Csv;

/// <summary>Feeds a decoder in chunks and shows each row as text, with its errors behind it.</summary>
internal static class RowDecoderRun
{
    internal static string[] Rows(RowDecoder decoder, byte[] text, int chunkBytes, int maxRows, params SqlType[] types)
    {
        var rows = new List<string>();
        for (var at = 0; ;)
        {
            var part = Math.Min(Math.Min(chunkBytes, text.Length - at), decoder.GetBuffer().Length);
            text.AsSpan(at, part).CopyTo(decoder.GetBuffer());
            at += part;
            if (part == 0) decoder.Complete();
            else decoder.Commit(part);
            while (decoder.TryRead(maxRows) is { } batch)
            {
                Assert.InRange(batch.Rows, 1, maxRows);
                for (var r = 0; r < batch.Rows; r++)
                {
                    rows.Add(string.Join('|', batch.Columns.Select((c, i) => TextColumn.TextOf(types[i], c, r)))
                        + string.Concat(decoder.Errors.Where(e => e.Row == r).Select(e => $" {e.Reason} [{e.Value}] @{e.Line}")));
                }

                batch.Release();
            }

            if (part == 0) break;
        }

        Assert.Equal(text.Length, decoder.PositionBytes);
        Assert.Equal(rows.Count, decoder.RowsRead);
        return [.. rows];
    }
}
