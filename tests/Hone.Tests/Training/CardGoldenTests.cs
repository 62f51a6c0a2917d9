using System.Text.Json.Nodes;
using Hone.Methods.InverseQ;
using Hone.Models.Decoder;
using Hone.Tensors;
using Hone.Tensors.Threads;
using Hone.Training.Adapters;
using Hone.Training.Batching;
using Hone.Training.Objectives;
using Hone.Training.Objectives.OnPolicy;
using Hone.Training.Objectives.Preference;
using Hone.Training.Objectives.Values;
using Hone.Training.Perturbation;

namespace Hone.Tests.Training;

/// <summary>RISE, BMC, Inverse-Q* and Flat-LoRA beside values of their formulas, recorded in double precision.</summary>
public class CardGoldenTests
{
    private static List<JsonObject> Rows(string prefix) =>
        [.. GoldenJson.Rows(GoldenModels.Folder + "objectives/cards.jsonl").Where(r => ((string)r["id"]!).StartsWith(prefix, StringComparison.Ordinal))];

    [Fact]
    public void Rise()
    {
        List<JsonObject> rows = Rows("rise/");
        Assert.Equal(3, rows.Count);
        foreach (JsonObject row in rows)
        {
            JsonObject inputs = row["inputs"]!.AsObject(), expected = row["out"]!.AsObject();
            double lambda = (double)row["settings"]!["lambda"]!, beta = (double)row["settings"]!["beta"]!;
            PreferenceOptions options = new() { Beta = beta, LossType = "sigmoid,adaptive_nll", LossWeights = [1, lambda] };
            ColumnGraph graph = new();
            Dictionary<string, Column> variables = new[] { "e_w", "e_l", "f_w", "f_l" }.ToDictionary(n => n, n => graph.Variable(GoldenJson.Flat(inputs[n]!)));
            PairScores Pairs(string kind) => new(
                variables[kind + "_w"], variables[kind + "_l"], graph.Constant(GoldenJson.Flat(inputs[kind + "_rw"]!)), graph.Constant(GoldenJson.Flat(inputs[kind + "_rl"]!)),
                graph.Constant(GoldenJson.Flat(inputs["n_" + kind]!)), graph.Constant(GoldenJson.Flat(inputs["n_" + kind]!)), graph.Constant(0));
            (PairScores edit, PairScores full) = (Pairs("e"), Pairs("f"));
            Column loss = PairLosses.Total(edit, options) + PairLosses.Total(full, options);
            graph.Backward(loss);
            string id = (string)row["id"]!;
            GoldenModels.Near((double)expected["loss"]!, loss.Values[0], 4e-8, id);
            GoldenPairs.CheckAll(GoldenJson.Flat(expected["edit"]!), PairLosses.Find("sigmoid")(edit, options).Values, 4e-8, id + " edit");
            GoldenPairs.CheckAll(GoldenJson.Flat(expected["full"]!), PairLosses.Find("sigmoid")(full, options).Values, 4e-8, id + " full");
            GoldenPairs.CheckAll(GoldenJson.Flat(expected["gate_edit"]!), Gate(edit, options), 0, id + " gate");
            GoldenPairs.CheckAll(GoldenJson.Flat(expected["gate_full"]!), Gate(full, options), 0, id + " gate");
            foreach ((string name, JsonNode? gradient) in row["grad"]!.AsObject()) GoldenPairs.CheckAll(GoldenJson.Flat(gradient!), variables[name].Gradients, 4e-8, $"{id} {name}");
        }
    }

    [Fact]
    public void Bmc()
    {
        List<JsonObject> rows = Rows("bmc/");
        Assert.Equal(6, rows.Count);
        foreach (JsonObject row in rows)
        {
            JsonObject settings = row["settings"]!.AsObject(), inputs = row["inputs"]!.AsObject(), expected = row["out"]!.AsObject();
            string id = (string)row["id"]!, objective = (string)settings["objective"]!;
            double beta = (double)settings["beta"]!;
            ConfidenceWeights weights = new(new() { Delta = (double)settings["delta"]!, RefWeights = (string)settings["ref_weights"]! == "policy" ? ReferenceWeights.Policy : ReferenceWeights.Reference });
            PairTable table = new(inputs["mw"]!, inputs["ml"]!);
            double[] policy = table.Laid(inputs["pw"]!, inputs["pl"]!), reference = table.Laid(inputs["rw"]!, inputs["rl"]!);
            (double loss, double[] gradient) = objective == "simpo"
                ? CpoObjective.Evaluate(new PairLayout(table.Batch), policy, new CpoOptions { LossType = "simpo", Beta = beta, SimpoGamma = (double)settings["gamma"]!, CpoAlpha = 0 }, new MetricSums(), weights)
                : Dpo(table, policy, reference, new PreferenceOptions { Beta = beta, LossType = objective == "ipo" ? "ipo" : "sigmoid" }, weights, expected, id);
            GoldenModels.Near((double)expected["loss"]!, loss, 4e-8, id);
            (double[] chosen, double[] rejected) = table.Back(gradient);
            GoldenPairs.CheckAll(GoldenJson.Flat(row["grad"]!["pw"]!), chosen, 4e-8, id + " pw");
            GoldenPairs.CheckAll(GoldenJson.Flat(row["grad"]!["pl"]!), rejected, 4e-8, id + " pl");
            (double[] lambdaChosen, double[] lambdaRejected) = table.Back(weights.Of(policy, table.Batch.TokenColumn(ConfidenceWeights.Differs)));
            GoldenPairs.CheckAll(GoldenJson.Flat(expected["lambda_w"]!), lambdaChosen, 4e-8, id + " lambda");
            GoldenPairs.CheckAll(GoldenJson.Flat(expected["lambda_l"]!), lambdaRejected, 4e-8, id + " lambda");
        }
    }

