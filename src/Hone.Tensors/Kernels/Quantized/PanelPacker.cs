using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Hone.Tensors.Kernels.Quantized;

/// <summary>Brings rows of GGUF blocks into a <see cref="PanelLayout"/>, once, when a model is loaded.</summary>
internal static unsafe class PanelPacker
{
    /// <summary>Packs one panel.</summary>
    /// <param name="type">Stored type.</param>
    /// <param name="rows">Stored rows of the panel, up to 16; missing ones become zero.</param>
    /// <param name="width">Weights per row.</param>
    /// <param name="panel">Zeroed memory of <see cref="PanelLayout.PanelBytes"/>.</param>
    public static void Pack(QuantType type, ReadOnlySpan<byte> rows, int width, byte* panel)
    {
        PanelLayout layout = PanelLayout.For(type)!.Value;
        int blocks = width / PanelLayout.Block;
        int rowBytes = (int)type.RowBytes(width);
        for (int row = 0; row * rowBytes < rows.Length; row++)
        {
            ReadOnlySpan<byte> source = rows.Slice(row * rowBytes, rowBytes);
            for (int b = 0; b < blocks; b++)
            {
                byte* scales = panel + (long)b * layout.BlockBytes;
                PackBlock(type, source, b, scales, scales + layout.ScaleBytes, row);
            }
        }
    }

    private static void PackBlock(QuantType type, ReadOnlySpan<byte> row, int b, byte* scales, byte* quants, int lane)
    {
        switch (type)
        {
            case QuantType.Q8_0:
                ReadOnlySpan<byte> q8 = row.Slice(b * 34, 34);
                ((ushort*)scales)[lane] = BinaryPrimitives.ReadUInt16LittleEndian(q8);
                for (int k = 0; k < 32; k++) quants[k / 4 * 64 + lane * 4 + k % 4] = (byte)(q8[2 + k] ^ 0x80);
                break;
            case QuantType.Q4_0:
                ReadOnlySpan<byte> q40 = row.Slice(b * 18, 18);
                ((ushort*)scales)[lane] = BinaryPrimitives.ReadUInt16LittleEndian(q40);
                Nibbles(q40[2..], quants, lane);
                break;
            case QuantType.Q4_1:
                ReadOnlySpan<byte> q41 = row.Slice(b * 20, 20);
                ((ushort*)scales)[lane] = BinaryPrimitives.ReadUInt16LittleEndian(q41);
                ((ushort*)scales)[PanelLayout.Rows + lane] = BinaryPrimitives.ReadUInt16LittleEndian(q41[2..]);
                Nibbles(q41[4..], quants, lane);
                break;
            case QuantType.Q4_K:
                PackQ4K(row.Slice(b / 8 * 144, 144), b % 8, (float*)scales, quants, lane);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(type), type, "has no panel layout");
        }
    }

    /// <summary>16 bytes whose low nibbles are columns 0 to 15 and high nibbles columns 16 to 31: the panel's own order.</summary>
    private static void Nibbles(ReadOnlySpan<byte> source, byte* quants, int lane)
    {
        for (int k = 0; k < 16; k++) quants[k / 4 * 64 + lane * 4 + k % 4] = source[k];
    }

    /// <summary>Super-block: d, dmin (fp16), 12 bytes of 6-bit scales and minima, 128 bytes; 32 bytes hold two blocks.</summary>
    private static void PackQ4K(ReadOnlySpan<byte> super, int block, float* scales, byte* quants, int lane)
    {
        float d = (float)BinaryPrimitives.ReadHalfLittleEndian(super), dmin = (float)BinaryPrimitives.ReadHalfLittleEndian(super[2..]);
        (int scale, int minimum) = SixBitPair(super.Slice(4, 12), block);
        scales[lane] = d * scale;
        scales[PanelLayout.Rows + lane] = -(dmin * minimum);
        ReadOnlySpan<byte> source = super.Slice(16 + block / 2 * 32, 32);
        int shift = block % 2 * 4;
        for (int k = 0; k < 16; k++)
        {
            int low = source[k] >> shift & 15, high = source[k + 16] >> shift & 15;
            quants[k / 4 * 64 + lane * 4 + k % 4] = (byte)(low | high << 4);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (int Scale, int Minimum) SixBitPair(ReadOnlySpan<byte> packed, int block) => block < 4
        ? (packed[block] & 63, packed[block + 4] & 63)
        : ((packed[block + 4] & 15) | (packed[block - 4] >> 6 << 4), (packed[block + 4] >> 4) | (packed[block] >> 6 << 4));
}
