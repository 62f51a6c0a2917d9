using System.Text.Json.Nodes;

namespace Hone.Tests.Cli;

/// <summary>That benchmarks run and print what they promise; speeds themselves are never tested.</summary>
public sealed class BenchTests
{
    private const string Shape = "layers=2,dim=32,heads=4,kv=2,ff=64,vocab=100";

    [Theory]
    [InlineData("peaks", "GFLOP/s")]
    [InlineData("gemm --shape m=64,n=64,k=64 --transpose-b", "GFLOP/s")]
    [InlineData($"train --shape {Shape} --length 16 --batch 2", "tok/s")]
    [InlineData($"train --shape {Shape} --length 16 --batch 2 --lora-rank 2", "tok/s")]
    [InlineData($"dpo --shape {Shape} --length 16 --batch 2", "pairs/s")]
    [InlineData($"prefill --shape {Shape} --length 32", "tok/s")]
    [InlineData($"decode --shape {Shape} --length 8 --prompt-length 4", "tok/s")]
    [InlineData($"decode --shape {Shape} --length 8 --prompt-length 4 --streams 3", "tok/s")]
    [InlineData($"rollout --shape {Shape} --prompts 2 --samples 2 --length 4 --prompt-length 8", "tok/s")]
    [InlineData($"embed --shape {Shape} --length 8 --batch 4", "sentences/s")]
    [InlineData("tokenize", "MB/s")]
    public void One_object_with_value_unit_share_threads_and_memory(string commandLine, string unit)
    {
        string[] args = ["bench", .. commandLine.Split(' '), "--seconds", "0.01", "--threads", "2", "--json"];
        CliRun run = CliRun.Of(args);
        Assert.Equal((0, ""), (run.Code, run.Error));
        JsonNode json = JsonNode.Parse(run.Output)!;
        Assert.Equal(unit, (string)json["unit"]!);
        Assert.True((double)json["value"]! > 0);
        Assert.Equal(2, (int)json["threads"]!);
        Assert.True((long)json["peak_memory_bytes"]! > 1 << 20);
        if (commandLine == "tokenize") Assert.Null(json["share_of_peak"]);
        else Assert.True((double)json["share_of_peak"]! > 0);
    }

    [Fact]
    public void Operations_of_training_are_those_of_the_cards_table()
    {
        // L4 d128 ff512 V96 T128: 6 (4 · (4 · 128² + 3 · 128 · 512) + 96 · 128) + 3 · 4 layers · 4 · 64.5 · 128
        JsonNode json = JsonNode.Parse(CliRun.Of("bench", "train", "--batch", "1", "--seconds", "0.001", "--json", "--threads", "1").Output)!;
        Assert.Equal(6.0 * (4 * (4 * 128 * 128 + 3 * 128 * 512) + 96 * 128) + 3 * 4 * 4 * 64.5 * 128, (double)json["operations_per_token"]!, 1e-6);
        Assert.Equal(1_074_304, (int)json["parameters"]!);
    }

    [Theory]
    [InlineData("layers=2", "--shape: dim, heads, ff, vocab missing. Expected something like layers=30,dim=576,heads=9,kv=3,ff=1536,vocab=49152.")]
    [InlineData("layers=two", "--shape: 'layers=two' is not a size. Expected layers=N with N from 1 to 16777216.")]
    [InlineData("depth=2", "--shape: 'depth' is not a known size. Known: context, dim, ff, head, heads, kv, layers, vocab.")]
    public void A_shape_that_is_none(string shape, string message)
    {
        CliRun run = CliRun.Of("bench", "prefill", "--shape", shape);
        Assert.Equal((2, "", message + "\n"), (run.Code, run.Output, run.Error));
    }

    [Fact]
    public void For_people_it_is_a_few_lines()
    {
        CliRun run = CliRun.Of("bench", "prefill", "--shape", Shape, "--length", "16", "--seconds", "0.001", "--threads", "1");
        Assert.Matches($"^prefill {Shape}: [0-9.,]+ tok/s, [0-9]+ % of the fp32 peak, median [0-9.,]+ over [0-9]+, 1 thread\n  length: 16\n", run.Output);
    }
}
