using Hone.Methods.FlatLora;
using Hone.Models.Decoder;
using Hone.Tensors;
using Hone.Tensors.Ops;
using Hone.Tensors.Threads;
using Hone.Tests.Training;
using Hone.Training;
using Hone.Training.Adapters;
using Hone.Training.Batching;
using Hone.Training.Objectives;
using Hone.Training.Perturbation;

namespace Hone.Tests.Methods;

/// <summary>The properties that the method's card asks for.</summary>
public class FlatLoraTests
{
    [Fact]
    public void Rows_get_noise_in_proportion_to_their_norms_and_zero_rows_none()
    {
        const int Draws = 4000, Width = 8;
        float[] norms = [2, 0.5f, 0];
        double[] squares = new double[3];
        for (int d = 0; d < Draws; d++)
        {
            FilterNoise noise = new(new RandomStream(d, "noise"), norms, Width, 0.3);
            for (int row = 0; row < 3; row++)
            {
                float[] weights = new float[Width];
                noise.AddTo(row, weights);
                squares[row] += weights.Sum(w => (double)w * w);
            }
        }
        for (int row = 0; row < 2; row++)
        {
            double expected = 0.3 * norms[row] / Math.Sqrt(Width), found = Math.Sqrt(squares[row] / (Draws * Width));
            Assert.Equal(expected, found, 3 * expected / Math.Sqrt(2.0 * Draws * Width)); // three standard errors of a deviation
        }
        Assert.Equal(0, squares[2]);
    }

    [Theory]
    [InlineData(64)]
    [InlineData(1024)]
    public void The_spread_of_a_layers_results_grows_by_a_factor_that_does_not_depend_on_its_width(int width)
    {
        // x ~ N(mu, v): Var[(W' + ε) x] = (1 + σ²) ‖W'‖² v + σ² ‖W'‖² mu², card, equations 8 and 9. Here ‖W'‖ = 1.
        const double Sigma = 0.5, Mean = 0.7, Variance = 1.3;
        const int Draws = 20000;
        RandomStream random = new(3, "inputs");
        float[] row = new float[width];
        Array.Fill(row, 1 / MathF.Sqrt(width));
        for (int i = 0; i < width; i += 2) row[i] = -row[i]; // so that the mean of the result is 0 and its square the variance
        double squares = 0;
        for (int d = 0; d < Draws; d++)
        {
            float[] weights = [.. row];
            new FilterNoise(new RandomStream(d, "noise"), [1f], width, Sigma).AddTo(0, weights);
            double y = 0;
            for (int i = 0; i < width; i++) y += weights[i] * (Mean + Math.Sqrt(Variance) * random.NextNormal());
            squares += y * y;
        }
        double expected = (1 + Sigma * Sigma) * Variance + Sigma * Sigma * Mean * Mean;
        Assert.Equal(expected, squares / Draws, 4 * expected * Math.Sqrt(2.0 / Draws));
    }

    [Fact]
    public async Task Noise_is_the_same_whoever_asks_and_differs_between_rows_layers_and_steps()
    {
        float[] Row(RandomStream random, int row)
        {
            float[] weights = new float[101];
            new FilterNoise(random, [1f, 1f], 101, 1).AddTo(row, weights);
            return weights;
        }
        RandomStream run = new(5, "flat-lora");
        float[] first = Row(run.Derive(3).Derive("a"), 1);
        Assert.Equal(first, await Task.Run(() => Row(new RandomStream(5, "flat-lora").Derive(3).Derive("a"), 1)));
        foreach (float[] other in (float[][])[Row(run.Derive(3).Derive("a"), 0), Row(run.Derive(3).Derive("b"), 1), Row(run.Derive(4).Derive("a"), 1)])
            Assert.True(Math.Abs(first.Zip(other, (x, y) => (double)x * y).Sum()) < 4 / Math.Sqrt(101), "streams that should be independent are not");
        Assert.NotEqual(first, Row(run.Derive(3).Derive("a"), 0));
    }

    [Fact]
    public void Schedules_begin_at_nothing_and_never_fall()
    {
        foreach (NoiseSchedule schedule in (NoiseSchedule[])[NoiseSchedule.Cosine, NoiseSchedule.Linear])
        {
            NoiseSettings settings = new(0.4, schedule);
            Assert.Equal((0, 0.2, 0.4), (settings.At(0, 50), Math.Round(settings.At(25, 50), 12), Math.Round(settings.At(50, 50), 12)));
            for (int t = 1; t <= 50; t++) Assert.True(settings.At(t, 50) > settings.At(t - 1, 50));
        }
        Assert.Equal(0.4, new NoiseSettings(0.4, NoiseSchedule.Const).At(0, 50));
    }

