using Hone.Tensors;
using Hone.Tensors.Threads;

namespace Hone.Training.Optimizers;

/// <summary>Settings of <see cref="Lion"/>.</summary>
public sealed record LionOptions
{
    public double Beta1 { get; init; } = 0.9;

    public double Beta2 { get; init; } = 0.99;

    /// <summary>Decoupled weight decay on matrices.</summary>
    public double Decay { get; init; }

    /// <summary>Decays vectors too.</summary>
    public bool DecayVectors { get; init; }
}

/// <summary>Lion: the sign of an interpolated momentum. Chen et al., "Symbolic Discovery of Optimization Algorithms", arXiv:2302.06675.</summary>
public sealed class Lion : IOptimizer
{
    private readonly LionOptions options;
    private readonly WorkerPool workers;
    private readonly ParameterChunks chunks;
    private readonly Tensor[] momentum;
    private readonly long[] steps;

    public Lion(IReadOnlyList<Parameter> parameters, LionOptions? options = null, WorkerPool? workers = null)
    {
        (Parameters, this.options, this.workers) = (parameters, options ?? new(), workers ?? WorkerPool.Shared);
        chunks = new ParameterChunks(parameters);
        momentum = [.. parameters.Select(p => Tensor.Create(p.Value.Shape))];
        steps = new long[parameters.Count];
    }

    public IReadOnlyList<Parameter> Parameters { get; }

    public Span<long> StepCounts => steps;

    public IEnumerable<(string Name, Tensor Value)> State => momentum.Select((buffer, i) => ($"{Parameters[i].Name}.exp_avg", buffer));

    public void Step(double learningRate, double gradientScale = 1.0)
    {
        for (int i = 0; i < steps.Length; i++)
            if (Parameters[i].Value.HasGrad) steps[i]++;
        chunks.ForEach(workers, new Body(this, learningRate, (float)gradientScale));
    }

    private readonly struct Body(Lion owner, double learningRate, float gradientScale) : IChunkBody
    {
        public void Run(int chunk, int parameter, int start, int length)
        {
            Tensor value = owner.Parameters[parameter].Value;
            if (!value.HasGrad) return;
            Span<float> w = value.Data.Slice(start, length), g = value.Grad.Slice(start, length);
            Span<float> m = owner.momentum[parameter].Data.Slice(start, length);
            float b1 = (float)owner.options.Beta1, b2 = (float)owner.options.Beta2, rate = (float)learningRate;
            bool decays = owner.options.DecayVectors || WeightDecay.Applies(owner.Parameters[parameter]);
            float shrink = (float)(1 - (decays ? learningRate * owner.options.Decay : 0));
            for (int i = 0; i < w.Length; i++)
            {
                float gradient = g[i] * gradientScale;
                w[i] = shrink * w[i] - rate * MathF.Sign(b1 * m[i] + (1 - b1) * gradient);
                m[i] = b2 * m[i] + (1 - b2) * gradient;
            }
        }
    }
}
