using Hone.Core;
using Hone.Tensors;
using Hone.Tensors.Ops;

namespace Hone.Tests.Tensors.Ops;

/// <summary>A small decoder made of these operations alone, for tests of whole steps.</summary>
internal sealed class TinyDecoder
{
    private const int Width = 32, Heads = 4, KvHeads = 2, HeadSize = 8, Inner = 48;
    private readonly RopeTable rope = new(HeadSize, RopeFrequencies.Default(HeadSize, 10_000));
    private readonly AttentionOptions attention = new() { Heads = Heads, KvHeads = KvHeads, Scale = 1 / MathF.Sqrt(HeadSize) };
    private readonly List<Tensor> parameters = [];
    private readonly Tensor table, finalNorm;
    private readonly Layer[] layers;
    private readonly Func<Tape, Tensor, Tensor>[] bodies;
    private readonly bool recompute;

    public TinyDecoder(int vocabulary, int depth, bool recompute = false)
    {
        RandomStream random = new(77, "tiny decoder");
        this.recompute = recompute;
        table = New(random, (vocabulary, Width));
        finalNorm = Ones();
        layers = new Layer[depth];
        bodies = new Func<Tape, Tensor, Tensor>[depth];
        for (int i = 0; i < depth; i++)
        {
            layers[i] = new(Ones(), New(random, (Heads * HeadSize, Width)), New(random, (KvHeads * HeadSize, Width)), New(random, (KvHeads * HeadSize, Width)),
                New(random, (Width, Heads * HeadSize)), Ones(), New(random, (Inner, Width)), New(random, (Inner, Width)), New(random, (Width, Inner)));
            Layer layer = layers[i];
            bodies[i] = (tape, x) => Block(tape, x, layer);
        }
    }

    private sealed record Layer(Tensor Norm, Tensor Q, Tensor K, Tensor V, Tensor Output, Tensor MlpNorm, Tensor Gate, Tensor Up, Tensor Down);

    public IReadOnlyList<Tensor> Parameters => parameters;

    public Segments Segments { get; set; } = new();

    public int[] Positions { get; set; } = [];

    /// <summary>Summed loss of one batch, its gradients added to the parameters.</summary>
    public float Step(Tape tape, int[] ids, int[] targets)
    {
        Tensor loss = tape.LinearCrossEntropy(Hidden(tape, ids), table, targets);
        float value = loss.Item();
        tape.Backward(loss, 1f / targets.Length);
        return value;
    }

    public Tensor Hidden(Tape tape, int[] ids)
    {
        Tensor x = tape.Embedding(table, ids);
        for (int i = 0; i < layers.Length; i++) x = recompute ? tape.Checkpoint(x, bodies[i]) : bodies[i](tape, x);
        return tape.RmsNorm(x, finalNorm, 1e-6f);
    }

    private Tensor Block(Tape tape, Tensor x, Layer w)
    {
        Tensor normal = tape.RmsNorm(x, w.Norm, 1e-6f);
        Tensor q = tape.Rope(tape.Linear(normal, w.Q), rope, Positions), k = tape.Rope(tape.Linear(normal, w.K), rope, Positions);
        x = tape.Add(x, tape.Linear(tape.Attention(q, k, tape.Linear(normal, w.V), Segments, attention), w.Output));
        normal = tape.RmsNorm(x, w.MlpNorm, 1e-6f);
        return tape.Add(x, tape.Linear(tape.GatedMlpActivation(tape.Linear(normal, w.Gate), tape.Linear(normal, w.Up), Activation.Silu), w.Down));
    }

    public void ClearGradients()
    {
        foreach (Tensor parameter in parameters) parameter.ClearGrad();
    }

    private Tensor New(RandomStream random, Shape shape)
    {
        Tensor tensor = Tensor.Create(shape, requiresGrad: true);
        random.FillNormal(tensor.Data, 0, 1 / MathF.Sqrt(shape.Last));
        parameters.Add(tensor);
        return tensor;
    }

    private Tensor Ones()
    {
        Tensor tensor = Tensor.Create(Width, requiresGrad: true);
        tensor.Data.Fill(1);
        parameters.Add(tensor);
        return tensor;
    }
}
