using System.Numerics;
using Hone.Tensors;
using Hone.Tensors.Threads;

namespace Hone.Training.Optimizers;

/// <summary>Settings of <see cref="AdamW"/>; the defaults are PyTorch's.</summary>
public sealed record AdamWOptions
{
    /// <summary>Decay of the first moment, in [0, 1).</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>Decay of the second moment, in [0, 1).</summary>
    public double Beta2 { get; init; } = 0.999;

    /// <summary>Added to the root of the corrected second moment.</summary>
    public double Epsilon { get; init; } = 1e-8;

    /// <summary>Weight decay, ≥ 0; applied to the parameters <see cref="WeightDecay.Applies"/> names.</summary>
    public double Decay { get; init; } = 0.01;

    /// <summary>False: decoupled decay (AdamW). True: decay is added to the gradient (Adam with L2).</summary>
    public bool CoupledDecay { get; init; }

    /// <summary>Uses the running maximum of the second moment (AMSGrad).</summary>
    public bool AmsGrad { get; init; }

    /// <summary>Decays vectors too; off by default, as the field decays matrices only.</summary>
    public bool DecayVectors { get; init; }
}

/// <summary>Which parameters weight decay applies to.</summary>
public static class WeightDecay
{
    /// <summary>Everything with more than one axis: matrices, embeddings, head, LoRA factors; not norms and biases.</summary>
    public static bool Applies(Parameter parameter) => parameter.Value.Shape.Rank > 1;
}

/// <summary>
/// AdamW: Loshchilov and Hutter, "Decoupled Weight Decay Regularization", arXiv:1711.05101, algorithm 2; Adam: Kingma and Ba,
/// arXiv:1412.6980; AMSGrad: Reddi et al., arXiv:1904.09237.
/// </summary>
public sealed class AdamW : IOptimizer
{
    private readonly AdamWOptions options;
    private readonly WorkerPool workers;
    private readonly ParameterChunks chunks;
    private readonly Tensor[] first, second, largest;
    private readonly long[] steps;
    private readonly Coefficients[] coefficients;

    public AdamW(IReadOnlyList<Parameter> parameters, AdamWOptions? options = null, WorkerPool? workers = null)
    {
        (Parameters, this.options, this.workers) = (parameters, options ?? new(), workers ?? WorkerPool.Shared);
        chunks = new ParameterChunks(parameters);
        first = [.. parameters.Select(p => Tensor.Create(p.Value.Shape))];
        second = [.. parameters.Select(p => Tensor.Create(p.Value.Shape))];
        largest = this.options.AmsGrad ? [.. parameters.Select(p => Tensor.Create(p.Value.Shape))] : [];
        steps = new long[parameters.Count];
        coefficients = new Coefficients[parameters.Count];
    }

    public IReadOnlyList<Parameter> Parameters { get; }

    public Span<long> StepCounts => steps;

    public IEnumerable<(string Name, Tensor Value)> State
    {
        get
        {
            for (int i = 0; i < Parameters.Count; i++)
            {
                yield return ($"{Parameters[i].Name}.exp_avg", first[i]);
                yield return ($"{Parameters[i].Name}.exp_avg_sq", second[i]);
                if (options.AmsGrad) yield return ($"{Parameters[i].Name}.max_exp_avg_sq", largest[i]);
            }
        }
    }

    public void Step(double learningRate, double gradientScale = 1.0)
    {
        for (int i = 0; i < steps.Length; i++)
        {
            if (!Parameters[i].Value.HasGrad) continue;
            long t = ++steps[i];
            double decay = options.DecayVectors || WeightDecay.Applies(Parameters[i]) ? options.Decay : 0;
            coefficients[i] = new Coefficients(
                Shrink: (float)(options.CoupledDecay ? 1 : 1 - learningRate * decay),
                Coupled: (float)(options.CoupledDecay ? decay : 0),
                StepSize: (float)(learningRate / (1 - Math.Pow(options.Beta1, t))),
                RootCorrection: (float)(1 / Math.Sqrt(1 - Math.Pow(options.Beta2, t))));
        }
        chunks.ForEach(workers, new Body(this, (float)gradientScale));
    }

    private readonly record struct Coefficients(float Shrink, float Coupled, float StepSize, float RootCorrection);

    private readonly struct Body(AdamW owner, float gradientScale) : IChunkBody
    {
        public void Run(int chunk, int parameter, int start, int length)
        {
            Tensor value = owner.Parameters[parameter].Value;
            if (!value.HasGrad) return;
            Span<float> maximum = owner.options.AmsGrad ? owner.largest[parameter].Data.Slice(start, length) : default;
            Update(
                value.Data.Slice(start, length), value.Grad.Slice(start, length), owner.first[parameter].Data.Slice(start, length),
                owner.second[parameter].Data.Slice(start, length), maximum, owner.coefficients[parameter]);
        }

        private void Update(Span<float> w, ReadOnlySpan<float> g, Span<float> m, Span<float> v, Span<float> maximum, Coefficients c)
        {
            float beta1 = (float)owner.options.Beta1, beta2 = (float)owner.options.Beta2, epsilon = (float)owner.options.Epsilon;
            float rest1 = (float)(1 - owner.options.Beta1), rest2 = (float)(1 - owner.options.Beta2);
            int i = 0;
            for (; maximum.IsEmpty && i <= w.Length - Vector<float>.Count; i += Vector<float>.Count)
            {
                Vector<float> weight = new(w[i..]), gradient = new Vector<float>(g[i..]) * gradientScale + weight * c.Coupled;
                Vector<float> moment = new Vector<float>(m[i..]) * beta1 + gradient * rest1;
                Vector<float> square = new Vector<float>(v[i..]) * beta2 + gradient * gradient * rest2;
                moment.CopyTo(m[i..]);
                square.CopyTo(v[i..]);
                Vector<float> root = Vector.SquareRoot(square) * c.RootCorrection + new Vector<float>(epsilon);
                (weight * c.Shrink - moment * c.StepSize / root).CopyTo(w[i..]);
            }
            for (; i < w.Length; i++)
            {
                float gradient = g[i] * gradientScale + w[i] * c.Coupled;
                m[i] = m[i] * beta1 + gradient * rest1;
                v[i] = v[i] * beta2 + gradient * gradient * rest2;
                float square = maximum.IsEmpty ? v[i] : maximum[i] = Math.Max(maximum[i], v[i]);
                w[i] = w[i] * c.Shrink - m[i] * c.StepSize / (MathF.Sqrt(square) * c.RootCorrection + epsilon);
            }
        }
    }
}
