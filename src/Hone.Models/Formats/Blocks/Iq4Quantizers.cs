using System.Buffers.Binary;
using static Hone.Models.Formats.Blocks.BlockBits;

namespace Hone.Models.Formats.Blocks;

/// <summary>Writes the IQ4 formats: the scale of least squared error is searched for, codes are the nearest of the 16 values.</summary>
internal static class Iq4Quantizers
{
    private const int Steps = 24;

    private static readonly byte[] NearestOfHalfUnit = HalfUnits();

    public static void WriteIQ4_NL(ReadOnlySpan<float> x, Span<byte> block)
    {
        float d = RoundToHalf(BestScale(x));
        PutHalf(block, 0, d);
        PutCodes(x, d, block.Slice(2, 16));
    }

    public static void WriteIQ4_XS(ReadOnlySpan<float> x, Span<byte> block)
    {
        Span<float> scales = stackalloc float[8];
        for (int sub = 0; sub < 8; sub++) scales[sub] = BestScale(x.Slice(sub * 32, 32));
        float d = RoundToHalf(SignedPeak(scales) / -32);
        block[..8].Clear();
        int high = 0;
        for (int sub = 0; sub < 8; sub++)
        {
            ReadOnlySpan<float> part = x.Slice(sub * 32, 32);
            int scale = BestInteger(part, d, Round(scales[sub] * Inverse(d)));
            PutCodes(part, d * scale, block.Slice(8 + sub * 16, 16));
            block[4 + sub / 2] |= (byte)(((scale + 32) & 15) << (sub % 2 * 4));
            high |= (scale + 32) >> 4 << (2 * sub);
        }
        PutHalf(block, 0, d);
        BinaryPrimitives.WriteUInt16LittleEndian(block[2..], (ushort)high);
    }

    private static float BestScale(ReadOnlySpan<float> x)
    {
        float peak = SignedPeak(x), best = 0;
        if (peak == 0) return 0;
        double bestGain = 0;
        for (int step = 0; step <= Steps; step++)
        {
            // The peak falls on, or somewhat beyond or inside, the value of the lowest or of the highest code.
            float reach = 1.1f - 0.3f * step / Steps;
            for (int end = 0; end < 16; end += 15)
            {
                (double gain, float scale) = Fit(x, Iq4Blocks.Values[end] * reach / peak);
                if (gain > bestGain) (bestGain, best) = (gain, scale);
            }
        }
        return best;
    }

    private static int BestInteger(ReadOnlySpan<float> x, float d, int middle)
    {
        int best = 0;
        double bestError = double.PositiveInfinity;
        for (int scale = Math.Max(-32, middle - 1); scale <= Math.Min(31, middle + 1); scale++)
        {
            double error = Error(x, d * scale);
            if (error < bestError) (bestError, best) = (error, scale);
        }
        return best;
    }

    /// <summary>As in <see cref="ScaleSearch"/>: with codes fixed the best scale is Σxv / Σv², v being the codes' values.</summary>
    private static (double Gain, float Scale) Fit(ReadOnlySpan<float> x, float inverse)
    {
        double xv = 0, vv = 0;
        foreach (float value in x)
        {
            int v = Iq4Blocks.Values[Nearest(value * inverse)];
            xv += value * v;
            vv += v * v;
        }
        return (xv * xv / vv, (float)(xv / vv));
    }

    private static double Error(ReadOnlySpan<float> x, float d)
    {
        float inverse = Inverse(d);
        double sum = 0;
        foreach (float value in x)
        {
            double difference = d * Iq4Blocks.Values[Nearest(value * inverse)] - value;
            sum += difference * difference;
        }
        return sum;
    }

    private static void PutCodes(ReadOnlySpan<float> x, float d, Span<byte> target)
    {
        float inverse = Inverse(d);
        for (int i = 0; i < 16; i++) target[i] = (byte)(Nearest(x[i] * inverse) | (Nearest(x[i + 16] * inverse) << 4));
    }

    /// <summary>The code whose value is nearest. Midpoints between values are multiples of a half, so each half unit has one answer.</summary>
    private static int Nearest(float x)
    {
        int at = (int)MathF.Floor((x - Iq4Blocks.Values[0]) * 2);
        return NearestOfHalfUnit[Math.Clamp(at, 0, NearestOfHalfUnit.Length - 1)];
    }

    private static byte[] HalfUnits()
    {
        int lowest = Iq4Blocks.Values[0], highest = Iq4Blocks.Values[^1];
        byte[] nearest = new byte[2 * (highest - lowest) + 1];
        for (int i = 0, code = 0; i < nearest.Length; i++)
        {
            float centre = lowest + i / 2f + 0.25f;
            while (code < 15 && Iq4Blocks.Values[code + 1] - centre < centre - Iq4Blocks.Values[code]) code++;
            nearest[i] = (byte)code;
        }
        return nearest;
    }
}
