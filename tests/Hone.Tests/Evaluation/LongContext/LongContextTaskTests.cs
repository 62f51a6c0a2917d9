using System.Text.Json;
using System.Text.RegularExpressions;
using Hone.Core;
using Hone.Evaluation.LongContext;

namespace Hone.Tests.Evaluation.LongContext;

public sealed class LongContextTaskTests
{
    // Words and marks: near enough to a tokenizer to fill a length.
    private static int Count(string text) => Regex.Count(text, @"[A-Za-z]+|[0-9]|[^\sA-Za-z0-9]");

    private static LongContextOptions Options(int length, TaskWording wording = TaskWording.Full) => new() { Length = length, CountTokens = Count, Wording = wording };

    public static TheoryData<string> Tasks => [.. LongContextTasks.Names];

    [Theory, MemberData(nameof(Tasks))]
    public void A_sample_fills_its_length_holds_its_answer_and_can_be_made_again(string name)
    {
        LongContextTask task = LongContextTasks.Named(name);
        foreach (int length in new[] { 1024, 3000 })
        {
            LongContextSample sample = task.At(Options(length), 7, 3);
            int used = Count(sample.Prompt) + sample.MaxNewTokens;
            Assert.InRange(used, length * 0.75, length);
            Assert.All(sample.Answers, answer => Assert.Contains(answer, sample.Context));
            Assert.All(sample.Answers, answer => Assert.DoesNotContain(answer, sample.Question));
            Assert.All(sample.Evidence, span => Assert.InRange(span.Start, 0, sample.Context.Length - span.Length));
            Assert.Equal(1, sample.Score("… " + string.Join(" and ", sample.Answers)));
            Assert.Equal(0, sample.Score(""));
            Assert.Equal(sample.Prompt, task.At(Options(length), 7, 3).Prompt);
            Assert.NotEqual(sample.Prompt, task.At(Options(length), 7, 4).Prompt);
            Assert.NotEqual(sample.Prompt, task.At(Options(length), 8, 3).Prompt);
        }
    }

    [Theory]
    [InlineData("niah_single_2", 0)]
    [InlineData("niah_multikey_1", 0.5)]
    [InlineData("passkey", 1)]
    [InlineData("kv_retrieval", 0.25)]
    public void A_wanted_depth_is_met(string name, double depth)
    {
        LongContextSample sample = LongContextTasks.Named(name).At(Options(2048) with { Depth = depth }, 1, 0);
        Assert.Equal(depth, sample.Depth, 0.1);
        Assert.All(sample.Answers, answer => Assert.Contains(sample.Evidence, span => sample.Context.Substring(span.Start, span.Length).Contains(answer)));
    }

    [Fact]
    public void Keys_of_tests_are_never_keys_of_training()
    {
        HashSet<string> unseen = [], seen = [];
        RandomStream random = new(1, "keys");
        for (int i = 0; i < 2000; i++)
        {
            unseen.Add(KeyWords.Draw(random, unseen: true));
            seen.Add(KeyWords.Draw(random, unseen: false));
        }
        Assert.Empty(unseen.Intersect(seen));
        int all = KeyWords.Adjectives.Count * KeyWords.Nouns.Count, kept = KeyWords.Adjectives.Sum(a => KeyWords.Nouns.Count(n => KeyWords.IsUnseen(a, n)));
        Assert.InRange((double)kept / all, 0.2, 0.3);
    }

    [Fact]
    public void Words_of_keys_and_filler_are_apart()
    {
        Assert.Equal(KeyWords.Adjectives.Count, KeyWords.Adjectives.Distinct().Count());
        Assert.Equal(KeyWords.Nouns.Count, KeyWords.Nouns.Distinct().Count());
        Assert.Empty(KeyWords.Adjectives.Concat(KeyWords.Nouns).Intersect(FillerText.Words));
        Assert.DoesNotContain(FillerText.Words, word => word.Any(char.IsAsciiDigit));
    }

    [Fact]
    public void Compact_needles_are_a_word_a_token()
    {
        LongContextSample sample = LongContextTasks.Named("niah_multikey_2").At(Options(256, TaskWording.Compact), 1, 0);
        Assert.Matches("^text:( [a-z]+ [a-z]+ [0-9]{3}\\.)+$", sample.Context);
        Assert.Contains($"{sample.Question[3..]} {sample.Answers[0]}.", sample.Context);
        Assert.Equal("", sample.AnswerPrefix);
    }

    [Fact]
    public void Frequent_words_follow_the_power_law()
    {
        LongContextSample sample = LongContextTasks.Named("fwe").At(Options(2048), 1, 0);
        int[] counts = [.. sample.Answers.Select(answer => Regex.Count(sample.Context, answer))];
        Assert.True(counts[0] > counts[1] && counts[1] > counts[2], string.Join(", ", counts));
        Assert.True(Regex.Count(sample.Context, Regex.Escape("...")) > counts[0]);
        Assert.Equal(60, FrequentWordsTask.Frequency(100, 1)); // 100 / ζ(2) = 60.79
        Assert.Equal(15, FrequentWordsTask.Frequency(100, 2));
    }

