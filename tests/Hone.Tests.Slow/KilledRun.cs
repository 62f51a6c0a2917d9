using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Models.Config;
using Hone.Models.Decoder;
using Hone.Models.Formats;
using Hone.Models.Loading;
using Hone.Models.Tokenizers;

namespace Hone.Tests;

/// <summary>One command line run twice: left alone, and killed again and again before it may end.</summary>
internal static class KilledRun
{
    private const int TimeoutSeconds = 300;

    /// <summary>
    /// Runs <paramref name="arguments"/> for the names <c>whole</c> and <c>killed</c>. Fails when a run fails, or when fewer than
    /// <paramref name="leastAtWork"/> of the killed ones (half of them where none is given) were still at work.
    /// </summary>
    /// <param name="arguments">The command line that writes to a folder of that name.</param>
    /// <param name="kills">How often it is killed.</param>
    /// <param name="earliest">Earliest moment of a kill, in milliseconds.</param>
    /// <param name="latest">Latest moment of a kill; earlier where the whole run is so short that the killed one would be done before.</param>
    /// <param name="leastAtWork">Fewest kills that hit a run at work.</param>
    public static void Compare(Func<string, IEnumerable<string>> arguments, int kills, int earliest, int latest, int? leastAtWork = null)
    {
        long began = Stopwatch.GetTimestamp();
        Complete(arguments("whole"));
        // Killed in the middle of this span again and again, a run gets as far as the whole one in all.
        int share = 2 * ((int)Stopwatch.GetElapsedTime(began).TotalMilliseconds - earliest) / kills;
        latest = Math.Min(latest, earliest + Math.Max(100, share));
        Random random = new(20);
        int atWork = 0;
        for (int kill = 0; kill < kills; kill++)
        {
            using HoneProcess run = HoneProcess.Start(arguments("killed"));
            int wait = random.Next(earliest, latest);
            for (int waited = 0; waited < wait && !run.HasExited; waited += 25) Thread.Sleep(25);
            if (!run.HasExited) atWork++;
            run.Kill();
        }
        Assert.True(atWork >= (leastAtWork ?? kills / 2), $"only {atWork} of {kills} runs were still at work when they were killed");
        Complete(arguments("killed"));
    }

    /// <summary>SHA-256 of a file.</summary>
    public static string Hash(params string[] path) => Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(Path.Combine(path))));

    /// <summary>Two small layers with random weights, and a tokenizer with one token per byte.</summary>
    public static void WriteModel(string folder, long seed, int context)
    {
        Tokenizer tokenizer = SeedTokenizer.Create(["+", "="]);
        LanguageModel model = new(ModelConfig.FromJson(new JsonObject
        {
            ["architectures"] = new JsonArray("LlamaForCausalLM"),
            ["model_type"] = "llama",
            ["vocab_size"] = tokenizer.VocabularySize,
            ["hidden_size"] = 32,
            ["intermediate_size"] = 64,
            ["num_hidden_layers"] = 2,
            ["num_attention_heads"] = 4,
            ["num_key_value_heads"] = 2,
            ["rms_norm_eps"] = 1e-5,
            ["max_position_embeddings"] = context,
            ["tie_word_embeddings"] = true,
        }, "test"));
        ModelInit.Randomise(model, new RandomStream(seed, "weights"));
        ModelSaver.Save(folder, new LoadedModel(model, null, tokenizer), WeightType.F32);
    }

    private static void Complete(IEnumerable<string> arguments)
    {
        ProcessResult result = HoneProcess.Run(arguments, timeoutSeconds: TimeoutSeconds);
        Assert.True(result.ExitCode == 0, result.Error);
    }
}
