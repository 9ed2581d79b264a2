using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Freshet.Engine.Journals;

/// <summary>What an input range ends with besides rows.</summary>
[Flags]
public enum InputMarks : byte
{
    None = 0,

    /// <summary>The partition is idle: it holds back no watermark until its next row.</summary>
    Idle = 1,

    /// <summary>The input has ended: its watermark is the last there can be.</summary>
    End = 2,
}

/// <summary>The rows that a step takes from one partition: positions from <paramref name="From"/> up to, not including, <paramref name="To"/>.</summary>
public readonly record struct StepInput(string Source, int Partition, long From, long To, InputMarks Marks);

/// <summary>
/// One entry of the journal: what went into a step. With the log and the same build it determines everything that the step did.
/// <code>
/// bytes  field
/// 1      form of the entry: 1
/// 8      step number, little endian
/// 8      clock reading, µs since 1970
/// 4      number of inputs; then for each:
///   2+n    source name, UTF-8, with its length
///   4      partition
///   8      from
///   8      to
///   1      marks
/// </code>
/// </summary>
public sealed record StepEntry(long Step, long ClockMicros, IReadOnlyList<StepInput> Inputs)
{
    private const byte Form = 1;
    private const int HeadBytes = 21;
    private const int InputFixedBytes = 23;

    /// <summary>Writes the entry.</summary>
    public void Write(IBufferWriter<byte> output)
    {
        var head = output.GetSpan(HeadBytes);
        head[0] = Form;
        BinaryPrimitives.WriteInt64LittleEndian(head[1..], Step);
        BinaryPrimitives.WriteInt64LittleEndian(head[9..], ClockMicros);
        BinaryPrimitives.WriteInt32LittleEndian(head[17..], Inputs.Count);
        output.Advance(HeadBytes);
        foreach (var input in Inputs)
        {
            var nameBytes = Encoding.UTF8.GetByteCount(input.Source);
            var at = output.GetSpan(InputFixedBytes + nameBytes);
            BinaryPrimitives.WriteUInt16LittleEndian(at, checked((ushort)nameBytes));
            Encoding.UTF8.GetBytes(input.Source, at[2..]);
            at = at[(2 + nameBytes)..];
            BinaryPrimitives.WriteInt32LittleEndian(at, input.Partition);
            BinaryPrimitives.WriteInt64LittleEndian(at[4..], input.From);
            BinaryPrimitives.WriteInt64LittleEndian(at[12..], input.To);
            at[20] = (byte)input.Marks;
            output.Advance(InputFixedBytes + nameBytes);
        }
    }

    /// <summary>Reads an entry that <see cref="Write"/> made.</summary>
    /// <exception cref="InvalidDataException">The bytes are not an entry of a form that this build knows.</exception>
    public static StepEntry Read(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < HeadBytes) throw new InvalidDataException($"A journal entry of {bytes.Length} bytes is shorter than its head of {HeadBytes}.");
        if (bytes[0] != Form) throw new InvalidDataException($"A journal entry has form {bytes[0]}; this build reads form {Form}.");
        var step = BinaryPrimitives.ReadInt64LittleEndian(bytes[1..]);
        var clock = BinaryPrimitives.ReadInt64LittleEndian(bytes[9..]);
        var count = BinaryPrimitives.ReadInt32LittleEndian(bytes[17..]);
        var left = bytes[HeadBytes..];
        if (count < 0 || count > left.Length / InputFixedBytes) throw new InvalidDataException($"The journal entry of step {step} declares {count} inputs in {left.Length} bytes.");
        var inputs = new StepInput[count];
        for (var i = 0; i < count; i++)
        {
            var nameBytes = left.Length < InputFixedBytes ? int.MaxValue : BinaryPrimitives.ReadUInt16LittleEndian(left);
            if (left.Length - InputFixedBytes < nameBytes) throw new InvalidDataException($"The journal entry of step {step} ends within input {i}.");
            var name = Encoding.UTF8.GetString(left.Slice(2, nameBytes));
            left = left[(2 + nameBytes)..];
            inputs[i] = new StepInput(
                name,
                BinaryPrimitives.ReadInt32LittleEndian(left),
                BinaryPrimitives.ReadInt64LittleEndian(left[4..]),
                BinaryPrimitives.ReadInt64LittleEndian(left[12..]),
                (InputMarks)left[20]);
            left = left[21..];
        }

        return new StepEntry(step, clock, inputs);
    }
}
