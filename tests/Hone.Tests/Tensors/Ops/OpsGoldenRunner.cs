using Hone.Tensors;
using Hone.Tensors.Ops;

namespace Hone.Tests.Tensors.Ops;

/// <summary>How each operation named in golden/training/ops is said in our words.</summary>
internal static class OpsGoldenRunner
{
    public static IReadOnlyDictionary<string, Func<OpsGoldenCase, Tensor>> Known { get; } = new Dictionary<string, Func<OpsGoldenCase, Tensor>>
    {
        ["matmul"] = c => c.Tape.MatMul(c["a"], c["b"], c.Flag("trans_a"), c.Flag("trans_b")),
        ["linear"] = c => c.Tape.Linear(c["x"], c["w"], c["b"]),
        ["add"] = c => c.Tape.Add(c["a"], c["b"]),
        ["mul"] = c => c.Tape.Mul(c["a"], c["b"]),
        ["div"] = c => c.Tape.Div(c["a"], c["b"]),
        ["mean"] = c => c.Tape.MeanLast(c["x"]),
        ["concat_slice"] = c => c.Tape.Slice(
            c.Tape.Concat(c.Attribute("axis").GetInt32(), c["a"], c["b"]),
            c.Attribute("axis").GetInt32(), c.Integers("slice")[0], c.Integers("slice")[1] - c.Integers("slice")[0]),
        ["permute_reshape"] = c => c.Tape.View(
            c.Tape.Transpose(c.Tape.View(c["x"], Shape.Of(c.Integers("view"))), c.Integers("transpose")[0], c.Integers("transpose")[1]),
            Shape.Of(c.Integers("reshape"))),
        ["index_select"] = c => c.Tape.Rows(c["x"], c.Ints("idx")),
        ["minimum"] = c => c.Tape.Minimum(c["a"], c["b"]),
        ["maximum"] = c => c.Tape.Maximum(c["a"], c["b"]),
        ["clamp"] = c => c.Tape.Clamp(c["x"], (float)c.Number("min", 0), (float)c.Number("max", 0)),
        ["relu"] = c => c.Tape.Relu(c["x"]),
        ["silu"] = c => c.Tape.Silu(c["x"]),
        ["gelu_tanh"] = c => c.Tape.Gelu(c["x"], GeluKind.Tanh),
        ["gelu_erf"] = c => c.Tape.Gelu(c["x"], GeluKind.Erf),
        ["relu2"] = c => c.Tape.ReluSquared(c["x"]),
        ["sigmoid"] = c => c.Tape.Sigmoid(c["x"]),
        ["tanh"] = c => c.Tape.Tanh(c["x"]),
        ["softplus"] = c => c.Tape.Softplus(c["x"]),
        ["logsigmoid"] = c => c.Tape.LogSigmoid(c["x"]),
        ["exp"] = c => c.Tape.Exp(c["x"]),
        ["log1mexp"] = c => c.Tape.Log1MinusExp(c["x"]),
        ["swiglu"] = c => c.Tape.GatedMlpActivation(c["g"], c["u"], Activation.Silu),
        ["geglu_tanh"] = c => c.Tape.GatedMlpActivation(c["g"], c["u"], Activation.GeluTanh),
        ["embedding"] = c => c.Tape.Embedding(c["w"], c.Ints("ids"), 1f, (int)c.Number("padding_idx", -1)),
        ["tied_embedding"] = c => c.Tape.Linear(c.Tape.Embedding(c["w"], c.Ints("ids")), c["w"]),
        ["rmsnorm"] = c => c.Tape.RmsNorm(c["x"], c["w"], (float)c.Number("eps", 0), c.Flag("unit_offset")),
        ["layernorm"] = c => c.Tape.LayerNorm(c["x"], c["w"], c.Differentiated.Contains("b") ? c["b"] : null, (float)c.Number("eps", 0)),
        ["l2norm"] = c => c.Tape.L2Normalize(c["x"], (float)c.Number("eps", 0)),
        ["rope_half_split"] = c => Rope(c, RopeStyle.HalfSplit),
        ["rope_interleaved"] = c => Rope(c, RopeStyle.Interleaved),
        ["softmax"] = Softmax,
        ["log_softmax"] = c => c.Tape.LogSoftmax(c["x"]),
        ["logsumexp"] = c => c.Tape.LogSumExp(c["x"]),
        ["entropy"] = c => c.Tape.SoftmaxEntropy(c["x"]),
        ["gather_logp"] = c => c.Tape.GatherLast(c.Tape.LogSoftmax(c["x"]), c.Ints("ids")),
        ["softcap"] = c => c.Tape.Softcap(c["x"], (float)c.Number("cap", 0)),
        ["attention"] = Attention,
        ["cross_entropy"] = CrossEntropy,
        ["cross_entropy_zloss"] = CrossEntropy,
        ["cross_entropy_softcap"] = CrossEntropy,
        ["cross_entropy_token_weights"] = WeightedCrossEntropy,
        ["linear_cross_entropy"] = c => LinearCrossEntropy(c, c.Ints("target")),
        ["causal_lm_loss"] = c => LinearCrossEntropy(c, Shifted(c.Ints("labels"), c.InputShape("labels")[1])),
        ["kl_div"] = KlDivergence,
        ["mse"] = c => c.Tape.Mean(c.Tape.Square(c.Tape.Sub(c["a"], c["b"]))),
        ["bce_with_logits"] = BinaryCrossEntropy,
        ["lora_linear"] = c => c.Tape.AddLowRank(c.Tape.Linear(c["x"], c["w"]), c["x"], c["A"], c["B"], (float)c.Number("scaling", 1)),
        ["dora_linear"] = DoraLinear,
        ["pcformer_ema"] = PcformerEma,
    };

