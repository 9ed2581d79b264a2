namespace Freshet.Tests;

/// <summary>Reference data that is too large for the project: the folder FRESHET_REFERENCE, or <c>shared</c> beside the checkout or above it.</summary>
internal static class Reference
{
    public static string Folder { get; } = Find();

    private static string Find()
    {
        if (Environment.GetEnvironmentVariable("FRESHET_REFERENCE") is { Length: > 0 } given) return given;
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var candidate = Path.Combine(folder.FullName, "shared");
            if (Directory.Exists(Path.Combine(candidate, "nexmark"))) return candidate;
        }

        return "shared";
    }
}
