using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Inference;
using Hone.Inference.Sampling;
using Hone.Tests.Models.Decoder;

namespace Hone.Tests.Inference;

public sealed class BeamSearchTests
{
    [Theory]
    [InlineData("gpt2")]
    [InlineData("llama_tied")]
    public void Recorded_searches(string name)
    {
        using GoldenModel golden = GoldenModel.Shared(name);
        Assert.Equal(26, Compare(golden));
    }

    [Fact]
    public void Recorded_searches_that_are_part_of_the_project()
    {
        using GoldenModel golden = GoldenModel.Own("gpt2");
        Assert.Equal(26, Compare(golden));
    }

    [Fact]
    public void One_beam_is_greedy()
    {
        Engine engine = new(TinyModels.Llama());
        int[] greedy = engine.Generate(new GenerationRequest { Prompt = [1, 7], Sampling = SamplingOptions.Greedy, MaxTokens = 9, StopIds = [] })[0].Ids;
        Assert.Equal(greedy, new BeamSearch(engine).Run([1, 7], new BeamOptions { Beams = 1, MaxTokens = 9, StopIds = [] })[0].Ids);
    }

    [Fact]
    public void Settings_outside_their_range_are_refused()
    {
        BeamSearch search = new(new Engine(TinyModels.Llama()));
        Assert.Throws<HoneException>(() => search.Run([1], new BeamOptions { Beams = 0 }));
        Assert.Throws<HoneException>(() => search.Run([1], new BeamOptions { Beams = 2, Returned = 3 }));
        Assert.Throws<HoneException>(() => search.Run([], new BeamOptions()));
    }

    private static int Compare(GoldenModel golden)
    {
        BeamSearch search = new(new Engine(golden.Model));
        JsonArray rows = golden.Expected["beam"]!.AsArray();
        foreach (JsonNode? row in rows)
        {
            IReadOnlyList<BeamResult> found = search.Run(golden.Prompt((string)row!["prompt"]!), Options(row.AsObject()));
            Assert.Equal(row["sequences"]!.AsArray().Select(s => GoldenModel.Ints(s!)), found.Select(r => r.Ids));
            Assert.True(Parity.Difference(GoldenModel.MaxDifference([.. found.Select(r => (float)r.Score)], GoldenModel.Floats(row["sequences_scores"]!)), 1e-4) < 1e-4);
        }
        return rows.Count;
    }

    private static BeamOptions Options(JsonObject row) => new()
    {
        Beams = (int)row["num_beams"]!,
        Returned = (int)row["num_return_sequences"]!,
        MaxTokens = (int)row["max_new_tokens"]!,
        LengthPenalty = (double)row["length_penalty"]!,
        EarlyStopping = row["early_stopping"]!.ToJsonString() switch
        {
            "true" => EarlyStopping.AsSoonAsEnough,
            "false" => EarlyStopping.WhenHopeless,
            _ => EarlyStopping.Never,
        },
        StopIds = row["eos_token_id"] is { } end ? [(int)end] : [],
        Rules = SamplingOptions.Greedy with
        {
            RepetitionPenalty = (double?)row["repetition_penalty"] ?? 1,
            NoRepeatNgramSize = (int?)row["no_repeat_ngram_size"] ?? 0,
        },
    };
}
