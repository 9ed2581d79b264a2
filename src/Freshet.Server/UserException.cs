namespace Freshet.Server;

/// <summary>
/// A failure that the user can remedy: a code for programs and one sentence that names the thing and what to do.
/// The only exception that the program turns into a message without a stack trace. The exit code is 1 where the work
/// failed and 2 where it could not begin because of how it was asked for.
/// </summary>
internal sealed class UserException(string code, string message, int exitCode = UserException.Usage) : Exception(message)
{
    /// <summary>The work itself failed.</summary>
    public const int Failed = 1;

    /// <summary>The command line, the configuration or the surroundings do not allow a start.</summary>
    public const int Usage = 2;

    public string Code { get; } = code;

    public int ExitCode { get; } = exitCode;
}
