using Freshet.Columns.Types;
using Freshet.Kernels.Patterns;
using Freshet.Kernels.Rows;

namespace Freshet.Kernels.Tests.Patterns;

public sealed class JavaPatternTests
{
    [Theory]
    [InlineData("[a-z&&[^aeiou]]+", "aeibcdo", "bcd")]
    [InlineData("[a-d[x-z]]+", "..bxzq", "bxz")]
    [InlineData("\\p{Alpha}+", "12abÄ", "ab")]
    [InlineData("\\p{L}+", "12abÄ", "abÄ")]
    [InlineData("\\p{IsAlphabetic}+", "12abÄ", "abÄ")]
    [InlineData("\\P{Punct}+", ",.a b,", "a b")]
    [InlineData("\\d+", "٣٤12", "12")]
    [InlineData("\\w+", "äab_1", "ab_1")]
    [InlineData("\\h+", "a\u00A0\tb", "\u00A0\t")]
    [InlineData("\\Qa.b\\E+", "a.bb", "a.bb")]
    [InlineData("(?<year>\\d{4})-\\d\\d", "x2026-11", "2026-11")]
    [InlineData("(?i)ABC", "xabcx", "abc")]
    [InlineData("(?i:A)B", "abaB", "aB")]
    [InlineData("[^,]*+,", "ab,c", "ab,")]
    [InlineData("a?+b", "ab", "ab")]
    [InlineData("\\x41\\u0042\\x{43}\\0104", "ABCD", "ABCD")]
    [InlineData(".", "😀a", "😀")]
    [InlineData("[^a]", "a😀", "😀")]
    [InlineData("[😀-😂]+", "a😁😂b", "😁😂")]
    [InlineData("a.b", "a\u2028b axb", "axb")]
    [InlineData("(?s)a.b", "a\nb", "a\nb")]
    [InlineData("(?x) a b # comment", "ab", "ab")]
    [InlineData("a|b*", "bbb", "bbb")]
    [InlineData("[]a]+", "x]a]", "]a]")]
    [InlineData("[a\\]b]+", "x]a]", "]a]")]
    [InlineData("x{2,3}", "xxxx", "xxx")]
    [InlineData("^\\s*$", " \t", " \t")]
    public void A_pattern_of_Java_matches_as_there(string pattern, string text, string expected) => Assert.Equal(expected, Extract(pattern, text));

    [Theory]
    [InlineData("(a)\\1")]
    [InlineData("a(?=b)")]
    [InlineData("a(?!b)")]
    [InlineData("(?<=a)b")]
    [InlineData("(?<!a)b")]
    [InlineData("(?>a+)b")]
    [InlineData("a*+a")]
    [InlineData("(a|b*+)b")]
    [InlineData("\\Ga")]
    public void What_has_no_linear_time_is_refused(string pattern)
    {
        var compiled = JavaPattern.Of(pattern);
        Assert.True(compiled.IsUnsupported, compiled.Error ?? "no error");
        Assert.Null(compiled.Regex);
    }

    [Theory]
    [InlineData("(")]
    [InlineData(")")]
    [InlineData("*a")]
    [InlineData("[a")]
    [InlineData("a{")]
    [InlineData("\\q")]
    [InlineData("\\p{Nothing}")]
    [InlineData("[z-a]")]
    [InlineData("(?z)")]
    public void A_wrong_pattern_has_a_reason(string pattern)
    {
        var compiled = JavaPattern.Of(pattern);
        Assert.False(compiled.IsUnsupported);
        Assert.NotNull(compiled.Error);
    }

    [Fact]
    public void Positions_and_parts_are_bytes_of_the_text()
    {
        var text = SqlType.String;
        Assert.Equal("世", KernelCall.Run(RowLoop.Of<ExtractMatch>(), text, [text, text, SqlType.Int], ["é😀b世c", "b(.)c", 1])[0]);
        Assert.Equal("é-b-c", KernelCall.Run(RowLoop.Of<ReplaceMatches>(), text, [text, text, text], ["é😀b世c", "[世😀]", "-"])[0]);
        Assert.Equal("[\"1\",\"3\"]", KernelCall.Run(RowLoop.Of<ExtractAll>(), text, [text, text], ["é1-2 é3-4", "(\\d)-\\d"])[0]);
        Assert.Equal(2, KernelCall.Run(RowLoop.Of<CountMatches>(), SqlType.Int, [text, text], ["é1-2 é3-4", "é"])[0]);
    }

    [Fact]
    public void A_pattern_that_explodes_elsewhere_is_fast() =>
        Assert.Equal(false, KernelCall.Run(RowLoop.Of<HasMatch>(), SqlType.Boolean, [SqlType.String, SqlType.String], [new string('a', 20_000), "^(a+)+$b"])[0]);

    private static object? Extract(string pattern, string text) =>
        KernelCall.Run(RowLoop.Of<ExtractMatch>(), SqlType.String, [SqlType.String, SqlType.String], [text, pattern])[0];
}
