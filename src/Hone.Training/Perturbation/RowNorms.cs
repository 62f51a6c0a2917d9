using System.Numerics.Tensors;
using Hone.Models.Decoder;
using Hone.Tensors.Threads;
using Hone.Training.Adapters;

namespace Hone.Training.Perturbation;

/// <summary>Norms of the rows of W + sBA. One row is formed at a time, so a layer costs one number for each of its outputs.</summary>
public static class RowNorms
{
    /// <summary>[outputs] Euclidean norms. With DoRA these are the norms before the magnitude, which then scales weight and noise alike.</summary>
    /// <param name="layer">A layer with or without LoRA on it, quantised or not.</param>
    /// <param name="workers">Threads.</param>
    /// <param name="target">[outputs].</param>
    public static void Of(LinearLayer layer, WorkerPool workers, float[] target)
    {
        Job job = new(layer, layer.Adapters.OfType<LoraLayer>().FirstOrDefault(l => l.IsEnabled), target);
        workers.For(layer.Outputs, 8, ref job);
    }

    private readonly unsafe struct Job(LinearLayer layer, LoraLayer? lora, float[] target) : IRangeJob
    {
        public void Run(int worker, int start, int end)
        {
            float[] memory = new float[layer.Inputs];
            fixed (float* row = memory)
                for (int i = start; i < end; i++)
                {
                    if (layer.Quantized is { } quantized) quantized.DequantizeRow(i, row);
                    else layer.Weight.Value.Data.Slice(i * layer.Inputs, layer.Inputs).CopyTo(memory);
                    for (int k = 0; k < (lora?.Rank ?? 0); k++)
                        TensorPrimitives.MultiplyAdd(lora!.A.Value.Data.Slice(k * layer.Inputs, layer.Inputs), lora.Scaling * lora.B.Value.Data[i * lora.Rank + k], memory, memory);
                    target[i] = TensorPrimitives.Norm<float>(memory);
                }
        }
    }
}
