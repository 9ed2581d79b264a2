using Freshet.Sql.Functions;

namespace Freshet.Sql.Tests.Functions;

public sealed class FunctionGuideTests
{
    [Fact]
    public void The_guide_lists_the_functions_as_they_are_declared()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Freshet.slnx"))) folder = folder.Parent;
        Assert.NotNull(folder);
        var page = File.ReadAllText(Path.Combine(folder.FullName, "docs", "guide", "functions.md"));
        Assert.True(page == FunctionGuide.Markdown(), "docs/guide/functions.md is out of date: run freshet functions --markdown > docs/guide/functions.md");
    }

    [Fact]
    public void Every_function_has_an_example() =>
        Assert.Empty(FunctionCatalogue.All.Where(f => f.Examples.IsEmpty && f.Theme != "Times").Select(f => f.Name));

    [Theory]
    [InlineData("STRING, INTEGER [, INTEGER]", 2, 3)]
    [InlineData("STRING, STRING...", 2, 254)]
    [InlineData("", 0, 0)]
    [InlineData("[INTEGER]", 0, 1)]
    public void A_signature_says_how_many_arguments_there_are(string text, int min, int max)
    {
        var signature = new Signature(text, static _ => Columns.Types.SqlType.Int, static (_, a, _) => a[0]);
        Assert.Equal((min, max), (signature.MinArguments, signature.MaxArguments));
    }
}
