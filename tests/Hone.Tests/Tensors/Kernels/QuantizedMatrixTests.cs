using System.Text.Json;
using Hone.Tensors;
using Hone.Tensors.Kernels.Quantized;
using Hone.Tensors.Threads;

namespace Hone.Tests.Tensors.Kernels;

public sealed unsafe class QuantizedMatrixTests
{
    public static TheoryData<QuantType> Types => [.. Enum.GetValues<QuantType>()];

    [Theory]
    [InlineData(QuantType.Q8_0)]
    [InlineData(QuantType.Q4_0)]
    [InlineData(QuantType.Q4_1)]
    [InlineData(QuantType.Q4_K)]
    [InlineData(QuantType.Q6_K)]
    public void DequantizeRow_EqualsGolden(QuantType type)
    {
        string path = SharedData.Require("data/golden/inference/gguf/dequantise_blocks.jsonl");
        using JsonDocument golden = File.ReadLines(path).Select(line => JsonDocument.Parse(line))
            .First(d => d.RootElement.GetProperty("type").GetString() == type.ToString());
        byte[] raw = golden.RootElement.GetProperty("raw").GetBytesFromBase64();
        byte[] expected = golden.RootElement.GetProperty("dequantised_f32").GetBytesFromBase64();
        int rows = golden.RootElement.GetProperty("blocks").GetInt32();
        using QuantizedMatrix matrix = new(type, rows, type.BlockSize(), raw);
        float[] all = Dequantize(matrix);
        for (int i = 0; i < all.Length; i++) Assert.Equal(BitConverter.ToSingle(expected, 4 * i), all[i]);
    }

