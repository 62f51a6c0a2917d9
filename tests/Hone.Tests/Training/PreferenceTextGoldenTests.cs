using System.Text.Json.Nodes;
using Hone.Methods.Preference;
using Hone.Models.Decoder;
using Hone.Models.Formats;
using Hone.Models.Loading;
using Hone.Models.Text;
using Hone.Tensors;
using Hone.Training;
using Hone.Training.Adapters;
using Hone.Training.Batching;
using Hone.Training.Objectives;
using Hone.Training.Objectives.OnPolicy;
using Hone.Training.Objectives.Preference;

namespace Hone.Tests.Training;

/// <summary>From rows of text to ids, masks, loss, metrics and gradient norm beside TRL's trainers.</summary>
public class PreferenceTextGoldenTests
{
    private const string Folder = GoldenModels.Folder + "e2e/";

    [Fact]
    public void Direct_preference_optimisation_from_text()
    {
        ModelText text = GoldenText.Open("tok");
        int done = 0;
        foreach (JsonObject row in GoldenJson.Rows(Folder + "dpo.jsonl"))
        {
            string id = (string)row["id"]!;
            JsonObject s = row["settings"]!.AsObject();
            PreferenceExamples pairs = new(text, (int?)s["max_length"] ?? 0, Side(s));
            Row[] rows = RowsOf(row);
            List<TrainingExample> examples = pairs.Pairs(rows);
            done++;
            Assert.Equal((int)row["rows_kept"]!, examples.Count);
            if (examples.Count == 0) continue;
            CheckSequences(row["batch"]!, "completion_mask", examples, id);
            LanguageModel policy = GoldenModels.Load("models/text-policy");
            examples = ReferenceLogProbs.AddTo(GoldenModels.Load("models/text-ref"), examples, "", 4096, null, IReporter.Silent);
            CheckSums(row["ref_logps"]!, [.. examples.Select(e => e.Sequences[0]), .. examples.Select(e => e.Sequences[1])], id);
            PreferenceOptions options = PreferenceLossGoldenTests.Options(s);
            CheckStep(row, policy.Parameters, new DpoObjective(policy, options) { LogsTokenAccuracy = true }, examples, id);
        }
        GoldenJson.AllDone(24, done);
    }

    [Fact]
    public void Judged_answers_from_text()
    {
        ModelText text = GoldenText.Open("tok");
        int done = 0;
        foreach (JsonObject row in GoldenJson.Rows(Folder + "kto.jsonl"))
        {
            string id = (string)row["id"]!;
            JsonObject s = row["settings"]!.AsObject();
            int batch = (int)s["per_device_train_batch_size"]!;
            PreferenceExamples judged = new(text, (int?)s["max_length"] ?? 0, Truncation.KeepStart);
            List<TrainingExample> examples = judged.Judged(RowsOf(row), batch);
            Assert.Equal(row["tokenised"]!.AsArray().Count, examples.Count);
            examples = ReferenceLogProbs.AddTo(GoldenModels.Load("models/text-ref"), examples, "", 4096, null, IReporter.Silent)[..Math.Min(batch, examples.Count)];
            CheckRows(row["batch"]!, "input_ids", "completion_mask", [.. examples.Select(e => e.Sequences[0])], id);
            CheckRows(row["batch"]!, "KL_input_ids", "KL_completion_mask", [.. examples.Select(e => e.Sequences[1])], id);
            LanguageModel policy = GoldenModels.Load("models/text-policy");
            KtoOptions options = new() { Beta = (double)s["beta"]!, DesirableWeight = (double)s["desirable_weight"]!, UndesirableWeight = (double)s["undesirable_weight"]! };
            // TRL logs the logits' means of judged answers; Hone does not.
            CheckStep(row, policy.Parameters, new KtoObjective(policy, options), examples, id, "logits/chosen", "logits/rejected");
            done++;
        }
        GoldenJson.AllDone(6, done);
    }

