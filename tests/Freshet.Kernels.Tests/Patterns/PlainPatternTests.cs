using System.Text;
using System.Text.RegularExpressions;
using Freshet.Kernels.Patterns;

namespace Freshet.Kernels.Tests.Patterns;

/// <summary>Plain patterns find what the general way finds, in texts made of the pieces that they look for.</summary>
public sealed class PlainPatternTests
{
    private static readonly string[] Pieces = ["id=", "id", "=", "&", "a", "aa", "b", "7", "_", "ä", "😀", "\n", "\u2028", "", "."];

    [Theory]
    [InlineData("(&|^)id=([^&]*)")]
    [InlineData("(^|&|b)id=([^&a-b]+)")]
    [InlineData("^id=(\\d+)")]
    [InlineData("(^)id")]
    [InlineData("(a)(id)=(\\w*)")]
    [InlineData("(&)(id=)")]
    [InlineData("id=[a-z_]+")]
    [InlineData("aa[^a]+")]
    [InlineData("aab")]
    [InlineData("(i)d(=[ab7]*)")]
    [InlineData("id\\.\\w+")]
    public void A_plain_pattern_finds_what_the_general_way_finds(string pattern)
    {
        var compiled = JavaPattern.Of(pattern);
        Assert.NotNull(compiled.Plain);

        // Without steps back .NET loses a group where the text ends with a new line and the pattern has an anchor.
        var model = new Regex(compiled.Regex!.ToString(), RegexOptions.CultureInvariant);
        var seed = Seeds.Next();
        var random = new Random(seed);
        for (var i = 0; i < 3000; i++)
        {
            var text = string.Concat(Enumerable.Range(0, random.Next(8)).Select(_ => Pieces[random.Next(Pieces.Length)]));
            var expected = model.Match(text);
            for (var group = 0; group <= compiled.Groups; group++)
            {
                var isFound = compiled.Plain.TryMatch(Encoding.UTF8.GetBytes(text), group, out var found);
                Assert.True(expected.Success == isFound, $"seed {seed}: '{pattern}' in '{text}'");
                if (isFound) Assert.True(expected.Groups[group].Value == Encoding.UTF8.GetString(found), $"seed {seed}: group {group} of '{pattern}' in '{text}' is '{Encoding.UTF8.GetString(found)}'");
            }
        }
    }

    /// <summary>Each of these would be matched wrongly as a plain one.</summary>
    [Theory]
    [InlineData("")]
    [InlineData("[^&]*")]
    [InlineData("(i)([^a]*)")]
    [InlineData("(a|^)aa")]
    [InlineData("(ab|^)c")]
    [InlineData("(a|b)?c")]
    [InlineData("ab*")]
    [InlineData("(ab)+")]
    [InlineData("a|b")]
    [InlineData("a[^b]*b")]
    [InlineData("a[^b]*?")]
    [InlineData("a[^b]{2}")]
    [InlineData("a[^b]")]
    [InlineData("a[a-z&&[^b]]*")]
    [InlineData("a[&&b]*")]
    [InlineData("a.*")]
    [InlineData("a$")]
    [InlineData("a\\b")]
    [InlineData("(?i)a")]
    [InlineData("(?:a)b")]
    [InlineData("(a(b))")]
    [InlineData("ä")]
    public void What_is_more_than_plain_is_not_taken_for_it(string pattern) => Assert.Null(JavaPattern.Of(pattern).Plain);
}
