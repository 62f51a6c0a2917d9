using System.Xml.Linq;

namespace Hone.Tests.House;

public class ProjectTests
{
    /// <summary>
    /// Who may know whom (docs/map.md). Data, Agents and Evaluation never see a tensor; nobody but the command line and the
    /// server know the methods.
    /// </summary>
    private static readonly Dictionary<string, string[]> Arrows = new()
    {
        ["Core"] = [],
        ["Tensors"] = ["Core"],
        ["Models"] = ["Core", "Tensors"],
        ["Inference"] = ["Models"],
        ["Training"] = ["Models"],
        ["Data"] = ["Core"],
        ["Agents"] = ["Core"],
        ["Evaluation"] = ["Agents"],
        ["Methods"] = ["Inference", "Training", "Data", "Evaluation"],
        ["Server"] = ["Inference", "Evaluation"],
        ["Cluster"] = ["Inference"],
        ["Cli"] = ["Methods", "Server", "Cluster"],
    };

    public static TheoryData<string> Projects => [.. Repository.Files("src", ".csproj")];

    [Theory, MemberData(nameof(Projects))]
    public void Arrows_point_down(string project)
    {
        string name = NameOf(project);
        Assert.True(Arrows.ContainsKey(name), $"{project} is not in the table of arrows; add it here and to docs/map.md.");
        string[] references = [.. XDocument.Parse(Repository.Read(project)).Descendants("ProjectReference").Select(r => NameOf((string)r.Attribute("Include")!))];
        Assert.Empty(references.Except(Arrows[name]));
    }

    [Fact]
    public void Package_versions_stand_in_one_file()
    {
        foreach (string project in Repository.Files("", ".csproj"))
            foreach (XElement reference in XDocument.Parse(Repository.Read(project)).Descendants("PackageReference"))
                Assert.False(reference.Attribute("Version") is not null || reference.Element("Version") is not null,
                    $"{project}: {reference.Attribute("Include")?.Value} has a version of its own; it belongs into Directory.Packages.props.");
    }

    [Fact]
    public void Every_project_is_in_the_solution()
    {
        string[] listed = [.. XDocument.Parse(Repository.Read("Hone.slnx")).Descendants("Project").Select(p => (string)p.Attribute("Path")!).Order(StringComparer.Ordinal)];
        string[] existing = [.. Repository.Files("src", ".csproj").Concat(Repository.Files("tests", ".csproj")).Concat(Repository.Files("benchmarks", ".csproj"))];
        Assert.Equal(existing.Order(StringComparer.Ordinal), listed);
    }

    private static string NameOf(string path) => Path.GetFileNameWithoutExtension(path.Replace('\\', '/')).Replace("Hone.", "");
}