    [Fact]
    public void Reward_models_from_text()
    {
        ModelText text = GoldenText.Open("tok");
        int done = 0;
        foreach (JsonObject row in GoldenJson.Rows(Folder + "reward.jsonl"))
        {
            string id = (string)row["id"]!;
            JsonObject s = row["settings"]!.AsObject();
            List<TrainingExample> examples = new PreferenceExamples(text, (int?)s["max_length"] ?? 0, Truncation.KeepStart).RewardPairs(RowsOf(row));
            done++;
            Assert.Equal((int)row["rows_kept"]!, examples.Count);
            if (examples.Count == 0) continue;
            CheckRows(row["batch"]!, "input_ids", null, [.. examples.Select(e => e.Sequences[0]), .. examples.Select(e => e.Sequences[1])], id);
            string folder = SharedData.Require(GoldenModels.Folder + "models/text-reward");
            LanguageModel model = GoldenModels.Load("models/text-reward");
            Parameter score = new("score.weight", Tensor.Create((1, model.Config.HiddenSize), true));
            using (IWeightFile file = ModelFiles.Open(folder)) file.ReadTensor(folder, "score.weight", score.Value);
            CheckStep(row, [.. model.Parameters, score], new RewardObjective(model, score, (double?)s["center_rewards_coefficient"] ?? 0), examples, id);
        }
        GoldenJson.AllDone(16, done);
    }

    [Fact]
    public void Objectives_without_a_reference_from_text()
    {
        ModelText text = GoldenText.Open("tok");
        int done = 0;
        foreach (JsonObject row in GoldenJson.Rows(Folder + "orpo_cpo_simpo.jsonl"))
        {
            string id = (string)row["id"]!;
            JsonObject s = row["settings"]!.AsObject();
            PreferenceExamples pairs = new(text, (int)s["max_length"]!, Truncation.KeepStart);
            Row[] rows = RowsOf(row);
            TrainingExample[] examples = [.. rows.Select(pairs.CpoPair).Select(p => new TrainingExample([p.Chosen, p.Rejected]))];
            CheckTokenised(row["tokenised"]!.AsArray(), examples, id);
            double loss = GoldenJson.Number(row["loss_float64"]);
            done++;
            if (double.IsNaN(loss))
            {
                Assert.True(pairs.CpoPairs(rows).Count < rows.Length); // Hone leaves the rows with emptied answers out
                continue;
            }
            LanguageModel policy = GoldenModels.Load("models/text-policy");
            double beta = (double)s["beta"]!;
            IObjective objective = id.StartsWith("orpo", StringComparison.Ordinal)
                ? new OrpoObjective(policy, beta)
                : new CpoObjective(policy, new() { Beta = beta, CpoAlpha = (double)s["cpo_alpha"]!, LossType = (string?)s["loss_type"] ?? "sigmoid", SimpoGamma = (double?)s["simpo_gamma"] ?? 0.5 });
            // TRL's mean logits include padding, which Hone has not.
            CheckStep(row, policy.Parameters, objective, examples, id, "logits/chosen", "logits/rejected");
        }
        GoldenJson.AllDone(18, done);
    }

