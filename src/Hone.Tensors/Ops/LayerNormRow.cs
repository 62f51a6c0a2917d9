using System.Numerics;

namespace Hone.Tensors.Ops;

/// <summary>The passes of <see cref="LayerNormOp"/> over one row, which stays in the first-level cache: four instead of the eight of separate operations.</summary>
internal static unsafe class LayerNormRow
{
    private static int Width => Vector<float>.Count;

    /// <summary>x - term into <paramref name="result"/>, unless that is null; the sum of these numbers.</summary>
    public static float Subtract(float* x, float term, float* result, int count)
    {
        Vector<float> subtract = new(term), first = Vector<float>.Zero, second = Vector<float>.Zero;
        int i = 0;
        for (; i <= count - 2 * Width; i += 2 * Width)
        {
            Vector<float> a = Vector.Load(x + i) - subtract, b = Vector.Load(x + i + Width) - subtract;
            if (result != null)
            {
                a.Store(result + i);
                b.Store(result + i + Width);
            }
            first += a;
            second += b;
        }
        float sum = Vector.Sum(first + second);
        for (; i < count; i++)
        {
            float value = x[i] - term;
            if (result != null) result[i] = value;
            sum += value;
        }
        return sum;
    }

    /// <summary>x ← x - term; the sum of the squares.</summary>
    public static float SubtractAndSquare(float* x, float term, int count)
    {
        Vector<float> subtract = new(term), first = Vector<float>.Zero, second = Vector<float>.Zero;
        int i = 0;
        for (; i <= count - 2 * Width; i += 2 * Width)
        {
            Vector<float> a = Vector.Load(x + i) - subtract, b = Vector.Load(x + i + Width) - subtract;
            a.Store(x + i);
            b.Store(x + i + Width);
            first += a * a;
            second += b * b;
        }
        float sum = Vector.Sum(first + second);
        for (; i < count; i++)
        {
            x[i] -= term;
            sum += x[i] * x[i];
        }
        return sum;
    }

    /// <summary>x ← x · factor · weight + bias; weight and bias may be null.</summary>
    public static void Scale(float* x, float factor, float* weight, float* bias, int count)
    {
        Vector<float> all = new(factor);
        int i = 0;
        for (; i <= count - Width; i += Width)
        {
            Vector<float> value = Vector.Load(x + i) * all;
            if (weight != null) value *= Vector.Load(weight + i);
            if (bias != null) value += Vector.Load(bias + i);
            value.Store(x + i);
        }
        for (; i < count; i++)
        {
            float value = x[i] * factor;
            if (weight != null) value *= weight[i];
            x[i] = bias != null ? value + bias[i] : value;
        }
    }
}