    [Fact]
    public void The_expected_rise_of_a_quadratic_is_half_the_noise_times_its_curvature()
    {
        // L(W) = ½ tr(W H Wᵀ): E L(W + ε) − L(W) = ½ Σ std_i² tr(H).
        const int Draws = 20000;
        double[] h = [3, 1, 0.5, 2];
        float[][] w = [[1, -2, 0.5f, 1], [0.3f, 0.1f, -0.4f, 2]];
        float[] norms = [.. w.Select(r => MathF.Sqrt(r.Sum(x => x * x)))];
        double Loss(IEnumerable<float[]> rows) => rows.Sum(r => 0.5 * r.Select((x, i) => h[i] * x * x).Sum());
        double sum = 0, square = 0, expected = 0.5 * norms.Sum(n => 0.09 * n * n / 4) * h.Sum();
        for (int d = 0; d < Draws; d++)
        {
            FilterNoise noise = new(new RandomStream(d, "quadratic"), norms, 4, 0.3);
            float[][] moved = [.. w.Select(r => (float[])[.. r])];
            for (int i = 0; i < 2; i++) noise.AddTo(i, moved[i]);
            double rise = Loss(moved) - Loss(w);
            (sum, square) = (sum + rise, square + rise * rise);
        }
        double deviation = Math.Sqrt((square / Draws - sum / Draws * (sum / Draws)) / Draws);
        Assert.Equal(expected, sum / Draws, 4 * deviation);
    }

    [Fact]
    public void A_layer_with_noise_computes_and_learns_at_the_moved_weight_and_keeps_its_own()
    {
        RandomStream random = new(2, "layer");
        Tensor Draw(Shape shape)
        {
            Tensor tensor = Tensor.Create(shape, true);
            random.FillNormal(tensor.Data, 0, 1);
            return tensor;
        }
        (Tensor x, Tensor w) = (Draw((5, 6)), Draw((4, 6)));
        float[] before = w.Data.ToArray(), ones = [1, 2, 0.5f, 1];
        FilterNoise noise = new(new RandomStream(9, "n"), ones, 6, 0.5);
        Tensor moved = Tensor.From((4, 6), before, true);
        for (int row = 0; row < 4; row++) noise.AddTo(row, moved.Data.Slice(row * 6, 6));
        foreach (int threads in (int[])[1, 3])
        {
            using WorkerPool workers = new(threads);
            using Tape tape = new(workers);
            foreach (Tensor tensor in (Tensor[])[x, w, moved]) tensor.ClearGrad();
            Tensor noisy = tape.NoisyLinear(x, w, noise);
            tape.Backward(tape.Sum(tape.Mul(noisy, noisy)));
            float[] y = noisy.Data.ToArray(), dx = x.Grad.ToArray(), dw = w.Grad.ToArray();
            x.ClearGrad();
            tape.Reset();
            Tensor plain = tape.Linear(x, moved);
            tape.Backward(tape.Sum(tape.Mul(plain, plain)));
            Assert.Equal(plain.Data.ToArray(), y);
            Assert.Equal(x.Grad.ToArray(), dx);
            Assert.Equal(moved.Grad.ToArray(), dw);
            Assert.Equal(before, w.Data.ToArray());
        }
    }

    [Fact]
    public void Gradients_of_the_factors_match_differences_of_the_loss_at_fixed_noise()
    {
        LanguageModel model = TinyTextModel.Create(3, 60);
        LoraModel lora = LoraModel.Attach(model, new LoraConfig { Rank = 2, Alpha = 4 }, new RandomStream(1, "lora"));
        foreach (LoraLayer layer in lora.Layers) new RandomStream(2, layer.Layer.Name).FillNormal(layer.B.Value.Data, 0, 0.1f);
        SupervisedObjective objective = new(model);
        FlatRule rule = new(FlatRule.LayersOf(model, lora), new NoiseSettings(0.3, NoiseSchedule.Const), 10, new RandomStream(4, "flat"));
        TrainingBatch batch = TrainingBatch.Of([new(TrainingSequence.Whole([5, 9, 30, 2, 44, 7]))]);
        using Tape tape = new();
        rule.Accumulate(tape, [batch], 3, objective, new MetricSums());
        Dictionary<Parameter, float[]> gradients = lora.Parameters.ToDictionary(p => p, p => p.Value.Grad.ToArray());
        // The noise of the row norms moves with the factors; what is differentiated holds it fixed, so it is set once here.
        rule.Move(0.3, 3);
        double Loss()
        {
            using Tape still = new(recording: false);
            return objective.Compute(still, batch, new MetricSums()).Sum.Item();
        }
        foreach (Parameter parameter in lora.Parameters.Where((_, i) => i % 5 == 0))
        {
            int place = Enumerable.Range(0, parameter.Value.Count).MaxBy(i => Math.Abs(gradients[parameter][i]));
            float value = parameter.Value.Data[place];
            const float Step = 2e-2f;
            parameter.Value.Data[place] = value + Step;
            double up = Loss();
            parameter.Value.Data[place] = value - Step;
            double difference = (up - Loss()) / (2 * Step);
            parameter.Value.Data[place] = value;
            Assert.Equal(difference, gradients[parameter][place], 2e-2 * Math.Abs(difference) + 2e-3);
        }
    }