    [Fact]
    public void Given_completions_through_the_model()
    {
        ModelText text = GoldenText.Open("tok");
        int done = 0;
        foreach (JsonObject row in GoldenJson.Rows(Folder + "grpo.jsonl"))
        {
            string id = (string)row["id"]!;
            JsonObject s = row["settings"]!.AsObject();
            string[] completions = [.. row["completions"]!.AsArray().SelectMany(c => c!.AsArray().Select(t => (string)t!))];
            double[] advantages = GoldenJson.Flat(row["advantages"]!);
            List<TrainingExample> examples = [];
            for (int r = 0; r < completions.Length; r++)
            {
                int[] prompt = text.Tokenizer.Encode((string)row["prompts"]![r / (int)s["num_generations"]!]!);
                int[] completion = text.Tokenizer.Encode(completions[r], addSpecialTokens: false);
                int[] mask = [.. row["completion_mask"]![r]!.AsArray().Select(n => (int)n!)], ids = [.. row["completion_ids"]![r]!.AsArray().Select(n => (int)n!)];
                Assert.True(completion.SequenceEqual(ids[..completion.Length]), $"{id} completion {r}");
                TrainingSequence sequence = TrainingSequence.FromPrompt([.. prompt, .. completion], prompt.Length);
                if (mask.All(m => m == 0)) sequence = sequence with { Weights = new float[sequence.Ids.Length] };
                if (row["ref_logps"] is JsonArray reference)
                    sequence = sequence with { Reference = [.. new float[prompt.Length], .. GoldenJson.Floats(reference[r]!)[..completion.Length]] };
                examples.Add(new([sequence], new Dictionary<string, double> { ["advantage"] = advantages[r] }));
            }
            GrpoOptions options = new()
            {
                LossType = (string)s["loss_type"]!,
                Beta = (double)s["beta"]!,
                MaxCompletionLength = (int)s["max_completion_length"]!,
                UseBiasCorrectionKl = (bool?)s["use_bias_correction_kl"] ?? true,
                SequenceLevel = (string?)s["importance_sampling_level"] == "sequence",
            };
            LanguageModel policy = GoldenModels.Load("models/text-policy");
            // Rewards are logged where completions are sampled, not by the loss.
            CheckStep(row, policy.Parameters, new GrpoObjective(policy, options), examples, id,
                [.. row["metrics_trl"]!.AsObject().Select(m => m.Key).Where(k => k.Contains("reward", StringComparison.Ordinal))]);
            done++;
        }
        GoldenJson.AllDone(6, done);
    }

    [Fact]
    public void Rows_with_the_tokenizer_of_a_real_model()
    {
        ModelText text = GoldenText.Open("smol");
        PairTokenizer tokenizer = new(text);
        int done = 0;
        foreach (JsonObject row in GoldenJson.Rows(Folder + "smol.jsonl").Where(r => (string)r["id"]! != "smol_dpo"))
        {
            int limit = (int?)row["settings"]!["max_length"] ?? int.MaxValue;
            PairTokens[] pairs = [.. RowsOf(row).Select(tokenizer.Tokenize).Where(p => p.Prompt.Length < limit)];
            CheckPairs(row["tokenised"]!.AsArray(), pairs, (string)row["id"]!);
            done++;
        }
        GoldenJson.AllDone(8, done);
    }

    [Fact]
    public void A_real_model_with_an_adapter()
    {
        JsonObject row = GoldenJson.Rows(Folder + "smol.jsonl").Single(r => (string)r["id"]! == "smol_dpo");
        LanguageModel model = ModelLoader.Load(Directory.GetFiles(SharedData.Require("models/smollm2-135m-instruct"), "*.gguf")[0]).Model;
        List<TrainingExample> examples = new PreferenceExamples(GoldenText.Open("smol"), 0, Truncation.KeepStart).Pairs(RowsOf(row));
        CheckSequences(row["batch"]!, "completion_mask", examples, "smol_dpo");
        examples = ReferenceLogProbs.AddTo(model, examples, "", 4096, null, IReporter.Silent);
        LoraModel adapter = LoraModel.Load(model, SharedData.Require(Folder + "smol_adapter"));
        using Trainer trainer = new(adapter.Parameters, new DpoObjective(model, new()), new TrainOptions { Lr = 0 });
        StepResult result = trainer.Step(examples, 0, 0);
        GoldenModels.Near((double)row["loss_float64"]!, result.Loss, 2e-5, "loss");
        GoldenModels.Near((double)row["grad_norm_float64"]!, result.GradNorm, 1e-3, "gradient norm");
    }

    private static void CheckTokenised(JsonArray expected, TrainingExample[] examples, string id)
    {
        Assert.Equal(expected.Count, examples.Length);
        for (int i = 0; i < examples.Length; i++)
            foreach ((string side, TrainingSequence ours) in ((string, TrainingSequence)[])[("chosen", examples[i].Sequences[0]), ("rejected", examples[i].Sequences[1])])
            {
                Assert.True(expected[i]![side + "_input_ids"]!.AsArray().Select(n => (int)n!).SequenceEqual(ours.Ids), $"{id} row {i} {side}: {string.Join(' ', ours.Ids)}");
                Assert.True(expected[i]![side + "_labels"]!.AsArray().Select(n => (int)n! != -100).SequenceEqual(ours.Weights.Select(w => w != 0)), $"{id} row {i} {side} labels");
            }
    }

