using System.Text.Json.Nodes;
using Hone.Tensors;
using Hone.Tensors.Threads;
using Hone.Training;
using Hone.Training.Optimizers;

namespace Hone.Tests.Training;

public class OptimizerGoldenTests
{
    public static TheoryData<string> Implemented => [
        "sgd", "sgd_wd", "sgd_momentum", "sgd_momentum_dampening", "sgd_nesterov_wd", "sgd_maximize",
        "adam", "adam_wd_coupled", "adam_amsgrad", "adamw", "adamw_wd0", "adamw_wd01_b95", "adamw_big_eps", "adamw_eps_1e-15",
        "adamw_amsgrad", "adamw_beta1_0", "adamw_scheduled_lr",
        "muon_default_own_f64", "muon_match_rms_own_f64", "muon_spectral_no_nesterov_own_f64", "muon_kellerjordan_card", "lion",
        "rmsprop", "rmsprop_momentum_centered", "adagrad", "adafactor_torch", "adafactor_torch_wd_d2",
        "adafactor_hf_default", "adafactor_hf_fixed_lr", "adafactor_hf_scaled_beta1_wd", "adafactor_hf_warmup_init"];

    [Theory]
    [MemberData(nameof(Implemented))]
    public void Ten_steps_end_where_the_reference_ends(string id)
    {
        JsonObject row = GoldenJson.Rows("data/golden/training/optim/optimisers.jsonl").SingleOrDefault(r => (string)r["id"]! == id)!;
        Assert.SkipWhen(row is null, $"{id} is not in the choice of rows in tests/golden");
        JsonObject start = row["params0"]!.AsObject();
        List<Parameter> parameters = [.. start.Select(p =>
            new Parameter(p.Key, Tensor.From(Shape.Of(GoldenJson.Sizes(p.Value!)), GoldenJson.Floats(p.Value!), true)))];
        IOptimizer optimizer = Create(row, parameters);
        double rate = (double?)row["settings"]!["lr"] ?? 0;
        JsonArray gradients = row["grads"]!.AsArray(), expected = row["params"]!.AsArray();
        for (int step = 0; step < gradients.Count; step++)
        {
            foreach (Parameter parameter in parameters) SetGradient(parameter, gradients[step]![parameter.Name]);
            optimizer.Step(row["lr_per_step"] is JsonArray rates ? GoldenJson.Number(rates[step]) : rate);
            foreach (Parameter parameter in parameters)
            {
                double[] wanted = GoldenJson.Flat(expected[step]![parameter.Name]!);
                // Single precision: ten steps of rounding on values around one. Muon adds five matrix iterations.
                double tolerance = id.StartsWith("muon", StringComparison.Ordinal) ? 2e-5 : 4e-6;
                for (int i = 0; i < wanted.Length; i++)
                    Assert.True(
                        Math.Abs(parameter.Value.Data[i] - wanted[i]) <= tolerance * (1 + Math.Abs(wanted[i])),
                        $"{id} step {step} {parameter.Name}[{i}]: {parameter.Value.Data[i]} instead of {wanted[i]}");
            }
        }
        Parity.Count(1, 1);
    }

    [Fact]
    public void Clipping_follows_pytorch()
    {
        int tried = 0;
        foreach (JsonObject row in GoldenJson.Rows("data/golden/training/optim/clipping.jsonl"))
        {
            if ((string)row["function"]! != "torch.nn.utils.clip_grad_norm_" || GoldenJson.Number(row["norm_type"]) != 2) continue;
            List<Parameter> parameters = [];
            foreach (JsonNode? gradient in row["grads"]!.AsArray())
            {
                if (gradient is null) continue;
                Parameter parameter = new($"p{parameters.Count}", Tensor.Create(GoldenJson.Flat(gradient).Length, true));
                SetGradient(parameter, gradient);
                parameters.Add(parameter);
            }
            double norm = new GradientNorm(parameters).Compute(), expected = GoldenJson.Number(row["total_norm"]);
            if (double.IsFinite(expected)) Assert.Equal(1.0, (norm + 1e-30) / (expected + 1e-30), 1e-6);
            else Assert.Equal(expected, norm);
            float factor = (float)GradientNorm.ClipFactor(norm, GoldenJson.Number(row["max_norm"]));
            double[] clipped = [.. row["clipped"]!.AsArray().Where(n => n is not null).SelectMany(n => GoldenJson.Flat(n!))];
            float[] ours = [.. parameters.SelectMany(p => p.Value.Grad.ToArray()).Select(g => g * factor)];
            for (int i = 0; i < ours.Length; i++)
                Assert.True(clipped[i].Equals(ours[i]) || Math.Abs(clipped[i] - ours[i]) <= 1e-6 * (1 + Math.Abs(clipped[i])), $"{row["id"]}[{i}]");
            tried++;
        }
        Assert.True(tried >= 5, $"only {tried} rows");
        Parity.Count(tried, tried);
    }

