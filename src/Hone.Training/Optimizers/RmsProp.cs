using Hone.Tensors;
using Hone.Tensors.Threads;

namespace Hone.Training.Optimizers;

/// <summary>Settings of <see cref="RmsProp"/>; names and defaults are PyTorch's.</summary>
public sealed record RmsPropOptions
{
    /// <summary>Decay of the mean square, PyTorch's alpha, in [0, 1).</summary>
    public double Smoothing { get; init; } = 0.99;

    /// <summary>Added to the root.</summary>
    public double Epsilon { get; init; } = 1e-8;

    /// <summary>Factor on the buffer of updates, in [0, 1).</summary>
    public double Momentum { get; init; }

    /// <summary>Divides by the deviation of the gradient instead of its mean square.</summary>
    public bool Centered { get; init; }

    /// <summary>Decay added to the gradient of every parameter, vectors included.</summary>
    public double Decay { get; init; }
}

/// <summary>RMSprop: Tieleman and Hinton, "Lecture 6.5", 2012; centred: Graves, arXiv:1308.0850. A vector of running mean squares divides the gradient.</summary>
public sealed class RmsProp : IOptimizer
{
    private readonly RmsPropOptions options;
    private readonly WorkerPool workers;
    private readonly ParameterChunks chunks;
    private readonly Tensor[] squares, means, momentum;
    private readonly long[] steps;

    public RmsProp(IReadOnlyList<Parameter> parameters, RmsPropOptions? options = null, WorkerPool? workers = null)
    {
        (Parameters, this.options, this.workers) = (parameters, options ?? new(), workers ?? WorkerPool.Shared);
        chunks = new ParameterChunks(parameters);
        Tensor[] Zeros() => [.. parameters.Select(p => Tensor.Create(p.Value.Shape))];
        squares = Zeros();
        means = this.options.Centered ? Zeros() : [];
        momentum = this.options.Momentum > 0 ? Zeros() : [];
        steps = new long[parameters.Count];
    }

    public IReadOnlyList<Parameter> Parameters { get; }

    public Span<long> StepCounts => steps;

    public IEnumerable<(string Name, Tensor Value)> State =>
        [.. Named(squares, "square_avg"), .. Named(means, "grad_avg"), .. Named(momentum, "momentum_buffer")];

    public void Step(double learningRate, double gradientScale = 1.0)
    {
        for (int i = 0; i < steps.Length; i++)
            if (Parameters[i].Value.HasGrad) steps[i]++;
        chunks.ForEach(workers, new Body(this, (float)learningRate, (float)gradientScale));
    }

    private IEnumerable<(string Name, Tensor Value)> Named(Tensor[] tensors, string name) => tensors.Select((t, i) => ($"{Parameters[i].Name}.{name}", t));

    private readonly struct Body(RmsProp owner, float learningRate, float gradientScale) : IChunkBody
    {
        public void Run(int chunk, int parameter, int start, int length)
        {
            Tensor value = owner.Parameters[parameter].Value;
            if (!value.HasGrad) return;
            RmsPropOptions o = owner.options;
            (float alpha, float rest, float epsilon, float decay, float mu) = ((float)o.Smoothing, (float)(1 - o.Smoothing), (float)o.Epsilon, (float)o.Decay, (float)o.Momentum);
            Span<float> w = value.Data.Slice(start, length), g = value.Grad.Slice(start, length), square = owner.squares[parameter].Data.Slice(start, length);
            Span<float> mean = o.Centered ? owner.means[parameter].Data.Slice(start, length) : default;
            Span<float> buffer = mu > 0 ? owner.momentum[parameter].Data.Slice(start, length) : default;
            for (int i = 0; i < w.Length; i++)
            {
                float gradient = g[i] * gradientScale + decay * w[i];
                square[i] = alpha * square[i] + rest * gradient * gradient;
                float spread = square[i];
                if (o.Centered)
                {
                    mean[i] += rest * (gradient - mean[i]);
                    spread -= mean[i] * mean[i];
                }
                float update = gradient / (MathF.Sqrt(spread) + epsilon);
                if (mu > 0) update = buffer[i] = mu * buffer[i] + update;
                w[i] -= learningRate * update;
            }
        }
    }
}
