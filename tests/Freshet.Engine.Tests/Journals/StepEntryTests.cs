using System.Buffers;
using Freshet.Engine.Journals;

namespace Freshet.Engine.Tests.Journals;

public sealed class StepEntryTests
{
    private static readonly StepEntry Entry = new(42, 1_700_000_000_123_456, [
        new StepInput("events", 0, 10, 25, InputMarks.None),
        new StepInput("bestellungen-ü", 3, 0, 7, InputMarks.Idle | InputMarks.End),
    ]);

    [Fact]
    public void What_was_written_is_read()
    {
        var read = StepEntry.Read(Written());
        Assert.Equal(Entry.Step, read.Step);
        Assert.Equal(Entry.ClockMicros, read.ClockMicros);
        Assert.Equal(Entry.Inputs, read.Inputs);
    }

    [Fact]
    public void A_cut_entry_is_refused_at_every_length()
    {
        var bytes = Written();
        for (var length = 0; length < bytes.Length; length++)
        {
            var cut = bytes[..length];
            Assert.Throws<InvalidDataException>(() => StepEntry.Read(cut));
        }
    }

    [Fact]
    public void A_declared_count_is_held_against_the_bytes_that_are_there()
    {
        var bytes = Written();
        bytes[17] = 0xff;
        bytes[20] = 0x7f;
        Assert.Throws<InvalidDataException>(() => StepEntry.Read(bytes));
    }

    [Fact]
    public void An_unknown_form_is_named()
    {
        var bytes = Written();
        bytes[0] = 9;
        Assert.Contains("form 9", Assert.Throws<InvalidDataException>(() => StepEntry.Read(bytes)).Message, StringComparison.Ordinal);
    }

    private static byte[] Written()
    {
        var buffer = new ArrayBufferWriter<byte>();
        Entry.Write(buffer);
        return buffer.WrittenSpan.ToArray();
    }
}