    [Fact]
    public void Newton_schulz_equals_the_float64_iteration()
    {
        foreach (JsonObject row in GoldenJson.Rows("data/golden/training/optim/newton_schulz.jsonl"))
        {
            int[] sizes = GoldenJson.Sizes(row["x"]!);
            float[] x = GoldenJson.Floats(row["x"]!);
            new NewtonSchulz(WorkerPool.Shared).Orthogonalize(x, sizes[0], sizes[1]);
            double[] wanted = GoldenJson.Flat(row["out_float64"]!);
            for (int i = 0; i < x.Length; i++) Assert.Equal(wanted[i], x[i], 2e-4);
        }
    }

    private static void SetGradient(Parameter parameter, JsonNode? gradient)
    {
        parameter.Value.ClearGrad();
        if (gradient is null) return;
        unsafe
        {
            parameter.Value.BeginGrad(out float* target);
            GoldenJson.Floats(gradient).CopyTo(new Span<float>(target, parameter.Value.Count));
        }
    }

    private static IOptimizer Create(JsonObject row, List<Parameter> parameters)
    {
        JsonObject s = row["settings"]!.AsObject();
        double Get(string name, double otherwise) => s[name] is { } n ? GoldenJson.Number(n) : otherwise;
        bool Is(string name) => s[name] is { } n && n.GetValue<bool>();
        double Beta(int i, double otherwise) => s["betas"] is JsonArray betas ? GoldenJson.Number(betas[i]) : otherwise;
        string kind = (string)row["optimizer"]!;
        return kind switch
        {
            "SGD" => new Sgd(parameters, new()
            {
                Momentum = Get("momentum", 0),
                Dampening = Get("dampening", 0),
                Nesterov = Is("nesterov"),
                Decay = Get("weight_decay", 0),
                Maximize = Is("maximize"),
            }),
            "Adam" or "AdamW" => new AdamW(parameters, new()
            {
                Beta1 = Beta(0, 0.9),
                Beta2 = Beta(1, 0.999),
                Epsilon = Get("eps", 1e-8),
                CoupledDecay = kind == "Adam",
                Decay = Get("weight_decay", kind == "Adam" ? 0 : 0.01),
                AmsGrad = Is("amsgrad"),
                DecayVectors = true,
            }),
            "Lion" => new Lion(parameters, new() { Beta1 = Beta(0, 0.9), Beta2 = Beta(1, 0.99), Decay = Get("weight_decay", 0), DecayVectors = true }),
            "RMSprop" => new RmsProp(parameters, new()
            {
                Smoothing = Get("alpha", 0.99),
                Momentum = Get("momentum", 0),
                Centered = Is("centered"),
                Decay = Get("weight_decay", 0),
            }),
            "Adagrad" => new Adagrad(parameters, new() { RateDecay = Get("lr_decay", 0), InitialAccumulator = Get("initial_accumulator_value", 0) }),
            "torch.optim.Adafactor" => new Adafactor(parameters, new()
            {
                Form = AdafactorForm.Torch,
                SquareEpsilon = s["eps"] is JsonArray eps ? GoldenJson.Number(eps[0]) : double.BitIncrement(1) - 1,
                ParameterEpsilon = s["eps"] is JsonArray sizes ? GoldenJson.Number(sizes[1]) : 1e-3,
                ClipThreshold = Get("d", 1),
                DecayRate = Get("beta2_decay", -0.8),
                Decay = Get("weight_decay", 0),
            }),
            "transformers Adafactor" => new Adafactor(parameters, new()
            {
                ClipThreshold = Get("clip_threshold", 1),
                Beta1 = Get("beta1", 0),
                Decay = Get("weight_decay", 0),
                ScaleParameter = s["scale_parameter"]?.GetValue<bool>() ?? true,
                RelativeStep = s["relative_step"]?.GetValue<bool>() ?? true,
                WarmupInit = Is("warmup_init"),
            }),
            _ => new Muon(parameters, new()
            {
                Decay = Get("weight_decay", 0.1),
                Momentum = Get("momentum", 0.95),
                Nesterov = Is("nesterov"),
                Rate = (string?)s["adjust_lr_fn"] switch
                {
                    "match_rms_adamw" => MuonRate.MatchRmsAdamW,
                    "spectral_unclamped" => MuonRate.SpectralUnclamped,
                    _ => MuonRate.Original,
                },
            }),
        };
    }
}