    [Fact]
    public void Without_strength_a_run_is_plain_lora_bit_for_bit_and_the_base_is_never_written_to()
    {
        (float[] plain, float[] basePlain) = Run(null);
        (float[] zero, _) = Run(0);
        (float[] flat, float[] baseFlat) = Run(0.5);
        Assert.Equal(plain, zero);
        Assert.NotEqual(plain, flat);
        Assert.Equal(basePlain, baseFlat);
    }

    [Fact]
    public void An_error_inside_a_step_leaves_no_noise_behind()
    {
        LanguageModel model = TinyTextModel.Create(3, 60);
        FlatRule rule = new(FlatRule.LayersOf(model, null), new NoiseSettings(0.3, NoiseSchedule.Const), 10, new RandomStream(4, "flat"), inner: new Failing());
        using Tape tape = new();
        TrainingBatch batch = TrainingBatch.Of([new(TrainingSequence.Whole([5, 9, 30]))]);
        Assert.Throws<InvalidOperationException>(() => rule.Accumulate(tape, [batch], 1, new SupervisedObjective(model), new MetricSums()));
        Assert.All(model.LinearLayers, l => Assert.Null(l.Noise));
    }

    [Fact]
    public void Sharpness_rises_with_strength_and_is_nothing_without()
    {
        LanguageModel model = TinyTextModel.Create(3, 60);
        SupervisedObjective objective = new(model);
        // Taught until it is sure of one text: only then does noise cost anything.
        foreach (Parameter parameter in model.Parameters) parameter.Trainable = true;
        ShuffledSource source = new([new(TrainingSequence.Whole([5, 9, 30, 2, 44, 7]))], null);
        using (Trainer trainer = new(model.Parameters, objective, new TrainOptions { Steps = 60, Batch = 1, Lr = 1e-2 })) trainer.Run(source, new RunContext("", 1));
        IReadOnlyList<TrainingBatch> batches = [TrainingBatch.Of([source.Get(0)])];
        IReadOnlyList<SharpnessPoint> points = Sharpness.Measure(model.LinearLayers, () => Sharpness.MeanLoss(objective, batches), [0, 0.1, 0.4], 12, new RandomStream(1, "s"));
        Assert.Equal(0, points[0].Rise, 1e-6);
        Assert.True(points[1].Rise < points[2].Rise && points[2].Rise > 0, $"{points[1].Rise}, {points[2].Rise}");
        Assert.All(model.LinearLayers, l => Assert.Null(l.Noise));
    }

    private static (float[] Factors, float[] Base) Run(double? sigma)
    {
        LanguageModel model = TinyTextModel.Create(3, 60);
        LoraModel lora = LoraModel.Attach(model, new LoraConfig { Rank = 2, Alpha = 4 }, new RandomStream(1, "lora"));
        IGradientRule? rule = sigma is { } s ? new FlatRule(FlatRule.LayersOf(model, lora), new NoiseSettings(s), 12, new RandomStream(4, "flat")) : null;
        using Trainer trainer = new(lora.Parameters, new SupervisedObjective(model), new TrainOptions { Steps = 12, Batch = 2, MicroTokens = 6, Lr = 1e-2 }, rule);
        trainer.Run(new ShuffledSource([new(TrainingSequence.Whole([5, 9, 30, 2, 44, 7])), new(TrainingSequence.Whole([8, 1, 3, 22]))], null), new RunContext("", 1));
        return ([.. lora.Parameters.SelectMany(p => p.Value.Data.ToArray())], [.. model.LinearLayers.SelectMany(l => l.Weight.Value.Data.ToArray())]);
    }

    private sealed class Failing : IGradientRule
    {
        public (double LossSum, double Weight) Accumulate(Tape tape, IReadOnlyList<TrainingBatch> window, int step, IObjective objective, MetricSums metrics) => throw new InvalidOperationException();
    }
}