    private static (double Loss, double[] Gradient) Dpo(PairTable table, double[] policy, double[] reference, PreferenceOptions options, ConfidenceWeights weights, JsonObject expected, string id)
    {
        (double loss, double[] gradient, PairScores scores) = DpoObjective.Evaluate(new PairLayout(table.Batch), policy, reference, null, options, weights);
        Column margin = options.LossType == "ipo" ? scores.DeltaPerToken(options) : scores.Delta(options);
        GoldenPairs.CheckAll(GoldenJson.Flat(expected["weighted_margin"]!), margin.Values, 4e-8, id + " margin");
        GoldenPairs.CheckAll(GoldenJson.Flat(expected["per_pair"]!), PairLosses.Find(options.LossType)(scores, options).Values, 4e-8, id + " pairs");
        return (loss, gradient);
    }

    [Fact]
    public void Inverse_q_imitation()
    {
        List<JsonObject> rows = [.. Rows("inverse_q/regress"), .. Rows("inverse_q/pg")];
        Assert.Equal(3, rows.Count);
        foreach (JsonObject row in rows)
        {
            JsonObject settings = row["settings"]!.AsObject(), inputs = row["inputs"]!.AsObject();
            double[] Of(string name) => GoldenJson.Flat(inputs[name]!);
            double[] mask = Of("mask"), policy = Of("lp"), rewards = InverseQLoss.Rewards(Of("le"), Of("lr"), 0.1, 5);
            int width = GoldenJson.Sizes(inputs["mask"]!)[1];
            int[] places = [.. mask.Select((m, i) => m != 0 ? i / width : -1)];
            bool isPg = (string)settings["loss"]! == "pg";
            InverseQObjective objective = new(null!, isPg ? RewardImitation.Pg : RewardImitation.Regress, 0.1, 5, 0.2, (string)settings["normalisation"]! == "sequence");
            (double sum, double weight, double[] gradient) = objective.Evaluate(policy, isPg ? Of("lp_old") : policy, Of("lr"), Of("le"), places, mask.Length / width);
            string id = (string)row["id"]!;
            GoldenModels.Near((double)row["out"]!["loss"]!, sum / weight, 4e-8, id);
            GoldenPairs.CheckAll(GoldenJson.Flat(row["grad"]!["lp"]!), [.. gradient.Select(g => g / weight)], 4e-8, id + " gradient");
            GoldenPairs.CheckAll(GoldenJson.Flat(row["out"]!["token_reward"]!), [.. rewards.Select((r, i) => r * mask[i])], 4e-8, id + " rewards");
            ColumnGraph graph = new();
            Column tokens = graph.Constant(policy), losses = isPg ? InverseQLoss.PolicyGradient(tokens, Of("lp_old"), Of("lr"), rewards, 0.1, 0.2) : InverseQLoss.Regress(tokens, Of("lr"), rewards, 0.1);
            GoldenPairs.CheckAll(GoldenJson.Flat(row["out"]!["token_loss"]!), [.. losses.Values.Select((l, i) => l * mask[i])], 4e-8, id + " tokens");
        }
    }