    private static Tensor Rope(OpsGoldenCase c, RopeStyle style)
    {
        int[] shape = c.InputShape("x");
        RopeTable table = new(shape[3], RopeFrequencies.Default((int)c.Number("rotary_dim", 0), c.Number("theta", 0)), 1, style);
        Tensor y = c.Tape.Rope(HeadLayout.Flatten(c.Tape, c["x"]), table, c.Ints("pos"));
        return HeadLayout.Unflatten(c.Tape, y, shape[0], shape[1]);
    }

    private static Tensor Attention(OpsGoldenCase c)
    {
        int[] q = c.InputShape("q"), k = c.InputShape("k");
        AttentionOptions options = new()
        {
            Heads = q[1],
            KvHeads = k[1],
            Scale = c.Id == "attn_scale" ? 0.25f : (float)Math.Pow(q[3], -0.5),
            Causal = c.Id != "attn_bidirectional",
            Window = (int)c.Number("sliding_window", 0),
            Softcap = (float)c.Number("softcap", 0),
        };
        Tensor query = HeadLayout.Flatten(c.Tape, c["q"]), key = HeadLayout.Flatten(c.Tape, c["k"]), value = HeadLayout.Flatten(c.Tape, c["v"]);
        Segments queries = new(c.Has("segments") ? c.Integers("segments") : [.. Enumerable.Repeat(q[2], q[0])]);
        Segments keys = c.Has("segments") ? queries : new([.. Enumerable.Repeat(k[2], q[0])]);
        if (c.Has("left_pad"))
        {
            // Padding becomes sequences of queries that have no key to look at.
            int[] pads = c.Integers("left_pad");
            queries = new([.. pads.SelectMany(pad => new[] { pad, q[2] - pad })]);
            keys = new([.. pads.SelectMany(pad => new[] { 0, q[2] - pad })]);
            int[] real = [.. pads.SelectMany((pad, b) => Enumerable.Range(b * q[2] + pad, q[2] - pad))];
            (key, value) = (c.Tape.Rows(key, real), c.Tape.Rows(value, real));
        }
        return HeadLayout.Unflatten(c.Tape, c.Tape.Attention(query, key, value, queries, keys, options), q[0], q[1]);
    }

    private static Tensor Softmax(OpsGoldenCase c)
    {
        Tensor x = c["x"];
        if (c.Has("temperature")) x = c.Tape.Scale(x, 1f / (float)c.Number("temperature", 1));
        if (c.Id == "softmax_masked")
            x = c.Tape.Add(x, c.Tape.Constant(x.Shape, [.. c.Ints("mask").Select(seen => seen == 1 ? 0 : float.NegativeInfinity)]));
        return c.Tape.Softmax(x);
    }

    private static Tensor CrossEntropy(OpsGoldenCase c)
    {
        int[] targets = c.Ints("target");
        HeadOptions options = new()
        {
            LabelSmoothing = (float)c.Number("label_smoothing", 0),
            ZLoss = (float)c.Number("z_loss", 0),
            Softcap = (float)c.Number("cap", 0),
            Temperature = (float)c.Number("temperature", 1),
        };
        if (c.Word("reduction", "mean") == "none") return LossPerRow(c, targets);
        Tensor sum = c.Tape.CrossEntropy(c["logits"], targets, default, options);
        int kept = targets.Count(target => target != HeadOptions.Ignore);
        bool mean = c.Word("reduction", "mean") == "mean";
        return mean ? c.Tape.Scale(sum, 1f / kept) : c.Tape.Scale(sum, 1f / (float)c.Number("num_items_in_batch", 1));
    }

