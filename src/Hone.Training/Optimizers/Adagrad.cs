using Hone.Tensors;
using Hone.Tensors.Threads;

namespace Hone.Training.Optimizers;

/// <summary>Settings of <see cref="Adagrad"/>; names and defaults are PyTorch's.</summary>
public sealed record AdagradOptions
{
    /// <summary>The rate of step t is divided by 1 + (t − 1) times this.</summary>
    public double RateDecay { get; init; }

    /// <summary>Decay added to the gradient of every parameter, vectors included.</summary>
    public double Decay { get; init; }

    /// <summary>What the sums of squares start at.</summary>
    public double InitialAccumulator { get; init; }

    /// <summary>Added to the root.</summary>
    public double Epsilon { get; init; } = 1e-10;
}

/// <summary>Adagrad: Duchi et al., JMLR 2011. The sum of all squared gradients divides the gradient.</summary>
public sealed class Adagrad : IOptimizer
{
    private readonly AdagradOptions options;
    private readonly WorkerPool workers;
    private readonly ParameterChunks chunks;
    private readonly Tensor[] sums;
    private readonly long[] steps;

    public Adagrad(IReadOnlyList<Parameter> parameters, AdagradOptions? options = null, WorkerPool? workers = null)
    {
        (Parameters, this.options, this.workers) = (parameters, options ?? new(), workers ?? WorkerPool.Shared);
        chunks = new ParameterChunks(parameters);
        sums = [.. parameters.Select(p => Tensor.Create(p.Value.Shape))];
        foreach (Tensor sum in sums) sum.Data.Fill((float)this.options.InitialAccumulator);
        steps = new long[parameters.Count];
    }

    public IReadOnlyList<Parameter> Parameters { get; }

    public Span<long> StepCounts => steps;

    public IEnumerable<(string Name, Tensor Value)> State => sums.Select((sum, i) => ($"{Parameters[i].Name}.sum", sum));

    public void Step(double learningRate, double gradientScale = 1.0)
    {
        for (int i = 0; i < steps.Length; i++)
            if (Parameters[i].Value.HasGrad) steps[i]++;
        chunks.ForEach(workers, new Body(this, learningRate, (float)gradientScale));
    }

    private readonly struct Body(Adagrad owner, double learningRate, float gradientScale) : IChunkBody
    {
        public void Run(int chunk, int parameter, int start, int length)
        {
            Tensor value = owner.Parameters[parameter].Value;
            if (!value.HasGrad) return;
            (float decay, float epsilon) = ((float)owner.options.Decay, (float)owner.options.Epsilon);
            float rate = (float)(learningRate / (1 + (owner.steps[parameter] - 1) * owner.options.RateDecay));
            Span<float> w = value.Data.Slice(start, length), g = value.Grad.Slice(start, length), sum = owner.sums[parameter].Data.Slice(start, length);
            for (int i = 0; i < w.Length; i++)
            {
                float gradient = g[i] * gradientScale + decay * w[i];
                sum[i] += gradient * gradient;
                w[i] -= rate * gradient / (MathF.Sqrt(sum[i]) + epsilon);
            }
        }
    }
}
