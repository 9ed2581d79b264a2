
namespace Freshet.Plan;

/// <summary>The functions that read the clock of a step.</summary>
internal static class ClockCall
{
    private static readonly HashSet<string> Names = ["CURRENT_TIMESTAMP", "LOCALTIMESTAMP", "CURRENT_DATE", "LOCALTIME"];

    public static bool Is(BoundCall call) => Names.Contains(call.Name) || (call.Name == "UNIX_TIMESTAMP" && call.Children.IsEmpty);
}