    [Fact]
    public void Inverse_q_on_whole_distributions()
    {
        JsonObject row = Assert.Single(Rows("inverse_q/full")), inputs = row["inputs"]!.AsObject();
        float[] student = GoldenJson.Floats(inputs["z"]!), teacher = GoldenJson.Floats(inputs["q"]!);
        double[] mask = GoldenJson.Flat(inputs["mask"]!), gradient = new double[student.Length];
        int vocabulary = student.Length / mask.Length;
        double[] losses = [.. mask.Select((m, t) => m * DistillationLoss.Row(
            student.AsSpan(t * vocabulary, vocabulary), teacher.AsSpan(t * vocabulary, vocabulary), 1, 1, gradient.AsSpan(t * vocabulary, vocabulary)))];
        GoldenModels.Near((double)row["out"]!["loss"]!, losses.Sum() / mask.Sum(), 1e-7, "loss"); // logits are read in single precision here
        GoldenPairs.CheckAll(GoldenJson.Flat(row["out"]!["token_kl"]!), losses, 1e-6, "tokens");
        double[] means = [.. gradient.Select((g, i) => g * mask[i / vocabulary] / mask.Sum())], expected = GoldenJson.Flat(row["grad"]!["z"]!);
        for (int i = 0; i < means.Length; i++) Assert.Equal(expected[i], means[i], 1e-7);
    }

    [Fact]
    public void The_optimum_of_a_token_process()
    {
        JsonObject row = Assert.Single(Rows("inverse_q/soft_dp")), inputs = row["inputs"]!.AsObject(), expected = row["out"]!.AsObject();
        string[] names = ["root", .. from a in "012" select $"{a}", .. from a in "012" from b in "012" select $"{a}{b}"];
        double[][] Table(JsonNode from) => [.. names.Select(n => GoldenJson.Flat(from[n]!))];
        TokenMdp mdp = new(3, 3, Table(inputs["reward"]!), Table(inputs["log_pi_ref"]!));
        SoftOptimum optimum = mdp.Solve((double)row["settings"]!["beta"]!);
        Assert.Equal(13, mdp.States);
        for (int s = 0; s < names.Length; s++)
        {
            GoldenModels.Near((double)expected["V"]![names[s]]!, optimum.Values[s], 4e-8, names[s]);
            GoldenPairs.CheckAll(GoldenJson.Flat(expected["log_pi_star"]![names[s]]!), optimum.LogPolicy[s], 4e-8, names[s]);
        }
    }

    [Fact]
    public void Flat_lora_schedule()
    {
        JsonObject row = Assert.Single(Rows("flat_lora/schedule"));
        NoiseSettings settings = new((double)row["settings"]!["sigma"]!);
        GoldenPairs.CheckAll(GoldenJson.Flat(row["out"]!["sigma_t"]!), [.. Enumerable.Range(0, 11).Select(t => settings.At(t, 10))], 4e-8, "sigma");
    }

    [Fact]
    public void Flat_lora_row_deviations()
    {
        JsonObject row = Assert.Single(Rows("flat_lora/row_std")), inputs = row["inputs"]!.AsObject();
        (LinearLayer layer, _) = Layer(inputs, (double)row["settings"]!["scaling"]!);
        float[] norms = new float[4];
        RowNorms.Of(layer, WorkerPool.Shared, norms);
        FilterNoise noise = new(new RandomStream(1, "test"), norms, 6, (double)row["settings"]!["sigma"]!);
        double[] expected = GoldenJson.Flat(row["out"]!["row_std"]!);
        for (int i = 0; i < 4; i++) GoldenModels.Near(expected[i], noise.Deviations[i], 2e-7, $"row {i}"); // single precision
    }

    [Fact]
    public void Lora_sam_moves_the_whole_weight_by_its_closed_form()
    {
        JsonObject row = Assert.Single(Rows("flat_lora/lora_sam")), inputs = row["inputs"]!.AsObject(), expected = row["out"]!.AsObject();
        (_, LoraLayer lora) = Layer(inputs, 1);
        GivenGradients inner = new([(lora.A, GoldenJson.Floats(expected["grad_A"]!)), (lora.B, GoldenJson.Floats(expected["grad_B"]!))]);
        using Tape tape = new();
        new SamRule([lora.A, lora.B], (double)row["settings"]!["rho"]!, inner: inner).Accumulate(tape, [], 0, null!, new MetricSums());
        float[] a = GoldenJson.Floats(inputs["A"]!), b = GoldenJson.Floats(inputs["B"]!);
        double[] moveA = [.. inner.Seen[1][0].Select((v, i) => (double)v - a[i])], moveB = [.. inner.Seen[1][1].Select((v, i) => (double)v - b[i])];
        void Near(string name, double[] actual)
        {
            double[] wanted = GoldenJson.Flat(expected[name]!);
            for (int i = 0; i < wanted.Length; i++) Assert.Equal(wanted[i], actual[i], 1e-6);
        }
        Near("eps_A", moveA);
        Near("eps_B", moveB);
        double[] full = new double[24], g = GoldenJson.Flat(inputs["G"]!), closed = new double[24];
        double[] gradA = GoldenJson.Flat(expected["grad_A"]!), gradB = GoldenJson.Flat(expected["grad_B"]!);
        double c = 0.05 / Math.Sqrt(gradA.Sum(x => x * x) + gradB.Sum(x => x * x));
        for (int o = 0; o < 4; o++)
            for (int i = 0; i < 6; i++)
                for (int k = 0; k < 2; k++)
                {
                    full[o * 6 + i] += b[o * 2 + k] * moveA[k * 6 + i] + moveB[o * 2 + k] * a[k * 6 + i] + moveB[o * 2 + k] * moveA[k * 6 + i];
                    // c (B Bᵀ G + G Aᵀ A) + c² G Aᵀ Bᵀ G, where Bᵀ G and G Aᵀ are the gradients
                    closed[o * 6 + i] += c * (b[o * 2 + k] * gradA[k * 6 + i] + gradB[o * 2 + k] * a[k * 6 + i]) + c * c * gradB[o * 2 + k] * gradA[k * 6 + i];
                }
        Near("full_space_move", full);
        Near("full_space_move", closed);
        Assert.Equal(a, lora.A.Value.Data.ToArray()); // and it is gone again
        Assert.Equal(b, lora.B.Value.Data.ToArray());
        Assert.Equal(24, g.Length);
    }

