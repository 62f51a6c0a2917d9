using System.Text.Json;
using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Inference.Sampling;

namespace Hone.Tests.Inference;

/// <summary>Logits processors against values recorded from transformers 5.2.0 and llama.cpp.</summary>
public sealed class ProcessorGoldenTests
{
    private const string Folder = "data/golden/inference/processors/";

    /// <summary>
    /// Two rows cannot be met: their limit lies between two sums that differ by 4e-10, and rounding the printed logits to fp32,
    /// in which a model here computes, moves the sum to the other side.
    /// </summary>
    [Fact]
    public void Every_processor_of_transformers()
    {
        int compared = 0, refused = 0;
        List<string> differ = [];
        foreach (JsonObject row in Rows("transformers.jsonl"))
        {
            JsonObject settings = row["settings"]!.AsObject();
            string name = (string)row["processor"]!;
            if (row["raises"] is not null)
            {
                Assert.Throws<HoneException>(() => Build(name, settings));
                refused++;
                continue;
            }
            float[] logits = Floats(row["logits"]!);
            int[] history = Ints(row["history"]!);
            if (name != "remove_invalid_values" && logits.Any(x => float.IsNaN(x) || float.IsPositiveInfinity(x)))
            {
                // The library lets these pass in silence; here they are refused before any processor runs.
                Assert.Throws<HoneException>(() => new Sampler(new SamplingOptions(), [], 0, new RandomStream(1)).Next(logits, history));
                refused++;
                continue;
            }
            Build(name, settings).Apply(logits, new TokenHistory(history, PromptLength(settings)));
            if (Difference(row["processed"]!, logits, 1e-6) is not null) differ.Add((string)row["id"]!);
            compared++;
        }
        Parity.Count(compared + refused, compared + refused - differ.Count);
        Assert.Equal(["top_p-259", "top_p-260"], differ);
        Assert.Equal(296, compared + refused);
        Assert.True(refused >= 15, $"{refused} refusals");
    }

    [Fact]
    public void Combined_in_the_order_of_transformers()
    {
        int compared = 0;
        foreach (JsonObject row in Rows("combined.jsonl"))
        {
            JsonObject s = row["settings"]!.AsObject();
            int prompt = (int)row["prompt_length"]!;
            float[] logits = Floats(row["logits"]!);
            TokenHistory history = new(Ints(row["history"]!), prompt);
            foreach (ILogitsProcessor processor in Options(s).Processors(Ints(s["eos_token_id"]!), prompt)) processor.Apply(logits, history);
            AssertSame(row["processed"]!, logits, (string)row["id"]!);
            compared++;
        }
        Parity.Count(compared, compared);
        Assert.Equal(26, compared);
    }

    [Fact]
    public void OpenAi_penalties()
    {
        int compared = 0;
        foreach (JsonObject row in Rows("openai_penalties.jsonl"))
        {
            SamplingOptions options = new()
            {
                PresencePenalty = (double)row["presence_penalty"]!,
                FrequencyPenalty = (double)row["frequency_penalty"]!,
                RepetitionPenalty = (double)row["repetition_penalty"]!,
            };
            int[] prompt = Ints(row["prompt"]!), generated = Ints(row["generated"]!);
            float[] logits = Floats(row["logits"]!);
            foreach (ILogitsProcessor processor in options.Processors([], prompt.Length))
                processor.Apply(logits, new TokenHistory([.. prompt, .. generated], prompt.Length));
            AssertSame(row["processed"]!, logits, (string)row["id"]!);
            compared++;
        }
        Parity.Count(compared, compared);
        Assert.Equal(10, compared);
    }

    /// <summary>
    /// The library keeps exactly k tokens and sorts downwards, so with ties it keeps others than transformers, and which of the
    /// equal ones is left to its partial sort: two rows of top-k and one of typical with ties differ.
    /// </summary>
    [Fact]
    public void Samplers_of_llama_cpp()
    {
        int compared = 0;
        List<string> differ = [];
        foreach (JsonObject row in Rows("llamacpp_samplers.jsonl"))
        {
            float[] logits = Floats(row["logits"]!);
            if (LlamaCpp((string)row["sampler"]!, row["settings"]!.AsObject()) is { } processor)
                processor.Apply(logits, new TokenHistory(Ints(row["history"]!), 0));
            compared++;
            if (Difference(row["processed"]!, logits, 1e-5) is not null) differ.Add((string)row["id"]!);
        }
        Parity.Count(compared, compared - differ.Count);
        Assert.Equal(72, compared);
        Assert.Equal(["llamacpp-48", "llamacpp-49", "llamacpp-58"], differ);
    }

    private static IEnumerable<JsonObject> Rows(string file)
    {
        foreach (string line in File.ReadLines(SharedData.Require(Folder + file)))
            yield return JsonNode.Parse(line)!.AsObject();
    }

