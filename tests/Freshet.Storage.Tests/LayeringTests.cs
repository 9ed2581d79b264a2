using System.Xml.Linq;

namespace Freshet.Storage.Tests;

/// <summary>Projects are the layers: the allowed edges are written here and compared with the project files.</summary>
public sealed class LayeringTests
{
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Freshet.Columns"] = [],
        ["Freshet.Storage"] = [],
        ["Freshet.Log"] = ["Freshet.Storage"],
        ["Freshet.Kernels"] = ["Freshet.Columns"],
        ["Freshet.Syntax"] = ["Freshet.Columns"],
        ["Freshet.Plan"] = ["Freshet.Syntax", "Freshet.Kernels"],
        ["Freshet.Sql"] = ["Freshet.Plan"],
        ["Freshet.State"] = ["Freshet.Kernels", "Freshet.Storage"],
        ["Freshet.Dataflow"] = ["Freshet.State", "Freshet.Kernels"],
        ["Freshet.Aggregation"] = ["Freshet.Dataflow"],
        ["Freshet.Windows"] = ["Freshet.Aggregation"],
        ["Freshet.Engine"] = ["Freshet.Sql", "Freshet.Windows", "Freshet.Log"],
        ["Freshet.Customers"] = ["Freshet.Engine"],
        ["Freshet.Testing"] = ["Freshet.Engine"],
        ["Freshet.Server"] = ["Freshet.Customers"],
        ["Freshet"] = ["Freshet.Server", "Freshet.Testing"],
    };

    [Fact]
    public void Project_references_are_the_allowed_edges_and_no_others()
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root.FullName, "Directory.Packages.props"))) root = root.Parent!;
        var found = Directory.GetFiles(Path.Combine(root.FullName, "src"), "*.csproj", SearchOption.AllDirectories)
            .ToDictionary(
                f => Path.GetFileNameWithoutExtension(f),
                f => XDocument.Load(f).Descendants("ProjectReference")
                    .Select(r => Path.GetFileNameWithoutExtension(r.Attribute("Include")!.Value)).ToArray());
        Assert.Equal(Allowed.Keys.Order(), found.Keys.Order());
        foreach (var (project, edges) in found)
            Assert.Equal(Allowed[project].Order(), edges.Order());
    }
}