    [Fact]
    public void What_cannot_be_made_is_refused_in_a_sentence()
    {
        Assert.Contains("cannot hold", Assert.Throws<HoneException>(() => LongContextTasks.Named("niah_single_1").At(Options(64), 1, 0)).Message);
        Assert.Throws<HoneException>(() => LongContextTasks.Named("niah").At(Options(64), 1, 0));
        Assert.Throws<HoneException>(() => LongContextTasks.Named("passkey").At(Options(512) with { Depth = 2 }, 1, 0));
        Assert.Throws<HoneException>(() => LongContextTasks.Named("passkey").At(Options(512) with { Digits = 10 }, 1, 0));
    }

    [Fact]
    public void Names_of_groups_stand_for_their_tasks()
    {
        Assert.Equal(13, LongContextTasks.Parse(["ruler"]).Count);
        Assert.Equal(14, LongContextTasks.Parse(["ruler", "passkey", "vt"]).Count);
    }

    [Fact]
    public void Fidelity_equals_the_recorded_values()
    {
        foreach (JsonElement row in Rows("fidelity_metrics_own"))
        {
            FidelityCounter counter = new();
            float[][] full = Matrix(row.GetProperty("logits_full")), other = Matrix(row.GetProperty("logits_compressed"));
            int[] targets = [.. row.GetProperty("targets").EnumerateArray().Select(v => v.GetInt32())];
            for (int t = 0; t < targets.Length; t++) counter.Add(full[t], other[t], targets[t]);
            FidelityReport report = counter.Report();
            double[] kl = Numbers(row.GetProperty("kl_per_token_nats"));
            // Logits are fp32 here and doubles in the file.
            for (int t = 0; t < kl.Length; t++) Assert.Equal(kl[t], report.Kl[t], 1e-7 * Math.Max(1, 10 * kl[t]));
            Near(row, "kl_mean", report.MeanKl);
            Near(row, "kl_median", report.KlQuantile(0.5));
            Near(row, "kl_max", report.Kl.Max());
            double[] quantiles = Numbers(row.GetProperty("kl_percentiles_90_99_99.9_linear"));
            Assert.Equal(quantiles[0], report.KlQuantile(0.9), 1e-6);
            Assert.Equal(quantiles[1], report.KlQuantile(0.99), 1e-6);
            Assert.Equal(quantiles[2], report.KlQuantile(0.999), 1e-6);
            Near(row, "same_top", report.SameTop);
            Near(row, "ppl_full", report.FullPerplexity);
            Near(row, "ppl_compressed", report.Perplexity);
            Near(row, "mean_log_ppl_ratio", -report.MeanLogRatio, allowSign: true);
            Near(row, "se_log_ppl_ratio", report.LogRatioError);
            Near(row, "delta_p_mean", report.MeanProbabilityChange);
            Near(row, "delta_p_rms", report.RmsProbabilityChange);
        }
    }

    [Fact]
    public void String_match_equals_the_recorded_values()
    {
        foreach (JsonElement row in Rows("ruler_string_match_own"))
        {
            string prediction = row.GetProperty("prediction").GetString()!;
            string[] references = [.. row.GetProperty("references").EnumerateArray().Select(r => r.GetString()!)];
            Assert.Equal(row.GetProperty("string_match_all").GetDouble(), StringMatch.All(prediction, references));
            Assert.Equal(row.GetProperty("string_match_part").GetDouble(), StringMatch.Part(prediction, references));
        }
    }

    [Fact]
    public void Real_ruler_rows_are_scored_by_the_same_rule()
    {
        string path = SharedData.Require("data/kv-cache-harness/ruler_niah_multikey_3_4096.jsonl");
        foreach (string line in File.ReadLines(path))
        {
            JsonElement row = JsonDocument.Parse(line).RootElement;
            string input = row.GetProperty("input").GetString()!, answer = row.GetProperty("outputs")[0].GetString()!;
            // The key asked for stands in the last line, its value in the one needle with that key.
            string key = Regex.Match(input[(input.LastIndexOf('\n') + 1)..], "[0-9a-f-]{36}").Value;
            Assert.Equal(100, StringMatch.All(input.Split('\n').Single(l => l.Contains(key) && l.Contains("is:")), [answer]));
            Assert.Equal(0, StringMatch.All("I do not know.", [answer]));
        }
    }

    private static void Near(JsonElement row, string name, double found, bool allowSign = false)
    {
        double expected = row.GetProperty(name).GetDouble();
        if (allowSign) (expected, found) = (Math.Abs(expected), Math.Abs(found));
        Assert.True(Math.Abs(expected - found) <= 1e-6 * Math.Max(0.1, Math.Abs(expected)), $"{name}: {expected} expected, {found} found");
    }

    private static IEnumerable<JsonElement> Rows(string kind) => File.ReadLines(SharedData.Golden("kv/oracle_fidelity_metrics.jsonl"))
        .Select(line => JsonDocument.Parse(line).RootElement).Where(row => row.GetProperty("kind").GetString() == kind);

    private static float[][] Matrix(JsonElement rows) => [.. rows.EnumerateArray().Select(row => row.EnumerateArray().Select(v => v.GetSingle()).ToArray())];

    private static double[] Numbers(JsonElement list) => [.. list.EnumerateArray().Select(v => v.GetDouble())];
}
