namespace Hone.Tensors.Kernels.Quantized;

/// <summary>
/// The int8 product in plain loops over dequantised weights: activations are rounded as <see cref="ActivationQuantizer"/> documents,
/// then everything is summed in double precision. The oracle of all fast paths.
/// </summary>
internal static class QuantizedReference
{
    /// <summary>Same parameters as <see cref="QuantizedMatrix.Multiply"/>, from weights [outputs, width].</summary>
    public static void Multiply(ReadOnlySpan<float> weights, int outputs, int width, ReadOnlySpan<float> x, int rows, Span<float> y)
    {
        double[] rounded = new double[width];
        for (int r = 0; r < rows; r++)
        {
            Round(x.Slice(r * width, width), rounded);
            for (int o = 0; o < outputs; o++)
            {
                double sum = 0;
                for (int k = 0; k < width; k++) sum += rounded[k] * weights[o * width + k];
                y[r * outputs + o] = (float)sum;
            }
        }
    }

    private static void Round(ReadOnlySpan<float> x, Span<double> rounded)
    {
        for (int b = 0; b < x.Length; b += PanelLayout.Block)
        {
            float largest = 0;
            foreach (float value in x.Slice(b, PanelLayout.Block)) largest = Math.Max(largest, Math.Abs(value));
            float scale = largest / 127f, inverse = scale == 0f ? 0f : 1f / scale;
            for (int k = b; k < b + PanelLayout.Block; k++) rounded[k] = (double)scale * MathF.Round(x[k] * inverse);
        }
    }
}
