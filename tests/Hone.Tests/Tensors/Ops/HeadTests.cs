using Hone.Core;
using Hone.Tensors;
using Hone.Tensors.Ops;
using Hone.Tensors.Threads;

namespace Hone.Tests.Tensors.Ops;

/// <summary>Cross-entropy and log-probabilities fused with the output projection.</summary>
public sealed class HeadTests
{
    private const int Ignore = HeadOptions.Ignore;

    public static TheoryData<float, float, float, float, bool> Options => new()
    {
        { 1f, 0f, 0f, 0f, false },
        { 0.7f, 0f, 0f, 0f, true },
        { 1f, 3f, 0f, 0f, true },
        { 1.5f, 2f, 0.1f, 0.01f, true },
        { 1f, 0f, 0.3f, 0f, false },
    };

    [Theory]
    [MemberData(nameof(Options))]
    public void Cross_entropy_is_right_with_its_gradients(float temperature, float softcap, float smoothing, float zLoss, bool biased)
    {
        RandomStream random = new(31, "head");
        CheckedInput hidden = CheckedInput.Normal(random, (7, 6)), head = CheckedInput.Normal(random, (9, 6)), bias = CheckedInput.Normal(random, 9);
        int[] targets = [3, Ignore, 0, 8, 8, Ignore, 2];
        float[] weights = [1, 5, 0.5f, -2, 0, 0, 0.25f];
        HeadOptions options = new() { Temperature = temperature, Softcap = softcap, LabelSmoothing = smoothing, ZLoss = zLoss };
        GradCheck.Run(
            (t, v) => t.LinearCrossEntropy(v[0], v[1], targets, weights, options with { Bias = biased ? v[2] : null }),
            v => [Reference.CrossEntropy(v[0], v[1], biased ? v[2] : null, 6, targets, weights, options)],
            hidden, head, bias with { Differentiable = biased });
        GradCheck.Run(
            (t, v) => t.CrossEntropy(t.Linear(v[0], v[1], biased ? v[2] : null), targets, weights, options),
            v => [Reference.CrossEntropy(v[0], v[1], biased ? v[2] : null, 6, targets, weights, options)],
            hidden, head, bias with { Differentiable = biased });
    }

    [Theory]
    [MemberData(nameof(Options))]
    public void Log_probabilities_are_right_with_their_gradients(float temperature, float softcap, float smoothing, float zLoss, bool biased)
    {
        Assert.True(smoothing >= 0 && zLoss >= 0); // only the loss knows them
        RandomStream random = new(32, "head");
        CheckedInput hidden = CheckedInput.Normal(random, (7, 6)), head = CheckedInput.Normal(random, (9, 6)), bias = CheckedInput.Normal(random, 9);
        int[] targets = [3, Ignore, 0, 8, 8, Ignore, 2];
        HeadOptions options = new() { Temperature = temperature, Softcap = softcap };
        GradCheck.Run(
            (t, v) => t.HeadLogProbs(v[0], v[1], targets, options with { Bias = biased ? v[2] : null }),
            v => Chosen(Reference.HeadLogProbs(v[0], v[1], biased ? v[2] : null, 6, options), targets, 9),
            false, hidden, head, bias with { Differentiable = biased });
        GradCheck.Run(
            (t, v) => t.LogSoftmax(t.HeadLogits(v[0], v[1], [0, 1, 2, 3, 4, 5, 6], options with { Bias = biased ? v[2] : null })),
            v => Reference.HeadLogProbs(v[0], v[1], biased ? v[2] : null, 6, options),
            hidden, head, bias with { Differentiable = biased });
    }

    private static double[] Chosen(double[] all, int[] targets, int vocabulary) =>
        [.. targets.Select((target, t) => target == Ignore ? 0 : all[t * vocabulary + target])];

    [Fact]
    public void Entropy_is_that_of_the_distribution_and_carries_no_gradient()
    {
        RandomStream random = new(33, "entropy");
        CheckedInput hidden = CheckedInput.Normal(random, (5, 6)), head = CheckedInput.Normal(random, (9, 6));
        using Tape tape = new();
        Tensor h = Tensor.From(hidden.Shape, hidden.Values, true), w = Tensor.From(head.Shape, head.Values, true);
        HeadOptions options = new() { Temperature = 0.8f };
        (Tensor logProbs, Tensor entropy) = tape.HeadLogProbsAndEntropy(h, w, [1, Ignore, 2, 3, 0], options);
        double[] all = Reference.HeadLogProbs([.. hidden.Values.Select(v => (double)v)], [.. head.Values.Select(v => (double)v)], null, 6, options);
        double[] expected = [.. all.Chunk(9).Select((row, t) => t == 1 ? 0 : -row.Sum(logP => Math.Exp(logP) * logP))];
        GradCheck.AssertClose(expected, entropy.Data, 1e-5, "entropy");
        Assert.False(entropy.RequiresGrad);
        Assert.True(logProbs.RequiresGrad);
    }

