using Hone.Models.Tokenizers;

namespace Hone.Tests.Cli;

public sealed class TokenizeTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("hone-tokenize").FullName;

    public TokenizeTests() => SeedTokenizer.Create(["Ann", "has", "cups"]).SaveToDirectory(folder);

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private string Data(params string[] lines)
    {
        string path = Path.Combine(folder, "texts.jsonl");
        File.WriteAllLines(path, lines);
        return path;
    }

    [Fact]
    public void Rows_become_ids_and_decoded_text()
    {
        string data = Data("""{"text":"Ann has 2"}""", """{"id":"b","text":"<q> cups"}"""), output = Path.Combine(folder, "ids.jsonl");
        CliRun run = CliRun.Of("tokenize", "--tokenizer", folder, "--data", data, "--out", output);
        Assert.Equal((0, "", $"2 rows, 6 tokens, written to {output}.\n"), (run.Code, run.Output, run.Error));
        Assert.Equal(["""{"ids":[260,263,36,54],"decoded":"Ann has 2"}""", """{"id":"b","ids":[1,265],"decoded":" cups"}"""], File.ReadAllLines(output));
    }

    [Fact]
    public void Rows_are_printed_without_out_and_special_tokens_can_be_kept()
    {
        CliRun run = CliRun.Of("tokenize", "--tokenizer", Path.Combine(folder, "tokenizer.json"), "--data", Data("""{"text":"<q> cups"}"""), "--keep-special", "--quiet");
        Assert.Equal((0, "{\"ids\":[1,265],\"decoded\":\"<q> cups\"}\n", ""), (run.Code, run.Output, run.Error));
    }

    [Fact]
    public void A_row_without_text_is_named_or_skipped()
    {
        string data = Data("""{"text":"Ann"}""", """{"words":"Ann"}""");
        CliRun run = CliRun.Of("tokenize", "--tokenizer", folder, "--data", data);
        Assert.Equal(2, run.Code);
        Assert.Equal($"{data}:2: field 'text' is missing. Fields here: words.\n", run.Error);
        run = CliRun.Of("tokenize", "--tokenizer", folder, "--data", data, "--on-error", "skip", "--quiet");
        Assert.Equal((0, "{\"ids\":[260],\"decoded\":\"Ann\"}\n", $"warning: {data}:2: field 'text' is missing. Fields here: words.\n"), (run.Code, run.Output, run.Error));
    }

    [Fact]
    public void Special_tokens_of_the_post_processor_can_be_left_out()
    {
        string path = SharedData.Require("data/golden/tokenizers/models/mistral-v3/tokenizer.json"), data = Data("""{"text":"Hi"}""");
        Assert.Equal("{\"ids\":[1,16127],\"decoded\":\"Hi\"}\n", CliRun.Of("tokenize", "--tokenizer", path, "--data", data, "--quiet").Output);
        Assert.Equal("{\"ids\":[16127],\"decoded\":\"Hi\"}\n", CliRun.Of("tokenize", "--tokenizer", path, "--data", data, "--quiet", "--no-special").Output);
    }
}
