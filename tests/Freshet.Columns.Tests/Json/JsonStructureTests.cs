using System.Text;
using Freshet.Columns.Formats;
using Freshet.Columns.Json;

namespace Freshet.Columns.Tests.Json;

public unsafe class JsonStructureTests
{
    [Fact]
    public void Every_vector_width_classifies_a_block_alike()
    {
        var random = new Random(7);
        var block = new byte[64];
        for (var round = 0; round < 500; round++)
        {
            random.NextBytes(block);
            for (var k = 0; k < 64; k++)
                if (random.Next(2) == 0) block[k] = (byte)"{}[]:,\"\\ \n\t\r\u001f\u0020\u007fa"[random.Next(16)];
            fixed (byte* source = block)
            {
                JsonBlock.Classify128(source, out var narrow);
                JsonBlock.Classify256(source, out var middle);
                JsonBlock.Classify512(source, out var wide);
                Assert.Equal(narrow, middle);
                Assert.Equal(narrow, wide);
                for (var k = 0; k < 64; k++)
                {
                    Assert.Equal(block[k] is (byte)'{' or (byte)'[', (narrow.Open >> k & 1) != 0);
                    Assert.Equal(block[k] is (byte)'}' or (byte)']', (narrow.Close >> k & 1) != 0);
                    Assert.Equal(block[k] is (byte)',' or (byte)':', (narrow.Separator >> k & 1) != 0);
                    Assert.Equal(block[k] < 0x20, (narrow.Control >> k & 1) != 0);
                    Assert.Equal(block[k] > 0x7F, (narrow.High >> k & 1) != 0);
                    Assert.Equal(block[k] is 9 or 10 or 13, (JsonBlock.LineBreaksAndTabs(source) >> k & 1) != 0);
                }
            }
        }
    }

    [Fact]
    public void The_exclusive_or_of_prefixes_marks_what_lies_between_quotes()
    {
        Assert.Equal(0b0001_1100UL, Bytes64.PrefixXorByShifts(0b0010_0100UL));
        Assert.Equal(ulong.MaxValue, Bytes64.PrefixXorByShifts(1));
    }

    [Fact]
    public void Entries_are_those_of_a_scan_byte_by_byte()
    {
        const int seed = 20261124;
        var random = new RandomJson(seed);
        using var structure = new JsonStructure();
        for (var round = 0; round < 3000; round++)
        {
            var document = Encoding.UTF8.GetBytes(random.Document());
            if (round % 2 == 1) document = random.Mutate(document);
            fixed (byte* text = document)
            {
                structure.Scan(text, document.Length);
                var expected = Naive(document);
                var actual = new ReadOnlySpan<int>(structure.Positions, structure.Count).ToArray();
                Assert.True(expected.SequenceEqual(actual), $"seed {seed} round {round}: {Encoding.UTF8.GetString(document)}");
            }
        }
    }

    [Fact]
    public void Skipping_a_container_ends_behind_its_bracket()
    {
        using var structure = new JsonStructure();
        for (var pad = 0; pad < 140; pad++)
        {
            var document = Encoding.UTF8.GetBytes("[" + new string(' ', pad) + """{"a":[[1,2],{"b":"}]"},[[[]]]],"c":{}},7]""");
            fixed (byte* text = document)
            {
                structure.Scan(text, document.Length);
                var after = structure.Skip(1);
                Assert.Equal((byte)',', structure.At(after));
                Assert.Equal((byte)'7', structure.At(after + 1));
                Assert.Equal(structure.Count, structure.Skip(0));
            }
        }
    }

    [Fact]
    public void Members_and_elements_are_read_without_allocation()
    {
        using var structure = new JsonStructure();
        var document = """ {"type": "track" , "n":[1, "two",{"x":null}],"o":{"k":true}, "e\u0076ent":-1.5e3 } """u8.ToArray();
        fixed (byte* text = document)
        {
            structure.Scan(text, document.Length);
            Assert.True(JsonValidator.TryValidate(structure, JsonLimits.Default, out _));
            var found = Describe(structure);
            Assert.Equal("type=String:\"track\" n=Array:[1, \"two\",{\"x\":null}](Number:1 String:\"two\" Object:{\"x\":null} ) o=Object:{\"k\":true} e\\u0076ent=Number:-1.5e3 ", found);
            Assert.True(structure.ValueAt(0).TryGetMember("event"u8, out var value));
            Assert.Equal(JsonKind.Number, value.Kind);

            var before = GC.GetAllocatedBytesForCurrentThread();
            var members = 0;
            for (var k = 0; k < 100; k++)
            {
                structure.Scan(text, document.Length);
                JsonValidator.TryValidate(structure, JsonLimits.Default, out _);
                foreach (var member in structure.ValueAt(0).Members())
                    foreach (var element in member.Value.Elements()) members += element.Length;
            }

            Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
            Assert.Equal(1600, members);
        }
    }

    private static string Describe(JsonStructure structure)
    {
        var found = new StringBuilder();
        foreach (var member in structure.ValueAt(0).Members())
        {
            found.Append(Encoding.UTF8.GetString(member.Key)).Append('=').Append(member.Value.Kind).Append(':').Append(Encoding.UTF8.GetString(member.Value.Raw));
            if (member.Value.Kind == JsonKind.Array)
            {
                found.Append('(');
                foreach (var element in member.Value.Elements())
                    found.Append(element.Kind).Append(':').Append(Encoding.UTF8.GetString(element.Raw)).Append(' ');
                found.Append(')');
            }

            found.Append(' ');
        }

        return found.ToString();
    }

    private static List<int> Naive(byte[] text)
    {
        var entries = new List<int>();
        var inString = false;
        var inScalar = false;
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            var escaped = false;
            for (var k = i - 1; k >= 0 && text[k] == '\\'; k--) escaped = !escaped;
            if (c == '"' && !escaped)
            {
                entries.Add(i);
                inString = !inString;
                inScalar = false;
            }
            else if (!inString)
            {
                var isOperator = "{}[]:,".Contains((char)c, StringComparison.Ordinal);
                var isSpace = c is 32 or 9 or 10 or 13;
                if (isOperator || (!isSpace && !inScalar)) entries.Add(i);
                inScalar = !isOperator && !isSpace;
            }
        }

        return entries;
    }
}
