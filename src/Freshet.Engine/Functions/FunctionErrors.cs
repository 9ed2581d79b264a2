namespace Freshet.Engine.Functions;

/// <summary>What a function has thrown, as the reason of an error row.</summary>
internal static class FunctionErrors
{
    public static string Reason(string function, Exception exception) => $"{function}: {exception.GetType().Name}: {exception.Message}";
}
