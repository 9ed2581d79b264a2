using System.Globalization;
using System.Text;
using Freshet.Columns.Types;
using Freshet.Kernels.Rows;
using Freshet.Kernels.Texts;

namespace Freshet.Kernels.Tests.Texts;

/// <summary>Text functions over random UTF-8 against obvious ones over lists of characters.</summary>
public sealed class TextFunctionTests
{
    private const int Rounds = 2000;
    private static readonly SqlType Text = SqlType.String;

    private static List<Rune> Characters(string text) => [.. text.EnumerateRunes()];

    private static string Joined(IEnumerable<Rune> characters) => string.Concat(characters);

    [Fact]
    public void Parts_of_texts_are_those_of_their_characters()
    {
        const int Seed = 20261125;
        var random = new Random(Seed);
        for (var i = 0; i < Rounds; i++)
        {
            var text = KernelCall.Text(random, 20);
            var all = Characters(text);
            var (start, length) = (random.Next(-25, 25), random.Next(-2, 25));
            var from = start > 0 ? start - 1 : start < 0 ? all.Count + start : 0;
            object? part = length < 0 ? null : from < 0 ? "" : Joined(all.Skip(from).Take(length));
            Assert.Equal(part, KernelCall.Run(RowLoop.Of<Substring>(), Text, [Text, SqlType.Int, SqlType.Int], [text, start, length])[0]);
            Assert.Equal(Joined(all.Take(Math.Max(0, length))), KernelCall.Run(RowLoop.Of(new End(true)), Text, [Text, SqlType.Int], [text, length])[0]);
            Assert.Equal(Joined(all.TakeLast(Math.Max(0, length))), KernelCall.Run(RowLoop.Of(new End(false)), Text, [Text, SqlType.Int], [text, length])[0]);
            Assert.Equal(Joined(Enumerable.Reverse(all)), KernelCall.Run(RowLoop.Of<Reversed>(), Text, [Text], [text])[0]);
            Assert.Equal(all.Count, KernelCall.Run(RowLoop.Of<CharLength>(), SqlType.Int, [Text], [text])[0]);
        }
    }

    [Fact]
    public void Trimming_takes_whole_characters_of_the_set()
    {
        var random = new Random(7);
        for (var i = 0; i < Rounds; i++)
        {
            var (text, set) = (KernelCall.Text(random, 12), KernelCall.Text(random, 3));
            var members = Characters(set).ToHashSet();
            var trimmed = Characters(text).SkipWhile(members.Contains).ToList();
            while (trimmed.Count > 0 && members.Contains(trimmed[^1])) trimmed.RemoveAt(trimmed.Count - 1);
            Assert.Equal(Joined(trimmed), KernelCall.Run(RowLoop.Of(new Trim(true, true)), Text, [Text, Text], [text, set])[0]);
        }
    }

    [Fact]
    public void Searching_counts_characters()
    {
        var random = new Random(11);
        for (var i = 0; i < Rounds; i++)
        {
            var (text, search) = (KernelCall.Text(random, 14), KernelCall.Text(random, 2));
            var (all, wanted) = (Characters(text), Characters(search));
            var from = random.Next(1, 6);
            var places = Enumerable.Range(1, all.Count + 1).Where(p => all.Skip(p - 1).Take(wanted.Count).SequenceEqual(wanted)).ToList();
            Assert.Equal(wanted.Count == 0 ? 1 : places.FirstOrDefault(p => p >= from), KernelCall.Run(RowLoop.Of<Position>(), SqlType.Int, [Text, Text, SqlType.Int], [search, text, from])[0]);
            if (wanted.Count == 0) continue;
            var occurrence = random.Next(1, 4);
            Assert.Equal(places.Where(p => p >= from).Skip(occurrence - 1).FirstOrDefault(), KernelCall.Run(RowLoop.Of<InString>(), SqlType.Int, [Text, Text, SqlType.Int, SqlType.Int], [text, search, from, occurrence])[0]);
            var last = all.Count - from + 1;
            var backward = places.Where(p => p + wanted.Count - 1 <= last).Reverse().Skip(occurrence - 1).FirstOrDefault();
            Assert.Equal(backward, KernelCall.Run(RowLoop.Of<InString>(), SqlType.Int, [Text, Text, SqlType.Int, SqlType.Int], [text, search, -from, occurrence])[0]);
        }
    }

    [Fact]
    public void Replacing_is_that_of_whole_texts()
    {
        var random = new Random(13);
        for (var i = 0; i < Rounds; i++)
        {
            var (text, search, by) = (KernelCall.Text(random, 14), KernelCall.Text(random, 2), KernelCall.Text(random, 3));
            var expected = search.Length > 0 ? text.Replace(search, by, StringComparison.Ordinal) : by + Joined(Characters(text).SelectMany(c => Characters(c + by)));
            Assert.Equal(expected, KernelCall.Run(RowLoop.Of<Replace>(), Text, [Text, Text, Text], [text, search, by])[0]);
        }
    }

    [Fact]
    public void Cases_change_as_in_Java()
    {
        Assert.Equal("STRASSE ÉΣ", KernelCall.Run(RowLoop.Of(new ChangeCase(true)), Text, [Text], ["straße éς"])[0]);
        Assert.Equal("ας i̇ abc", KernelCall.Run(RowLoop.Of(new ChangeCase(false)), Text, [Text], ["ΑΣ İ ABC"])[0]);
        Assert.Equal("üBer Alles 1st", KernelCall.Run(RowLoop.Of<InitialCapitals>(), Text, [Text], ["über ALLES 1ST"])[0]);
    }

    [Theory]
    [InlineData("%5.2f|%-5s|", "3.14159", " 3.14|ab   |")]
    [InlineData("%,.1f %S", "1234567.25", "1,234,567.3 AB")]
    [InlineData("%e %s", "12345.678", "1.234568e+04 ab")]
    [InlineData("%2$s %1$.0f", "0.5", "ab 1")]
    [InlineData("%g %s", "0.00001234", "1.23400e-05 ab")]
    [InlineData("%+08.2f %s", "-1.5", "-0001.50 ab")]
    public void Formats_are_those_of_Java(string format, string number, string expected) =>
        Assert.Equal(expected, KernelCall.Run(RowLoop.Of<Printf>(), Text, [Text, SqlType.Double, Text], [format, double.Parse(number, CultureInfo.InvariantCulture), "ab"])[0]);

    [Theory]
    [InlineData("")]
    [InlineData("abc")]
    [InlineData("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")]
    public void Sha224_gives_the_vectors_of_its_standard(string text)
    {
        var expected = text.Length switch
        {
            0 => "d14a028c2a3a2bc9476102bb288234c415a2b01f828ea62ac5b3e42f",
            3 => "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7",
            _ => "75388b16512776cc5dba5da1fd890150b0c6455cb4f58b1952522525",
        };
        Assert.Equal(expected, KernelCall.Run(RowLoop.Of(new HashOf(HashKind.Sha224)), Text, [Text], [text])[0]);
    }
}
