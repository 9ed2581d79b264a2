using System.Text;
using System.Text.RegularExpressions;
using Freshet.Kernels.Patterns;

namespace Freshet.Kernels.Tests.Patterns;

public sealed class LikePatternTests
{
    [Fact]
    public void A_pattern_matches_what_its_regular_expression_matches()
    {
        var seed = Seeds.Next();
        var random = new Random(seed);
        for (var turn = 0; turn < 20_000; turn++)
        {
            var text = Text(random, ["a", "b", "é", "世"], 8);
            var pattern = Text(random, ["a", "b", "é", "世", "%", "_", "%", "!%", "!_", "!!"], 6);
            var expression = new StringBuilder();
            for (var i = 0; i < pattern.Length; i++)
            {
                if (pattern[i] == '!') expression.Append(Regex.Escape(pattern[++i].ToString()));
                else expression.Append(pattern[i] == '%' ? ".*" : pattern[i] == '_' ? "." : Regex.Escape(pattern[i].ToString()));
            }

            var expected = Regex.IsMatch(text, $"\\A{expression}\\z", RegexOptions.Singleline);
            Assert.True(expected == LikePattern.Of(Encoding.UTF8.GetBytes(pattern), "!"u8).Matches(Encoding.UTF8.GetBytes(text)), $"random seed {seed}, turn {turn}: '{text}' LIKE '{pattern}' is {expected}");
        }
    }

    [Theory]
    [InlineData("a!b", "!")]
    [InlineData("a!", "!")]
    [InlineData("a", "ab")]
    public void A_wrong_escape_is_an_error(string pattern, string escape) => Assert.NotNull(LikePattern.ErrorOf(Encoding.UTF8.GetBytes(pattern), Encoding.UTF8.GetBytes(escape)));

    [Theory]
    [InlineData("TEST", ".EST", true)]
    [InlineData("abc", "(a|b)%", true)]
    [InlineData("abc", "a[^x]c", true)]
    [InlineData("abc", "[[:ALPHA:]]+", true)]
    [InlineData("a|c", "a\\|c", false)]
    [InlineData("aaa", "a{3}", true)]
    public void SIMILAR_TO_knows_both_languages(string text, string pattern, bool matches) =>
        Assert.Equal(matches, SimilarPattern.Of(Encoding.UTF8.GetBytes(pattern), default).Matches(Encoding.UTF8.GetBytes(text)));

    private static string Text(Random random, string[] alphabet, int lengthMax)
    {
        var text = new StringBuilder();
        for (var i = random.Next(lengthMax + 1); i > 0; i--) text.Append(alphabet[random.Next(alphabet.Length)]);
        return text.ToString();
    }
}