    private static void CheckPairs(JsonArray expected, PairTokens[] pairs, string id)
    {
        Assert.Equal(expected.Count, pairs.Length);
        for (int i = 0; i < pairs.Length; i++)
            foreach ((string name, int[] ours) in ((string, int[])[])[("prompt_ids", pairs[i].Prompt), ("chosen_ids", pairs[i].Chosen), ("rejected_ids", pairs[i].Rejected)])
                Assert.True(expected[i]![name]!.AsArray().Select(n => (int)n!).SequenceEqual(ours), $"{id} row {i} {name}: {string.Join(' ', ours)}");
    }

    private static Row[] RowsOf(JsonObject row) => [.. row["rows"]!.AsArray().Select((r, i) => new Row($"{i}", r!.DeepClone().AsObject(), "rows.jsonl", i + 1))];

    private static Truncation Side(JsonObject s) => (string?)s["truncation_mode"] == "keep_end" ? Truncation.KeepEnd : Truncation.KeepStart;

    private static void CheckStep(JsonObject row, IReadOnlyList<Parameter> parameters, IObjective objective, IReadOnlyList<TrainingExample> examples, string id, params string[] notLogged)
    {
        using Trainer trainer = new(parameters, objective, new TrainOptions { Lr = 0, MicroTokens = 1 << 20 });
        StepResult result = trainer.Step(examples, 0, 0);
        GoldenModels.Near(GoldenJson.Number(row["loss_float64"]), result.Loss, 2e-5, id + " loss");
        GoldenModels.Near(GoldenJson.Number(row["grad_norm_float64"]), result.GradNorm, 1e-4, id + " gradient norm");
        MetricSums metrics = new();
        foreach ((string name, double value) in result.Metrics) metrics.Add(name, value);
        GoldenPairs.CheckMetrics(row["metrics_trl"]!.AsObject(), metrics, 5e-5, id, notLogged);
    }

    private static void CheckSequences(JsonNode batch, string mask, List<TrainingExample> examples, string id) =>
        CheckRows(batch, "input_ids", mask, [.. examples.Select(e => e.Sequences[0]), .. examples.Select(e => e.Sequences[1])], id);

    /// <summary>Ids without padding, and the completion mask where there is one.</summary>
    private static void CheckRows(JsonNode batch, string ids, string? mask, TrainingSequence[] sequences, string id)
    {
        JsonArray rows = batch[ids]!.AsArray();
        Assert.Equal(rows.Count, sequences.Length);
        JsonNode attention = batch[ids.Replace("input_ids", "attention_mask")]!;
        for (int r = 0; r < rows.Count; r++)
        {
            int[] kept = [.. Enumerable.Range(0, rows[r]!.AsArray().Count).Where(i => (int)attention[r]![i]! == 1)];
            Assert.True(kept.Select(i => (int)rows[r]![i]!).SequenceEqual(sequences[r].Ids), $"{id} {ids} row {r}: {string.Join(' ', sequences[r].Ids)}");
            if (mask is null) continue;
            bool[] theirs = [.. kept.Select(i => (int)batch[mask]![r]![i]! == 1)];
            if (theirs.Length > 0) theirs[0] = false; // nothing predicts the first token
            Assert.True(theirs.SequenceEqual(sequences[r].Weights.Select(w => w != 0)), $"{id} {mask} row {r}");
        }
    }

    private static void CheckSums(JsonNode expected, TrainingSequence[] sequences, string id)
    {
        double[] sums = GoldenJson.Flat(expected);
        for (int i = 0; i < sums.Length; i++)
            GoldenModels.Near(sums[i], sequences[i].Reference!.Where((_, t) => sequences[i].Weights[t] != 0).Sum(x => (double)x), 1e-5, $"{id} reference of row {i}");
    }
}
