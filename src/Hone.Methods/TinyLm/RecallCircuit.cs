using Hone.Core;
using Hone.Models.Decoder;

namespace Hone.Methods.TinyLm;

/// <summary>
/// Lays the circuit that finds and copies into a model's first two layers before training. In the first layer two heads look one and two
/// tokens back and write what they see beside the token's own content; in the second, every head compares the token at hand and the one
/// before it with those notes and copies what stands behind them: an induction head for keys of two words. Found by gradient descent alone,
/// this circuit appears suddenly and late (Olsson et al. 2022, arXiv:2209.11895), after many times the tokens that everything else takes.
/// </summary>
/// <remarks>
/// The residual stream is divided: one constant number, the token's content, a note of the token before, a note of the one before that.
/// Training is free to change all of it.
/// </remarks>
internal sealed class RecallCircuit
{
    private const float Constant = 4, Sharpness = 10, Match = 2.2f, Copy = 3, Note = 1.2f, Head = 0.1f;

    private readonly LanguageModel model;
    private readonly int width, size, heads, content;

    private RecallCircuit(LanguageModel model)
    {
        this.model = model;
        (width, size, heads) = (model.Config.HiddenSize, model.Config.HeadSize, model.Config.Heads);
        content = width - 2 * size;
    }

    private int Before => content;

    private int BeforeThat => content + size;

    /// <summary>Writes the circuit.</summary>
    /// <exception cref="HoneException">The model has another shape than four heads and at least two layers.</exception>
    public static void Lay(LanguageModel model)
    {
        if (model.Config.Heads != 4 || model.Config.HiddenSize != 4 * model.Config.HeadSize || model.Config.Layers < 2 || model.Config.HeadSize % 4 != 0)
            throw new HoneException("the copying circuit needs two layers and four heads that fill the width. Change layers, heads or width, or set circuit: false.");
        RecallCircuit circuit = new(model);
        circuit.DivideEmbeddings();
        circuit.LookBack(0, 1, circuit.Before);
        circuit.LookBack(1, 2, circuit.BeforeThat);
        for (int head = 0; head < circuit.heads; head++) circuit.FindAndCopy(head);
    }

    private void DivideEmbeddings()
    {
        Span<float> table = model.Embedding.Value.Data;
        Span<float> head = model.Head.Weight.Value.Data;
        for (int row = 0; row < table.Length; row += width)
        {
            table[row] = Constant;
            table.Slice(row + content, 2 * size).Clear();
            // What is copied as content is said: the head starts as the embedding, made small.
            for (int i = 1; i < content; i++) head[row + i] = Head * table[row + i];
        }
    }

    /// <summary>A head of the first layer that looks so many tokens back: a constant query, turned by that distance, meets a constant key.</summary>
    private void LookBack(int head, int distance, int target)
    {
        Rows q = Of(0, "q_proj"), k = Of(0, "k_proj"), v = Of(0, "v_proj"), o = Of(0, "o_proj");
        q.ClearRows(head * size, size);
        k.ClearRows(head * size, size);
        v.ClearRows(head * size, size);
        ReadOnlySpan<double> frequencies = model.Config.Rope!.Table(size, 1).InverseFrequencies;
        float strength = MathF.Sqrt(Sharpness * MathF.Sqrt(size)) / Constant;
        int half = size / 2;
        for (int i = 0; i <= size / 6; i++) // the fast frequencies, which tell neighbours apart
        {
            (double sin, double cos) = Math.SinCos(-distance * frequencies[i]);
            q[head * size + i, 0] = (float)(strength * cos);
            q[head * size + half + i, 0] = (float)(strength * sin);
            k[head * size + i, 0] = strength;
        }
        for (int i = 0; i < size; i++)
        {
            v[head * size + i, 1 + i] = 1;
            o[target + i, head * size + i] = Note;
        }
    }

    /// <summary>A head of the second layer: its share of the content and of the notes is compared in the slow frequencies, which hardly turn.</summary>
    private void FindAndCopy(int head)
    {
        Rows q = Of(1, "q_proj"), k = Of(1, "k_proj"), v = Of(1, "v_proj"), o = Of(1, "o_proj");
        q.ClearRows(head * size, size);
        k.ClearRows(head * size, size);
        v.ClearRows(head * size, size);
        int half = size / 2, share = size / heads;
        for (int i = 0; i < share; i++)
        {
            int slow = head * size + half - share + i, at = head * share + i;
            (q[slow, 1 + at], k[slow, Before + at]) = (Match, Match);
            (q[slow + half, Before + at], k[slow + half, BeforeThat + at]) = (Match, Match);
        }
        for (int i = 0; i < content / heads && 1 + head * (content / heads) + i < content; i++)
        {
            int at = 1 + head * (content / heads) + i;
            v[head * size + i, at] = 1;
            o[at, head * size + i] = Copy;
        }
    }

    private Rows Of(int layer, string name) => new(model[$"model.layers.{layer}.self_attn.{name}.weight"].Value);

    /// <summary>A weight [rows, columns].</summary>
    private readonly struct Rows(Tensors.Tensor weight)
    {
        public float this[int row, int column]
        {
            get => weight.Data[row * weight.Shape[1] + column];
            set => weight.Data[row * weight.Shape[1] + column] = value;
        }

        public void ClearRows(int first, int count) => weight.Data.Slice(first * weight.Shape[1], count * weight.Shape[1]).Clear();
    }
}