    /// <summary>Halves to the even neighbour, blocks of zeros, and what is not a number stays so.</summary>
    [Fact]
    public void Rounding_IsThatOfPlainInstructions()
    {
        RandomStream random = new(5, "rounding");
        float[] x = new float[32];
        for (int i = 0; i < 200; i++)
        {
            random.FillNormal(x, 0, i == 0 ? 0 : 1 + i);
            if (i % 3 == 1) for (int k = 0; k < 32; k++) x[k] = k == 0 ? 127 : k - 16.5f;
            if (i == 199) x[20] = float.NaN;
            ActivationBlock fast = default, plain = default;
            fixed (float* source = x)
            {
                ActivationQuantizer.Quantize(source, &fast);
                ActivationQuantizer.QuantizePortable(source, &plain);
            }
            Assert.Equal(i == 199, float.IsNaN(plain.Scale));
            if (i == 199) Assert.True(float.IsNaN(fast.Scale));
            else Assert.Equal(new ReadOnlySpan<byte>(&plain, ActivationBlock.Bytes), new ReadOnlySpan<byte>(&fast, ActivationBlock.Bytes));
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Multiply_EqualsReference(QuantType type)
    {
        using WorkerPool workers = new(2);
        RandomStream random = new(3, type.ToString());
        foreach ((int outputs, int width) in new[] { (1, 256), (16, 512), (39, 768), (100, 256) })
        {
            using QuantizedMatrix matrix = Random(type, outputs, width, random);
            float[] weights = Dequantize(matrix);
            foreach (int rows in new[] { 1, 2, 3, 7, 8, 9, 21 })
            {
                float[] x = Normal(random, rows * width), y = new float[rows * outputs], expected = new float[rows * outputs];
                fixed (float* px = x, py = y) matrix.Multiply(workers, px, rows, py);
                if (PanelLayout.For(type) is null) Reference(weights, outputs, width, x, rows, expected);
                else QuantizedReference.Multiply(weights, outputs, width, x, rows, expected);
                AssertClose(expected, y, 2e-5f);
            }
        }
    }

    /// <summary>With all bits of each input the result is that of fp32, for any number of rows, and the bias is added.</summary>
    [Theory]
    [MemberData(nameof(Types))]
    public void Multiply_PreciseEqualsExact(QuantType type)
    {
        using WorkerPool workers = new(2);
        RandomStream random = new(8, type.ToString());
        foreach ((int outputs, int width) in new[] { (1, 256), (39, 768), (100, 256) })
        {
            using QuantizedMatrix matrix = Random(type, outputs, width, random, precise: true);
            float[] weights = Dequantize(matrix), bias = Normal(random, outputs);
            foreach (int rows in new[] { 1, 2, 3, 5, 21, 40 })
            {
                float[] x = Normal(random, rows * width), y = new float[rows * outputs], expected = new float[rows * outputs];
                fixed (float* px = x, py = y, pb = bias) matrix.Multiply(workers, px, rows, py, pb);
                Reference(weights, outputs, width, x, rows, expected);
                for (int i = 0; i < expected.Length; i++) expected[i] += bias[i % outputs];
                AssertClose(expected, y, 2e-5f);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void MultiplyExact_EqualsReference(QuantType type)
    {
        using WorkerPool workers = new(3);
        RandomStream random = new(4, type.ToString());
        foreach ((int outputs, int width, int rows) in new[] { (1, 256, 2), (39, 512, 1), (100, 256, 40), (600, 256, 9) })
        {
            using QuantizedMatrix matrix = Random(type, outputs, width, random);
            float[] x = Normal(random, rows * width), y = new float[rows * outputs], expected = new float[rows * outputs];
            fixed (float* px = x, py = y) matrix.MultiplyExact(workers, px, rows, py);
            Reference(Dequantize(matrix), outputs, width, x, rows, expected);
            AssertClose(expected, y, 1e-5f);
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void MultiplyTransposed_EqualsReference(QuantType type)
    {
        using WorkerPool workers = new(2);
        RandomStream random = new(5, type.ToString());
        foreach ((int outputs, int width, int rows) in new[] { (1, 256, 2), (39, 512, 1), (600, 768, 30) })
            foreach (bool accumulate in new[] { false, true })
            {
                using QuantizedMatrix matrix = Random(type, outputs, width, random);
                float[] weights = Dequantize(matrix), dy = Normal(random, rows * outputs), dx = Normal(random, rows * width);
                float[] expected = (float[])dx.Clone();
                for (int r = 0; r < rows; r++)
                    for (int k = 0; k < width; k++)
                    {
                        double sum = accumulate ? expected[r * width + k] : 0;
                        for (int o = 0; o < outputs; o++) sum += (double)dy[r * outputs + o] * weights[o * width + k];
                        expected[r * width + k] = (float)sum;
                    }
                fixed (float* pdy = dy, pdx = dx) matrix.MultiplyTransposed(workers, pdy, rows, pdx, accumulate);
                AssertClose(expected, dx, 1e-5f);
            }
    }

    [Fact]
    public void Multiply_ExtremeQuants_DoNotOverflow()
    {
        // Every weight -128 · 1, the largest magnitude a block can hold, times activations of one sign and of both.
        byte[] data = new byte[34 * 8];
        for (int b = 0; b < 8; b++)
        {
            BitConverter.TryWriteBytes(data.AsSpan(b * 34), (Half)1);
            data.AsSpan(b * 34 + 2, 32).Fill(0x80);
        }
        using QuantizedMatrix matrix = new(QuantType.Q8_0, 1, 256, data);
        using WorkerPool workers = new(1);
        float y;
        float[] x = new float[256];
        foreach (int period in new[] { 1, 2, 3 })
        {
            for (int k = 0; k < x.Length; k++) x[k] = k % period == 0 ? -127 : 127;
            fixed (float* px = x) matrix.Multiply(workers, px, 1, &y);
            Assert.Equal(-128f * x.Sum(), y);
        }
    }

    [Theory]
    [InlineData(QuantType.Q8_0, QuantType.Q4_1)]
    [InlineData(QuantType.Q4_K, QuantType.BF16)]
    public void MultiplyAll_EqualsOneByOne(QuantType first, QuantType second)
    {
        RandomStream random = new(7, "all");
        using WorkerPool workers = new(3);
        using QuantizedMatrix a = Random(first, 40, 256, random), b = Random(second, 17, 256, random), c = Random(first, 100, 256, random);
        foreach (int rows in new[] { 1, 5, 20 })
        {
            float[] x = Normal(random, rows * 256);
            float[][] together = [new float[rows * 40], new float[rows * 17], new float[rows * 100]];
            float[][] alone = [new float[rows * 40], new float[rows * 17], new float[rows * 100]];
            fixed (float* px = x, t0 = together[0], t1 = together[1], t2 = together[2], o0 = alone[0], o1 = alone[1], o2 = alone[2])
            {
                QuantizedMatrix.MultiplyAll(workers, [a, b, c], px, rows, [(nint)t0, (nint)t1, (nint)t2]);
                a.Multiply(workers, px, rows, o0);
                b.Multiply(workers, px, rows, o1);
                c.Multiply(workers, px, rows, o2);
            }
            for (int i = 0; i < 3; i++) Assert.Equal(alone[i], together[i]);
        }
    }

    [Fact]
    public void Multiply_ZeroActivations_GiveZero()
    {
        using QuantizedMatrix matrix = Random(QuantType.Q4_1, 20, 64, new RandomStream(6, "zero"));
        using WorkerPool workers = new(1);
        float[] x = new float[64], y = [.. Enumerable.Repeat(5f, 20)];
        fixed (float* px = x, py = y) matrix.Multiply(workers, px, 1, py);
        Assert.All(y, value => Assert.Equal(0f, value));
    }

    [Theory]
    [InlineData(4, 64, 10)]
    [InlineData(0, 64, 1000)]
    [InlineData(4, 40, 1000)]
    public void BadSizes_Throw(int outputs, int width, int bytes) =>
        Assert.Throws<ArgumentException>(() => new QuantizedMatrix(QuantType.Q8_0, outputs, width, new byte[bytes]));

    private static QuantizedMatrix Random(QuantType type, int outputs, int width, RandomStream random, bool precise = false)
    {
        byte[] data = new byte[type.RowBytes(width) * outputs];
        for (int i = 0; i < data.Length; i++) data[i] = (byte)random.NextUInt32();
        int size = type.BlockBytes();
        for (int b = 0; b < data.Length; b += size)
        {
            // Random bytes make scales of any size, not-a-number included; give every block a sane one.
            int[] halves = type switch { QuantType.Q4_1 or QuantType.Q4_K => [0, 2], QuantType.Q6_K => [208], _ => [0] };
            foreach (int offset in halves)
            {
                float value = (float)random.NextNormal() * 0.05f;
                if (type == QuantType.BF16) BitConverter.TryWriteBytes(data.AsSpan(b), (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16));
                else BitConverter.TryWriteBytes(data.AsSpan(b + offset), (Half)value);
            }
        }
        return new QuantizedMatrix(type, outputs, width, data) { IsPrecise = precise };
    }

    private static float[] Dequantize(QuantizedMatrix matrix)
    {
        float[] all = new float[matrix.Outputs * matrix.Width];
        fixed (float* p = all)
            for (int row = 0; row < matrix.Outputs; row++) matrix.DequantizeRow(row, p + row * matrix.Width);
        return all;
    }

    private static void Reference(float[] weights, int outputs, int width, float[] x, int rows, float[] y)
    {
        fixed (float* pw = weights, px = x, py = y)
            Hone.Tensors.Kernels.GemmReference.Run(false, true, rows, outputs, width, px, width, pw, width, py, outputs, false);
    }

    private static float[] Normal(RandomStream random, int count)
    {
        float[] values = new float[count];
        random.FillNormal(values, 0, 1);
        return values;
    }

    /// <summary>Equal up to a share of the largest magnitude: sums of many terms have no better relative accuracy.</summary>
    private static void AssertClose(float[] expected, float[] actual, float tolerance)
    {
        float largest = expected.Max(Math.Abs);
        for (int i = 0; i < expected.Length; i++)
            if (!(Math.Abs(expected[i] - actual[i]) <= tolerance * largest)) Assert.Fail($"[{i}] is {actual[i]}, expected {expected[i]}");
    }
}
