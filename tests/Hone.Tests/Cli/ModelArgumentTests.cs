using Hone.Cli.Options;
using Hone.Models.Formats.Hub;

namespace Hone.Tests.Cli;

public sealed class ModelArgumentTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory().FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void A_path_is_taken_as_it_is()
    {
        string file = Path.Combine(folder, "m.gguf");
        File.WriteAllText(file, "");
        Assert.Equal(file, ModelArgument.Locate(file));
        Assert.Equal(folder, ModelArgument.Locate(folder));
    }

    [Fact]
    public void A_pulled_model_is_found_by_its_name()
    {
        HubModelId id = HubModelId.Parse("org/name");
        HubCache cache = new(folder);
        string snapshot = cache.SnapshotFolder(id, new string('a', 40));
        Directory.CreateDirectory(snapshot);
        File.WriteAllText(Path.Combine(snapshot, "config.json"), "{}");
        string refs = Path.Combine(folder, id.FolderName, "refs");
        Directory.CreateDirectory(refs);
        File.WriteAllText(Path.Combine(refs, "main"), new string('a', 40));
        Assert.Equal(snapshot, ModelArgument.Locate("org/name", cache));
    }

    [Fact]
    public void Anything_else_is_one_line() =>
        Assert.Contains("org/other", Assert.Throws<HoneException>(() => ModelArgument.Locate("org/other", new HubCache(folder))).Message);

    [Fact]
    public void Files_of_the_repository_are_found_from_any_folder()
    {
        Assert.Equal(Path.Combine(SharedData.RepositoryRoot, "LICENSE"), Path.GetFullPath(Assets.Require("LICENSE")));
        Assert.Contains("no/such", Assert.Throws<HoneException>(() => Assets.Require("no/such")).Message);
    }
}
