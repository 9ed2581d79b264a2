namespace Freshet.Engine.Functions;

/// <summary>The function of Nexmark's query 14: how often a character is in a text.</summary>
internal sealed class CountChar : ScalarFunction
{
    public static long Eval(string? text, string? character)
    {
        if (text is null || string.IsNullOrEmpty(character)) return 0;
        var count = 0L;
        foreach (var letter in text)
            if (letter == character[0]) count++;
        return count;
    }
}