    /// <summary>Every row's own loss, as a matrix of logits that is its own hidden state under the identity as head gives it.</summary>
    private static Tensor LossPerRow(OpsGoldenCase c, int[] targets)
    {
        int width = c["logits"].Shape[1];
        Tensor identity = Tensor.Create((width, width));
        for (int i = 0; i < width; i++) identity.Data[i * width + i] = 1;
        return c.Tape.Scale(c.Tape.HeadLogProbs(c["logits"], identity, targets), -1f);
    }

    private static Tensor WeightedCrossEntropy(OpsGoldenCase c)
    {
        float[] weights = c.Floats("w");
        return c.Tape.Scale(c.Tape.CrossEntropy(c["logits"], c.Ints("target"), weights), 1f / weights.Sum());
    }

    /// <summary>Mean over rows of Σ p (log p - log q).</summary>
    private static Tensor KlDivergence(OpsGoldenCase c)
    {
        Tensor logP = c.Tape.LogSoftmax(c["p"]), logQ = c.Tape.LogSoftmax(c["q"]);
        return c.Tape.Mean(c.Tape.SumLast(c.Tape.Mul(c.Tape.Exp(logP), c.Tape.Sub(logP, logQ))));
    }

    /// <summary>Mean of softplus(x) - y·x.</summary>
    private static Tensor BinaryCrossEntropy(OpsGoldenCase c)
    {
        Tensor y = c.Tape.Constant(c["x"].Shape, c.Floats("y"));
        return c.Tape.Mean(c.Tape.Sub(c.Tape.Softplus(c["x"]), c.Tape.Mul(y, c["x"])));
    }

    private static Tensor LoraTerm(OpsGoldenCase c, Tensor x) =>
        c.Tape.Scale(c.Tape.Linear(c.Tape.Linear(x, c["A"]), c["B"]), (float)c.Number("scaling", 1));

    /// <summary>Liu et al. 2024, arXiv:2402.09353: m · (W + s·BA) / |W + s·BA| row by row, the length a constant on the way back.</summary>
    private static Tensor DoraLinear(OpsGoldenCase c)
    {
        Tensor product = c.Tape.Scale(c.Tape.MatMul(c["B"], c["A"]), (float)c.Number("scaling", 1));
        Tensor length = c.Tape.Sqrt(c.Tape.SumLast(c.Tape.Square(c.Tape.Add(c["w"], product))));
        Tensor scale = c.Tape.Div(c["m"], c.Tape.Detach(length));
        return c.Tape.Mul(c.Tape.Add(c.Tape.Linear(c["x"], c["w"]), LoraTerm(c, c["x"])), scale);
    }

    /// <summary>y + Σ_j α(1-α)^(n-j) F_j, j = 1 .. n.</summary>
    private static Tensor PcformerEma(OpsGoldenCase c)
    {
        Tape tape = c.Tape;
        int order = c.Attribute("order").GetInt32();
        Tensor alpha = c["alpha"], rest = tape.AddScalar(tape.Scale(alpha, -1f), 1f), weight = alpha, sum = c["y"];
        for (int i = order - 1; i >= 0; i--)
        {
            Tensor part = tape.View(tape.Slice(c["F"], 0, i, 1), sum.Shape);
            sum = tape.Add(sum, tape.Mul(part, weight));
            weight = tape.Mul(weight, rest);
        }
        return sum;
    }

    private static Tensor LinearCrossEntropy(OpsGoldenCase c, int[] targets)
    {
        int kept = targets.Count(target => target != HeadOptions.Ignore);
        Tensor hidden = c.Tape.View(c["h"], (c["h"].Shape.Rows, c["h"].Shape.Last));
        return c.Tape.Scale(c.Tape.LinearCrossEntropy(hidden, c["w"], targets), 1f / kept);
    }

    /// <summary>Labels as targets: each position predicts the next one, the last of a row predicts nothing.</summary>
    private static int[] Shifted(int[] labels, int length) =>
        [.. labels.Select((_, i) => i % length == length - 1 ? HeadOptions.Ignore : labels[i + 1])];
}