    /// <summary>Its gradient is made in the forward pass; with a head that learns it is made on the way back.</summary>
    [Theory]
    [InlineData(0f)]
    [InlineData(2f)]
    public void A_frozen_head_gives_the_same_gradient(float softcap)
    {
        RandomStream random = new(37, "frozen");
        CheckedInput hidden = CheckedInput.Normal(random, (6, 5)), head = CheckedInput.Normal(random, (9, 5));
        HeadOptions options = new() { Softcap = softcap, Temperature = 0.9f };
        int[] targets = [3, Ignore, 0, 8, 8, 1];
        using Tape tape = new();
        Tensor learning = Tensor.From(hidden.Shape, hidden.Values, true), frozen = Tensor.From(hidden.Shape, hidden.Values, true);
        (Tensor a, Tensor entropyA) = tape.HeadLogProbsAndEntropy(learning, Tensor.From(head.Shape, head.Values, true), targets, options);
        (Tensor b, Tensor entropyB) = tape.HeadLogProbsAndEntropy(frozen, Tensor.From(head.Shape, head.Values), targets, options);
        Assert.Equal(a.Data, b.Data);
        Assert.Equal(entropyA.Data, entropyB.Data);
        tape.Backward(tape.Add(tape.Sum(tape.Square(a)), tape.Sum(tape.Square(b))));
        GradCheck.AssertClose([.. learning.Grad.ToArray().Select(v => (double)v)], frozen.Grad, 1e-6, "hidden");
    }

    [Fact]
    public void A_head_of_zeros_is_surprised_by_the_logarithm_of_the_vocabulary()
    {
        using Tape tape = new();
        Tensor loss = tape.LinearCrossEntropy(Tensor.Create((4, 8), true), Tensor.Create((1000, 8), true), [5, 6, 7, 8]);
        Assert.Equal(4 * Math.Log(1000), loss.Item(), 1e-5);
    }

    [Fact]
    public void Without_a_target_there_is_no_loss_and_no_gradient()
    {
        using Tape tape = new();
        Tensor hidden = Tensor.From((2, 2), [1, 2, 3, 4], true), head = Tensor.From((3, 2), [1, 2, 3, 4, 5, 6], true);
        Tensor loss = tape.LinearCrossEntropy(hidden, head, [Ignore, Ignore]);
        tape.Backward(loss);
        Assert.Equal(0, loss.Item());
        Assert.All(hidden.Grad.ToArray().Concat(head.Grad.ToArray()), value => Assert.Equal(0, value));
    }

    /// <summary>Rows without a target may hold anything, even NaN: they are never looked at.</summary>
    [Fact]
    public void Rows_without_a_target_are_not_touched()
    {
        using Tape tape = new();
        Tensor hidden = Tensor.From((3, 2), [1, 2, float.NaN, float.NaN, 3, 4], true), head = Tensor.From((3, 2), [1, 2, 3, 4, 5, 6], true);
        tape.Backward(tape.LinearCrossEntropy(hidden, head, [0, Ignore, 1]));
        Assert.All(hidden.Grad.ToArray().Concat(head.Grad.ToArray()), value => Assert.True(float.IsFinite(value)));
        tape.Backward(tape.LinearCrossEntropy(hidden, head, [0, 2, 1], [1f, 0f, 1f]));
        tape.Backward(tape.Sum(tape.HeadLogProbs(hidden, head, [0, Ignore, 1])));
        Assert.All(hidden.Grad.ToArray().Concat(head.Grad.ToArray()), value => Assert.True(float.IsFinite(value)));
    }