    private static double[] Gate(PairScores pairs, PreferenceOptions options) =>
        [.. PairLosses.Find("adaptive_nll")(pairs, options).Values.Select(v => v != 0 ? 1.0 : 0)];

    private static (LinearLayer Layer, LoraLayer Lora) Layer(JsonObject inputs, double scaling)
    {
        float[] weight = inputs["W"] is { } w ? GoldenJson.Floats(w) : new float[24];
        LinearLayer layer = new("layer", new Parameter("layer.weight", Tensor.From((4, 6), weight)), null);
        LoraLayer lora = new(layer, 2, scaling, false);
        GoldenJson.Floats(inputs["A"]!).CopyTo(lora.A.Value.Data);
        GoldenJson.Floats(inputs["B"]!).CopyTo(lora.B.Value.Data);
        layer.Adapters.Add(lora);
        return (layer, lora);
    }

    /// <summary>A rule whose gradients are given; it notes where the parameters stood each time.</summary>
    private sealed class GivenGradients((Parameter Parameter, float[] Gradient)[] given) : IGradientRule
    {
        public List<float[][]> Seen { get; } = [];

        public unsafe (double LossSum, double Weight) Accumulate(Tape tape, IReadOnlyList<TrainingBatch> window, int step, IObjective objective, MetricSums metrics)
        {
            Seen.Add([.. given.Select(g => g.Parameter.Value.Data.ToArray())]);
            foreach ((Parameter parameter, float[] gradient) in given)
            {
                parameter.Value.BeginGrad(out float* target);
                gradient.CopyTo(new Span<float>(target, gradient.Length));
            }
            return (1, 1);
        }
    }

    /// <summary>Pairs of answers of one width as a batch: one token of prompt, then the answer.</summary>
    private sealed class PairTable
    {
        private readonly int pairs, width;

        public PairTable(JsonNode chosenMask, JsonNode rejectedMask)
        {
            (pairs, width) = (GoldenJson.Sizes(chosenMask)[0], GoldenJson.Sizes(chosenMask)[1]);
            double[] chosen = GoldenJson.Flat(chosenMask), rejected = GoldenJson.Flat(rejectedMask);
            TrainingSequence Sequence(double[] mask, int pair) =>
                TrainingSequence.FromPrompt([.. Enumerable.Range(0, width + 1)], 1).WithTokenColumn(ConfidenceWeights.Differs, mask[(pair * width)..((pair + 1) * width)]);
            Batch = TrainingBatch.Of([.. Enumerable.Range(0, pairs).Select(p => new TrainingExample([Sequence(chosen, p), Sequence(rejected, p)]))]);
        }

        public TrainingBatch Batch { get; }

        public double[] Laid(JsonNode chosen, JsonNode rejected)
        {
            double[] laid = new double[2 * pairs * (width + 1)], better = GoldenJson.Flat(chosen), worse = GoldenJson.Flat(rejected);
            for (int p = 0; p < pairs; p++)
            {
                better.AsSpan(p * width, width).CopyTo(laid.AsSpan(2 * p * (width + 1)));
                worse.AsSpan(p * width, width).CopyTo(laid.AsSpan((2 * p + 1) * (width + 1)));
            }
            return laid;
        }

        public (double[] Chosen, double[] Rejected) Back(double[] laid)
        {
            double[] Side(int side) => [.. Enumerable.Range(0, pairs).SelectMany(p => laid.Skip((2 * p + side) * (width + 1)).Take(width))];
            return (Side(0), Side(1));
        }
    }
}
