using System.Numerics.Tensors;
using Hone.Models.Decoder;
using Hone.Tensors;
using Hone.Tensors.Kernels;
using Hone.Tensors.Ops;
using Hone.Tensors.Threads;
using Tensor = Hone.Tensors.Tensor;

namespace Hone.Training.Adapters;

/// <summary>
/// The low-rank part of one linear layer: y + s · B(A x), LoRA equation 3; with a magnitude vector m it is DoRA's
/// m ∘ (W + sBA) x / ‖W + sBA‖ by rows, the norm a constant on the way back as in PEFT.
/// </summary>
public sealed class LoraLayer : ILinearAdapter
{
    internal LoraLayer(LinearLayer layer, int rank, double scaling, bool dora)
    {
        (Layer, Scaling) = (layer, (float)scaling);
        A = new Parameter($"{layer.Name}.lora_A.weight", Tensor.Create((rank, layer.Inputs), true));
        B = new Parameter($"{layer.Name}.lora_B.weight", Tensor.Create((layer.Outputs, rank), true));
        if (dora) Magnitude = new Parameter($"{layer.Name}.lora_magnitude_vector", Tensor.Create(layer.Outputs, true));
    }

    /// <summary>The layer it belongs to.</summary>
    public LinearLayer Layer { get; }

    /// <summary>[r, in].</summary>
    public Parameter A { get; }

    /// <summary>[out, r].</summary>
    public Parameter B { get; }

    /// <summary>DoRA's m [out], or null.</summary>
    public Parameter? Magnitude { get; }

    public int Rank => A.Value.Shape[0];

    /// <summary>s.</summary>
    public float Scaling { get; }

    /// <summary>Switched off, the layer is the base layer.</summary>
    public bool IsEnabled { get; set; } = true;

    public IEnumerable<Parameter> Parameters => Magnitude is null ? [A, B] : [A, B, Magnitude];

    /// <summary>DoRA's row norms are made in memory of the layer.</summary>
    public bool IsConcurrent => Magnitude is null;

    /// <inheritdoc/>
    public Tensor Apply(Tape tape, Tensor x, Tensor y, LinearLayer layer)
    {
        if (!IsEnabled) return y;
        Tensor sum = tape.AddLowRank(y, x, A.Value, B.Value, Scaling);
        if (Magnitude is null) return sum;
        Tensor inverse = tape.New(layer.Outputs);
        RowNorms(tape.Workers, inverse.Data);
        for (int i = 0; i < inverse.Count; i++) inverse.Data[i] = 1 / inverse.Data[i];
        return tape.Mul(sum, tape.Mul(Magnitude.Value, inverse));
    }

    /// <summary>W + sBA, or with DoRA m ∘ (W + sBA) / ‖W + sBA‖.</summary>
    /// <param name="workers">Threads.</param>
    /// <param name="target">[out, in].</param>
    public void Merged(WorkerPool workers, Span<float> target)
    {
        SumInto(workers, target);
        if (Magnitude is null) return;
        for (int row = 0; row < Layer.Outputs; row++)
        {
            Span<float> weights = target.Slice(row * Layer.Inputs, Layer.Inputs);
            TensorPrimitives.Multiply(weights, Magnitude.Value.Data[row] / TensorPrimitives.Norm<float>(weights), weights);
        }
    }

    /// <summary>Sets m to the row norms of W + sBA, where DoRA starts.</summary>
    internal void InitialiseMagnitude(WorkerPool workers)
    {
        if (Magnitude is not null) RowNorms(workers, Magnitude.Value.Data);
    }

    private float[]? scaled;
    private float[]? merged;

    private void RowNorms(WorkerPool workers, Span<float> target)
    {
        SumInto(workers, merged ??= new float[Layer.Weight.Value.Count]);
        for (int row = 0; row < target.Length; row++)
            target[row] = TensorPrimitives.Norm<float>(merged.AsSpan(row * Layer.Inputs, Layer.Inputs));
    }

    /// <summary>W + sBA.</summary>
    private unsafe void SumInto(WorkerPool workers, Span<float> target)
    {
        TensorPrimitives.Multiply(B.Value.Data, Scaling, scaled ??= new float[B.Value.Count]);
        Layer.Weight.Value.Data.CopyTo(target);
        fixed (float* b = scaled, result = target)
            Gemm.Run(workers, false, false, Layer.Outputs, Layer.Inputs, Rank, b, Rank, A.Value.Pointer, Layer.Inputs, result, Layer.Inputs, true);
    }
}
