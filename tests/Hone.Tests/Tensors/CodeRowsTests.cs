using Hone.Core;
using Hone.Tensors.Kernels.Cache;

namespace Hone.Tests.Tensors;

/// <summary>Products with packed codes against plain loops, for every width, size and number of heads.</summary>
public sealed unsafe class CodeRowsTests
{
    [Theory]
    [InlineData(2, 16, 3), InlineData(2, 64, 1), InlineData(4, 16, 2), InlineData(4, 32, 5), InlineData(4, 64, 3), InlineData(4, 128, 4), InlineData(8, 64, 6), InlineData(8, 32, 1)]
    [InlineData(3, 24, 2), InlineData(4, 10, 2), InlineData(8, 9, 3), InlineData(2, 8, 2)]
    public void Kernels_equal_their_scalar_twin(int bits, int size, int heads)
    {
        const int Rows = 301;
        RandomStream random = new(bits * 1000 + size, "codes");
        int stride = CodePacking.Bytes(size, bits) + 3; // rows need not touch each other
        byte[] codes = new byte[Rows * stride + 8], row = new byte[size];
        for (int t = 0; t < Rows; t++)
        {
            for (int d = 0; d < size; d++) row[d] = (byte)random.Next(1 << bits);
            CodePacking.Pack(row, bits, codes.AsSpan(t * stride));
        }
        float[] queries = new float[heads * size], weights = new float[heads * Rows];
        random.FillNormal(queries, 0, 1);
        random.FillNormal(weights, 0, 1);
        float[] scores = new float[heads * Rows], expectedScores = new float[heads * Rows], mixed = new float[heads * size], expectedMix = new float[heads * size];
        Array.Fill(mixed, 0.5f);
        Array.Fill(expectedMix, 0.5f);
        fixed (byte* c = codes)
        fixed (float* q = queries, w = weights, s = scores, es = expectedScores, m = mixed, em = expectedMix)
        {
            CodeRows rows = new(c, stride, size, bits);
            rows.Dot(Rows, q, size, heads, s, Rows);
            CodeRows.Reference.Dot(rows, Rows, q, size, heads, es, Rows);
            rows.Mix(Rows, w, Rows, heads, m, size);
            CodeRows.Reference.Mix(rows, Rows, w, Rows, heads, em, size);
        }
        double largest = 1 << bits;
        for (int i = 0; i < scores.Length; i++) Assert.True(Math.Abs(scores[i] - expectedScores[i]) < 1e-5 * largest * size, $"score {i}: {scores[i]}, expected {expectedScores[i]}");
        for (int i = 0; i < mixed.Length; i++) Assert.True(Math.Abs(mixed[i] - expectedMix[i]) < 1e-5 * largest * Rows, $"number {i}: {mixed[i]}, expected {expectedMix[i]}");
    }

    [Fact]
    public void Halves_come_back_exactly()
    {
        ushort[] all = [.. Enumerable.Range(0, 65536).Select(i => (ushort)i).Where(b => Half.IsFinite(BitConverter.UInt16BitsToHalf(b)))];
        float[] single = new float[all.Length];
        fixed (ushort* h = all)
        fixed (float* s = single) HalfRows.ToSingle(h, all.Length, s);
        for (int i = 0; i < all.Length; i++) Assert.Equal(BitConverter.SingleToInt32Bits((float)BitConverter.UInt16BitsToHalf(all[i])), BitConverter.SingleToInt32Bits(single[i]));
    }

    [Theory, InlineData(2), InlineData(3), InlineData(4), InlineData(8)]
    public void Packing_comes_back_for_odd_lengths(int bits)
    {
        for (int length = 1; length < 40; length++)
        {
            byte[] codes = [.. Enumerable.Range(0, length).Select(i => (byte)(i * 7 % (1 << bits)))], packed = new byte[CodePacking.Bytes(length, bits)], back = new byte[length];
            CodePacking.Pack(codes, bits, packed);
            CodePacking.Unpack(packed, bits, back);
            Assert.Equal(codes, back);
        }
    }
}
