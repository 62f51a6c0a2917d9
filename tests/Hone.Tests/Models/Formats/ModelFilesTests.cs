using Hone.Models.Formats;

namespace Hone.Tests.Models.Formats;

public class ModelFilesTests
{
    [Fact]
    public void A_folder_is_opened_by_what_lies_in_it()
    {
        using TempFolder folder = new();
        GgufWriter.Save(folder["x/some.gguf"], new GgufMetadata(), [WeightSource.FromNumbers("g", [1], [1f])]);
        Assert.Contains("g", Names(folder["x"]));
        SafetensorsWriter.Save(folder["x/other.safetensors"], [WeightSource.FromNumbers("s", [1], [1f])]);
        Assert.Contains("s", Names(folder["x"]));
        SafetensorsWriter.Save(folder["x/model.safetensors"], [WeightSource.FromNumbers("m", [1], [1f])]);
        Assert.Contains("m", Names(folder["x"]));
        Assert.Contains("g", Names(folder["x/some.gguf"]));
        folder.Write("y/training_args.bin", new byte[100]);
        folder.Write("y/stories.bin", Llama2cTests.Build(true));
        Assert.Contains("model.norm.weight", Names(folder["y"]));
    }

    [Fact]
    public void What_was_looked_for_is_said()
    {
        using TempFolder folder = new();
        Assert.Contains("no such file or folder", Refusal(folder["missing"]));
        folder.Write("empty/readme.md", "x");
        string message = Refusal(folder["empty"]);
        Assert.Contains("Looked for model.safetensors.index.json, model.safetensors, adapter_model.safetensors, one *.safetensors, one *.gguf", message);
        Assert.Contains("It holds readme.md.", message);
        folder.Write("old/pytorch_model.bin", "x");
        Assert.Contains("can run code", Refusal(folder["old"]));
        folder.Write("two/a.gguf", "x");
        folder.Write("two/b.gguf", "x");
        Assert.Contains("2 .gguf files: a.gguf, b.gguf", Refusal(folder["two"]));
        Assert.Contains("not a weight file", Refusal(folder["empty/readme.md"]));
    }

    private static string Refusal(string path) => Assert.Throws<HoneException>(() => ModelFiles.Open(path).Dispose()).Message;

    private static string[] Names(string path)
    {
        using IWeightFile file = ModelFiles.Open(path);
        return [.. file.Entries.Keys];
    }
}
