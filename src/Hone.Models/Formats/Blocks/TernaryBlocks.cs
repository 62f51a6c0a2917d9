using static Hone.Models.Formats.Blocks.BlockBits;

namespace Hone.Models.Formats.Blocks;

/// <summary>256 weights of -d, 0 or d, where d is the largest magnitude.</summary>
internal static class TernaryBlocks
{
    private const int Groups = 3;

    /// <summary>
    /// Base 3, five weights a byte: 48 bytes in groups of 32 and 16, then 4 bytes of four weights each, d. A byte is the
    /// fraction 0.trits in base 3, scaled to 256 and rounded up, so that multiplying by 3 brings out one trit at the top.
    /// </summary>
    public static void ReadTQ1_0(ReadOnlySpan<byte> block, Span<float> y)
    {
        float d = Half(block, 52);
        for (int group = 0; group < Groups; group++)
        {
            (int from, int width, int first, int trits) = GroupAt(group);
            for (int j = 0; j < width; j++)
            {
                byte rest = block[from + j];
                for (int n = 0; n < trits; n++)
                {
                    y[first + n * width + j] = (((rest * 3) >> 8) - 1) * d;
                    rest = (byte)(rest * 3);
                }
            }
        }
    }

    public static void WriteTQ1_0(ReadOnlySpan<float> x, Span<byte> block)
    {
        float d = Peak(x), inverse = Inverse(d);
        for (int group = 0; group < Groups; group++)
        {
            (int from, int width, int first, int trits) = GroupAt(group);
            for (int j = 0; j < width; j++)
            {
                int value = 0;
                for (int n = 0; n < 5; n++) value = value * 3 + (n < trits ? Trit(x[first + n * width + j] * inverse) : 0);
                block[from + j] = (byte)((value * 256 + 242) / 243);
            }
        }
        PutHalf(block, 52, d);
    }

    /// <summary>Two bits a weight: 64 bytes in groups of 32, d.</summary>
    public static void ReadTQ2_0(ReadOnlySpan<byte> block, Span<float> y)
    {
        float d = Half(block, 64);
        for (int i = 0; i < 256; i++)
        {
            int code = (block[i / 128 * 32 + i % 32] >> (i / 32 % 4 * 2)) & 3;
            y[i] = (code - 1) * d;
        }
    }

    public static void WriteTQ2_0(ReadOnlySpan<float> x, Span<byte> block)
    {
        float d = Peak(x), inverse = Inverse(d);
        block[..64].Clear();
        for (int i = 0; i < 256; i++) block[i / 128 * 32 + i % 32] |= (byte)(Trit(x[i] * inverse) << (i / 32 % 4 * 2));
        PutHalf(block, 64, d);
    }

    /// <summary>First byte of a group, bytes in it, first weight, weights per byte.</summary>
    private static (int From, int Width, int First, int Trits) GroupAt(int group) => group switch
    {
        0 => (0, 32, 0, 5),
        1 => (32, 16, 160, 5),
        _ => (48, 4, 240, 4),
    };

    private static int Trit(float scaled) => Round(scaled) + 1;
}
