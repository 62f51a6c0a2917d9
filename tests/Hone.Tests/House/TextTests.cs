namespace Hone.Tests.House;

public class TextTests
{
    private static readonly string[] TextEndings = [".cs", ".md", ".yaml", ".yml", ".csproj", ".props", ".targets", ".json", ".sh", ".slnx", ".html", ".js", ".css", ".svg"];

    // In two halves, so that this file does not find itself.
    private static readonly string[] Anywhere = ["/wo" + "rk/", "FIX" + "ME", "NotImplemented" + "Exception", "<<<<" + "<<<"];

    private static readonly string[] InCode = ["TO" + "DO", "HA" + "CK:"];

    [Fact]
    public void No_machine_paths_and_nothing_left_for_later()
    {
        foreach (string file in Repository.Files("", TextEndings).Where(file => !file.StartsWith("models/") && !file.StartsWith("tests/golden/")))
        {
            string text = Repository.Read(file);
            string[] forbidden = file.EndsWith(".cs") ? [.. Anywhere, .. InCode] : Anywhere;
            foreach (string word in forbidden)
                Assert.False(text.Contains(word), $"{file}:{LineOf(text, word)}: contains '{word}'.");
        }
    }

    [Fact]
    public void Golden_data_stays_small()
    {
        long bytes = Repository.Files("tests/golden").Sum(file => new FileInfo(Path.Combine(Repository.Root, file)).Length);
        Assert.True(bytes <= 5 << 20, $"tests/golden holds {bytes} bytes; at most 5 MiB.");
    }

    [Fact]
    public void Bundled_models_stay_small()
    {
        foreach (string folder in Directory.Exists(Path.Combine(Repository.Root, "models")) ? Directory.GetDirectories(Path.Combine(Repository.Root, "models")) : [])
        {
            long bytes = new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length);
            Assert.True(bytes <= 10_000_000, $"{folder} holds {bytes} bytes; at most 10 MB.");
        }
    }

    private static int LineOf(string text, string word) => text.AsSpan(0, Math.Max(0, text.IndexOf(word, StringComparison.Ordinal))).Count('\n') + 1;
}
