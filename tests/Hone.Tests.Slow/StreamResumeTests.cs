namespace Hone.Tests;

/// <summary>A text read as a stream is killed in the middle and taken up again.</summary>
public sealed class StreamResumeTests
{
    [Fact]
    public void A_killed_stream_goes_on_and_ends_with_the_same_bytes()
    {
        string folder = Directory.CreateTempSubdirectory("hone-stream-").FullName;
        try
        {
            string model = Path.Combine(folder, "model"), text = Path.Combine(folder, "text.txt");
            KilledRun.WriteModel(model, 5, context: 128);
            File.WriteAllText(text, string.Join('\n', Enumerable.Range(0, 2500).Select(i => $"{i}+{i % 7}={i + i % 7}")));
            KilledRun.Compare(Arguments, 6, 400, 1500, leastAtWork: 3);
            foreach (string file in (string[])["stream.state", "layer-000.spans", "layer-001.spans"])
                Assert.Equal(KilledRun.Hash(folder, "whole", file), KilledRun.Hash(folder, "killed", file));

            IEnumerable<string> Arguments(string run) =>
                ["kv", "stream", "--model", model, "--text", text, "--state", Path.Combine(folder, run), "--save-every", "1024", "--window", "64", "--retrieve", "64", "--max-span", "16", "--threads", "1"];
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
