using Freshet.Engine.Functions;

namespace Freshet.EndToEnd.Tests;

/// <summary>A function of the user's own, loaded by the program from this assembly.</summary>
public sealed class Initials : ScalarFunction
{
    public static string Eval(string text) => text.Length == 0 ? "" : text[..1];
}