    private static ILogitsProcessor Build(string name, JsonObject s) => name switch
    {
        "temperature" => new Temperature(Number(s, "temperature")),
        "top_k" => new TopK((int)s["top_k"]!, Kept(s)),
        "top_p" => new TopP(Number(s, "top_p"), Kept(s)),
        "min_p" => new MinP(Number(s, "min_p"), Kept(s)),
        "typical_p" => new TypicalP(Number(s, "mass"), Kept(s)),
        "epsilon_cutoff" => new EpsilonCutoff(Number(s, "epsilon"), Kept(s)),
        "eta_cutoff" => new EtaCutoff(Number(s, "epsilon"), Kept(s)),
        "top_h" => new TopH(Number(s, "top_h")),
        "repetition_penalty" => new RepetitionPenalty(Number(s, "penalty"), (int?)s["prompt_ignore_length"] ?? 0),
        "no_repeat_ngram_size" => new NoRepeatNgram((int)s["ngram_size"]!),
        "sequence_bias" => new SequenceBias(Pairs(s["sequence_bias"]!)),
        "bad_words_ids" => SequenceBias.BadWords([.. s["bad_words_ids"]!.AsArray().Select(w => Ints(w!))], Ends(s)),
        "min_new_tokens" => new MinLength((int)s["min_new_tokens"]!, countPrompt: false, Ends(s)),
        "min_length" => new MinLength((int)s["min_length"]!, countPrompt: true, Ends(s)),
        "exponential_decay_length_penalty" => new LengthDecay((int)s[name]![0]!, (double)s[name]![1]!, Ends(s)),
        "suppress_tokens" => new Suppress(Ints(s[name]!)),
        "begin_suppress_tokens" => new Suppress(Ints(s[name]!), (int)s["begin_index"]!),
        "renormalize_logits" => new Renormalise(),
        "remove_invalid_values" => new RemoveInvalid(),
        _ => throw new InvalidOperationException(name),
    };

    private static SamplingOptions Options(JsonObject s) => new()
    {
        Temperature = (bool)s["do_sample"]! ? (double?)s["temperature"] ?? 1 : 0,
        TopK = (int)s["top_k"]!,
        TopP = (double?)s["top_p"] ?? 1,
        MinP = (double?)s["min_p"] ?? 0,
        TypicalP = (double?)s["typical_p"] ?? 1,
        EpsilonCutoff = (double?)s["epsilon_cutoff"] ?? 0,
        EtaCutoff = (double?)s["eta_cutoff"] ?? 0,
        RepetitionPenalty = (double?)s["repetition_penalty"] ?? 1,
        NoRepeatNgramSize = (int?)s["no_repeat_ngram_size"] ?? 0,
        MinNewTokens = (int?)s["min_new_tokens"] ?? 0,
        MinLength = (int?)s["min_length"] ?? 0,
        BadWords = s["bad_words_ids"] is { } words ? [.. words.AsArray().Select(w => Ints(w!))] : [],
        SequenceBias = s["sequence_bias"] is { } pairs ? Pairs(pairs) : [],
        SuppressTokens = s["suppress_tokens"] is { } ids ? Ints(ids) : [],
        LengthDecay = s["exponential_decay_length_penalty"] is { } decay ? ((int)decay[0]!, (double)decay[1]!) : null,
        Renormalise = (bool?)s["renormalize_logits"] ?? false,
    };

    private static ILogitsProcessor? LlamaCpp(string sampler, JsonObject s) => sampler switch
    {
        "top_k" => (int)s["k"]! == 0 ? null : new TopK((int)s["k"]!),
        "top_p" => new TopP((double)s["p"]!, (int)s["min_keep"]!),
        "min_p" => new MinP((double)s["p"]!, (int)s["min_keep"]!),
        "typical" => new TypicalP((double)s["p"]!, (int)s["min_keep"]!),
        "temp" => (double)s["t"]! == 0 ? new Greedy() : new Temperature((double)s["t"]!),
        "temp_ext" => new DynamicTemperature((double)s["t"]!, (double)s["delta"]!, (double)s["exponent"]!),
        "top_n_sigma" => new TopNSigma((double)s["n"]!),
        "penalties" => new WindowPenalties((int)s["penalty_last_n"]!, (double)s["penalty_repeat"]!, (double)s["penalty_present"]!, (double)s["penalty_freq"]!),
        _ => throw new InvalidOperationException(sampler),
    };

    private static double Number(JsonObject s, string name) => (double)s[name]!;

    private static int Kept(JsonObject s) => (int?)s["min_tokens_to_keep"] ?? 1;

    private static int PromptLength(JsonObject s) => (int?)s["prompt_length_to_skip"] ?? (int?)s["input_ids_seq_length"] ?? 0;

    private static int[] Ends(JsonObject s) => Ints(s["eos_token_id"]!);

    private static List<(int[], float)> Pairs(JsonNode node) => [.. node.AsArray().Select(pair => (Ints(pair![0]!), (float)pair[1]!))];

    private static int[] Ints(JsonNode node) => node is JsonArray array ? [.. array.Select(x => (int)x!)] : [(int)node];

    private static float[] Floats(JsonNode node) => [.. node.AsArray().Select(x => (float)Value(x!))];

    private static double Value(JsonNode node) => node.GetValueKind() != JsonValueKind.String ? (double)node : (string)node! switch
    {
        "Infinity" => double.PositiveInfinity,
        "-Infinity" => double.NegativeInfinity,
        _ => double.NaN,
    };

    private static void AssertSame(JsonNode expected, float[] actual, string id)
    {
        string? difference = Difference(expected, actual, 1e-6);
        Assert.True(difference is null, $"{id}: {difference}");
    }

    private static string? Difference(JsonNode expected, float[] actual, double tolerance)
    {
        for (int i = 0; i < actual.Length; i++)
        {
            double want = Value(expected[i]!);
            if (want.Equals((double)actual[i])) continue;
            // A finite number recorded as the largest double stands for the largest of the type at hand.
            if (Math.Abs(want) > float.MaxValue && Math.Abs(actual[i]) == float.MaxValue && Math.Sign(want) == Math.Sign(actual[i])) continue;
            if (!double.IsFinite(want) || !(Math.Abs(want - actual[i]) <= tolerance * Math.Max(1, Math.Abs(want)))) return $"entry {i}: {actual[i]}, expected {want}";
        }
        return null;
    }
}
