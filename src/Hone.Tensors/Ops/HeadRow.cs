using System.Numerics.Tensors;
using Hone.Tensors.Threads;

namespace Hone.Tensors.Ops;

/// <summary>What is computed from each row of logits; unused outputs are null.</summary>
internal unsafe struct HeadRowOutputs
{
    /// <summary>[rows] log-probability of the target.</summary>
    public float* LogProbs;

    /// <summary>[rows] loss before its weight.</summary>
    public float* Losses;

    /// <summary>[rows] entropy of the distribution, in nats.</summary>
    public float* Entropies;

    /// <summary>[rows] factors on the gradient of the loss. When given, the logits are replaced by that gradient.</summary>
    public float* GradWeights;
}

/// <summary>Turns rows of products into log-probabilities, losses and gradients, in place, one row per call of the inner function.</summary>
internal readonly unsafe struct HeadRowJob(
    float* logits, int vocabulary, float* bias, int* targets, HeadOptions options, HeadRowOutputs outputs, float* scratch) : IRangeJob
{
    /// <summary>Rows of V floats that each worker needs besides.</summary>
    public const int ScratchRows = 2;

    public void Run(int worker, int start, int end)
    {
        float* own = scratch + (long)worker * ScratchRows * vocabulary;
        for (int r = start; r < end; r++)
            Row(r, new(logits + (long)r * vocabulary, vocabulary), new(own, vocabulary), new(own + vocabulary, vocabulary));
    }

    private void Row(int r, Span<float> z, Span<float> slope, Span<float> shifted)
    {
        bool wantsGrad = outputs.GradWeights != null;
        if (bias != null) TensorPrimitives.Add(z, new ReadOnlySpan<float>(bias, vocabulary), z);
        if (options.Softcap > 0) Cap(z, slope, wantsGrad);
        if (options.Temperature != 1f) TensorPrimitives.Divide(z, options.Temperature, z);
        float target = z[targets[r]], mean = options.LabelSmoothing > 0 ? TensorPrimitives.Sum<float>(z) / vocabulary : 0;
        float max = RowLoops.Max(z);
        if (outputs.Entropies != null) TensorPrimitives.Subtract(z, max, shifted);
        float sum = RowLoops.ExpSum(z, max), log = MathF.Log(sum), logSum = max + log, smooth = options.LabelSmoothing;
        float logProb = target - max - log; // in this order: max may be large
        if (outputs.LogProbs != null) outputs.LogProbs[r] = logProb;
        if (outputs.Entropies != null) outputs.Entropies[r] = log - TensorPrimitives.Dot<float>(z, shifted) / sum;
        if (outputs.Losses != null)
            outputs.Losses[r] = -(1 - smooth) * logProb + (smooth > 0 ? smooth * (logSum - mean) : 0) + options.ZLoss * logSum * logSum;
        if (wantsGrad) Gradient(z, outputs.GradWeights[r], sum, logSum, targets[r], slope);
    }

    private void Cap(Span<float> z, Span<float> slope, bool keepSlope)
    {
        TensorPrimitives.Divide(z, options.Softcap, z);
        TensorPrimitives.Tanh(z, z);
        if (keepSlope)
        {
            TensorPrimitives.Multiply(z, z, slope);
            TensorPrimitives.Subtract(1f, slope, slope);
        }
        TensorPrimitives.Multiply(z, options.Softcap, z);
    }

    // weight · (p · (1 + 2·z·logSum) - (1 - e)·onehot - e/V), through temperature and cap
    private void Gradient(Span<float> z, float weight, float sum, float logSum, int target, Span<float> slope)
    {
        float factor = weight / options.Temperature, smooth = options.LabelSmoothing;
        TensorPrimitives.Multiply(z, factor * (1 + 2 * options.ZLoss * logSum) / sum, z);
        if (smooth > 0) TensorPrimitives.Subtract(z, factor * smooth / vocabulary, z);
        z[target] -= factor * (1 - smooth);
        if (options.Softcap > 0) TensorPrimitives.Multiply(z, slope, z);
    }
}