    [Fact]
    public void Chunks_change_nothing_and_rows_times_vocabulary_never_exists()
    {
        // 40 960 entries, so that a chunk has 409 rows: three chunks of different sizes.
        const int rows = 1000, width = 8, vocabulary = 40_960;
        RandomStream random = new(34, "chunks");
        Tensor hidden = Tensor.Create((rows, width), true), head = Tensor.Create((vocabulary, width), true);
        random.FillNormal(hidden.Data, 0, 1);
        random.FillNormal(head.Data, 0, 1);
        int[] targets = [.. Enumerable.Range(0, rows).Select(t => t % 7 == 3 ? Ignore : t * 40)];
        using WorkerPool workers = new(2);
        using Tape tape = new(workers);
        Tensor loss = tape.LinearCrossEntropy(hidden, head, targets);
        tape.Backward(loss);
        Assert.InRange(tape.Memory.PeakBytes, 0, (long)rows * vocabulary * sizeof(float) * 6 / 10);
        Tensor logProbs = tape.HeadLogProbs(hidden, head, targets);
        Assert.Equal(-loss.Item(), tape.Sum(logProbs).Item(), 1e-2);
        float[] fused = head.Grad.ToArray(), fusedHidden = hidden.Grad.ToArray();
        (hidden.RequiresGrad, head.RequiresGrad) = (true, true);
        hidden.ClearGrad();
        head.ClearGrad();
        tape.Backward(tape.Scale(tape.Sum(tape.HeadLogProbs(hidden, head, targets)), -1f));
        Assert.Equal(fused, head.Grad);
        Assert.Equal(fusedHidden, hidden.Grad);
        Assert.InRange(tape.Memory.PeakBytes, 0, (long)rows * vocabulary * sizeof(float) * 7 / 10);
        AssertRowsAlone(tape, hidden, head, targets, fusedHidden);
    }

    private static void AssertRowsAlone(Tape tape, Tensor hidden, Tensor head, int[] targets, float[] expected)
    {
        int width = hidden.Shape[1];
        foreach (int row in new[] { 0, 500, 999 })
        {
            Tensor one = Tensor.From((1, width), hidden.Data.Slice(row * width, width), true);
            tape.Backward(tape.LinearCrossEntropy(one, tape.Detach(head), [targets[row]]));
            GradCheck.AssertClose([.. expected[(row * width)..((row + 1) * width)].Select(v => (double)v)], one.Grad, 1e-4, $"row {row}"); // fp32 sums of 40 960 terms
        }
    }

    [Fact]
    public void Gradients_of_parts_add_up_to_the_gradient_of_the_whole()
    {
        RandomStream random = new(35, "accumulation");
        CheckedInput hidden = CheckedInput.Normal(random, (6, 4)), head = CheckedInput.Normal(random, (5, 4));
        int[] targets = [0, 4, Ignore, 2, 3, 1];
        using Tape tape = new();
        Tensor whole = Tensor.From(head.Shape, head.Values, true), parts = Tensor.From(head.Shape, head.Values, true);
        tape.Backward(tape.LinearCrossEntropy(Tensor.From(hidden.Shape, hidden.Values), whole, targets), 1f / 5);
        tape.Backward(tape.LinearCrossEntropy(Tensor.From((2, 4), hidden.Values.AsSpan(0, 8)), parts, targets.AsSpan(0, 2)), 1f / 5);
        tape.Backward(tape.LinearCrossEntropy(Tensor.From((4, 4), hidden.Values.AsSpan(8)), parts, targets.AsSpan(2)), 1f / 5);
        GradCheck.AssertClose([.. whole.Grad.ToArray().Select(v => (double)v)], parts.Grad, 1e-6, "head");
    }

    [Fact]
    public void A_tied_table_collects_the_gradients_of_both_ends()
    {
        int[] ids = [3, 1, 3], targets = [1, 3, Ignore];
        CheckedInput table = CheckedInput.Normal(new RandomStream(36, "tied"), (6, 4));
        GradCheck.Run(
            (t, v) => t.LinearCrossEntropy(t.Embedding(v[0], ids), v[0], targets),
            v => [Reference.CrossEntropy(Reference.Rows(v[0], 4, ids, 1), v[0], null, 4, targets, [1, 1, 1], HeadOptions.Default)], table);
    }

    [Fact]
    public void Bad_targets_and_settings_are_refused()
    {
        using Tape tape = new();
        Tensor hidden = Tensor.Create((2, 3)), head = Tensor.Create((5, 3));
        Assert.Throws<ArgumentException>(() => tape.LinearCrossEntropy(hidden, head, [5, 0]));
        Assert.Throws<ArgumentException>(() => tape.LinearCrossEntropy(hidden, head, [-1, 0]));
        Assert.Throws<ArgumentException>(() => tape.LinearCrossEntropy(hidden, head, [0]));
        Assert.Throws<ArgumentException>(() => tape.LinearCrossEntropy(hidden, Tensor.Create((5, 4)), [0, 0]));
        Assert.Throws<ArgumentException>(() => tape.HeadLogProbs(hidden, head, [0, 0], new HeadOptions { Temperature = 0 }));
        Assert.Throws<ArgumentException>(() => tape.HeadLogProbs(hidden, head, [0, 0], new HeadOptions { ZLoss = 0.1f }));
    }
}
