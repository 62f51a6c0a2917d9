using Hone.Tensors;
using Hone.Tensors.Ops;

namespace Hone.Tests.Tensors.Ops;

/// <summary>How each operation named in golden/training/ops is said in our words.</summary>
internal static class OpsGoldenRunner
{
    public static IReadOnlyDictionary<string, Func<OpsGoldenCase, Tensor>> Known { get; } = new Dictionary<string, Func<OpsGoldenCase, Tensor>>
    {
        ["linear"] = c => c.Tape.Linear(c["x"], c["w"], c["b"]),
        ["add"] = c => c.Tape.Add(c["a"], c["b"]),
        ["mul"] = c => c.Tape.Mul(c["a"], c["b"]),
        ["div"] = c => c.Tape.Div(c["a"], c["b"]),
        ["concat_slice"] = c => c.Tape.Slice(
            c.Tape.Concat(c.Attribute("axis").GetInt32(), c["a"], c["b"]),
            c.Attribute("axis").GetInt32(), c.Integers("slice")[0], c.Integers("slice")[1] - c.Integers("slice")[0]),
        ["permute_reshape"] = c => c.Tape.View(
            c.Tape.Transpose(c.Tape.View(c["x"], Shape.Of(c.Integers("view"))), c.Integers("transpose")[0], c.Integers("transpose")[1]),
            Shape.Of(c.Integers("reshape"))),
        ["index_select"] = c => c.Tape.Rows(c["x"], c.Ints("idx")),
        ["relu"] = c => c.Tape.Relu(c["x"]),
        ["silu"] = c => c.Tape.Silu(c["x"]),
        ["gelu_tanh"] = c => c.Tape.Gelu(c["x"], GeluKind.Tanh),
        ["gelu_erf"] = c => c.Tape.Gelu(c["x"], GeluKind.Erf),
        ["relu2"] = c => c.Tape.ReluSquared(c["x"]),
        ["swiglu"] = c => c.Tape.GatedMlpActivation(c["g"], c["u"], Activation.Silu),
        ["geglu_tanh"] = c => c.Tape.GatedMlpActivation(c["g"], c["u"], Activation.GeluTanh),
        ["embedding"] = c => c.Tape.Embedding(c["w"], c.Ints("ids"), 1f, (int)c.Number("padding_idx", -1)),
        ["tied_embedding"] = c => c.Tape.Linear(c.Tape.Embedding(c["w"], c.Ints("ids")), c["w"]),
        ["rmsnorm"] = c => c.Tape.RmsNorm(c["x"], c["w"], (float)c.Number("eps", 0), c.Flag("unit_offset")),
        ["layernorm"] = c => c.Tape.LayerNorm(c["x"], c["w"], c.Differentiated.Contains("b") ? c["b"] : null, (float)c.Number("eps", 0)),
        ["rope_half_split"] = c => Rope(c, RopeStyle.HalfSplit),
        ["rope_interleaved"] = c => Rope(c, RopeStyle.Interleaved),
        ["attention"] = Attention,
        ["linear_cross_entropy"] = c => LinearCrossEntropy(c, c.Ints("target")),
        ["causal_lm_loss"] = c => LinearCrossEntropy(c, Shifted(c.Ints("labels"), c.InputShape("labels")[1])),
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
