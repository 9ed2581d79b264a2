using System.CommandLine;
using Freshet.Server;
using Freshet.Server.Configuration;

namespace Freshet.Commands;

/// <summary>How much state a run may hold; 0 where nothing is said.</summary>
internal static class MemoryOption
{
    private const string Name = "--memory-budget";

    public static Option<string> Build() => new(Name) { Description = "State at most; a query that needs more stops and names the operator.", HelpName = "1GiB" };

    public static long Read(ParseResult parsed, Option<string> option)
    {
        long bytes = 0;
        if (parsed.GetValue(option) is { } text && (!Quantity.TryBytes(text, out bytes) || bytes <= 0)) throw new UserException("usage", $"{Name} {text}: a number of bytes such as 1GiB is expected.");
        return bytes;
    }
}
