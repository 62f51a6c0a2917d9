using Hone.Core;
using Hone.Tensors;
using Hone.Tensors.Ops;

namespace Hone.Tests.Tensors.Ops;

public sealed unsafe class FrozenLinearTests
{
    private const int Outputs = 24, Width = 64;

    /// <summary>Blocks of Q8_0: scales of 1/64 as fp16 (0x2400) and random int8 numbers.</summary>
    private static QuantizedMatrix Weight()
    {
        byte[] data = new byte[Outputs * Width / 32 * 34];
        RandomStream random = new(51, "q8");
        for (int i = 0; i < data.Length; i++) data[i] = (byte)random.Next(256);
        for (int block = 0; block < data.Length; block += 34) (data[block], data[block + 1]) = (0x00, 0x24);
        return new(QuantType.Q8_0, Outputs, Width, data);
    }

    private static float[] Dense(QuantizedMatrix weight)
    {
        float[] values = new float[weight.Outputs * weight.Width];
        fixed (float* target = values)
            for (int row = 0; row < weight.Outputs; row++) weight.DequantizeRow(row, target + row * weight.Width);
        return values;
    }

    [Fact]
    public void It_is_the_linear_layer_of_the_expanded_weights()
    {
        using QuantizedMatrix weight = Weight();
        double[] dense = [.. Dense(weight).Select(value => (double)value)];
        RandomStream random = new(52, "frozen");
        CheckedInput x = CheckedInput.Normal(random, (5, Width)), bias = CheckedInput.Normal(random, Outputs);
        GradCheck.Run((t, v) => t.FrozenLinear(v[0], weight), v => Reference.Linear(v[0], dense, null, Width), x);
        GradCheck.Run((t, v) => t.FrozenLinear(v[0], weight, v[1]), v => Reference.Linear(v[0], dense, v[1], Width), x, bias);
    }

    [Fact]
    public void The_fast_way_is_close_and_has_the_same_gradient()
    {
        using QuantizedMatrix weight = Weight();
        using Tape tape = new();
        CheckedInput x = CheckedInput.Normal(new RandomStream(53, "fast"), (5, Width));
        Tensor exact = Tensor.From(x.Shape, x.Values, true), rounded = Tensor.From(x.Shape, x.Values, true);
        Tensor y = tape.FrozenLinear(exact, weight), z = tape.FrozenLinear(rounded, weight, fast: true);
        double typical = Math.Sqrt(y.Data.ToArray().Average(value => (double)value * value));
        for (int i = 0; i < y.Count; i++) Assert.InRange(Math.Abs(y.Data[i] - z.Data[i]), 0, 0.04 * typical);
        tape.Backward(tape.Add(tape.Sum(y), tape.Sum(z)));
        Assert.Equal(exact.Grad, rounded.Grad);
    }

    [Fact]
    public void Rows_of_a_quantised_table_are_looked_up()
    {
        using QuantizedMatrix table = Weight();
        using Tape tape = new();
        float[] dense = Dense(table);
        Tensor y = tape.FrozenEmbedding(table, [3, 0, 23], 2f);
        foreach ((int t, int id) in new[] { (0, 3), (1, 0), (2, 23) })
            for (int c = 0; c < Width; c++) Assert.Equal(2 * dense[id * Width + c], y.Data[t * Width + c]);
        Assert.False(y.RequiresGrad);
        Assert.Throws<ArgumentOutOfRangeException>(() => tape.FrozenEmbedding(table, [24]));
    }

    [Fact]
    public void No_rows_give_no_rows_and_wrong_sizes_are_refused()
    {
        using QuantizedMatrix weight = Weight();
        using Tape tape = new();
        Assert.Equal(new Shape(0, Outputs), tape.FrozenLinear(Tensor.Create((0, Width)), weight).Shape);
        Assert.Throws<ArgumentException>(() => tape.FrozenLinear(Tensor.Create((2, Width - 1)), weight));
        Assert.Throws<ArgumentException>(() => tape.FrozenLinear(Tensor.Create((2, Width)), weight, Tensor.Create(Outputs - 1)));
    }
}
