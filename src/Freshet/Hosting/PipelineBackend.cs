using Freshet.Configuration;

namespace Freshet.Hosting;

internal static class PipelineBackend
{
    public static Task<IBackend> OpenAsync(ProjectSettings settings, TextWriter output, CancellationToken cancellation) => throw new UserException("no_engine", $"not here yet {settings} {output} {cancellation}");
}
