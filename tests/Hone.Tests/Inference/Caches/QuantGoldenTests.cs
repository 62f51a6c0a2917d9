using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Inference.Caches;
using Hone.Tensors.Kernels.Cache;
using Hone.Tests.Models.Decoder;

namespace Hone.Tests.Inference.Caches;

/// <summary>golden/kv/quant_own_formula: group rounding, packing, KIVI's bookkeeping, bytes.</summary>
public sealed class QuantGoldenTests
{
    private static string Rows => SharedData.GoldenRows("kv/quant_own_formula.jsonl");

    public static TheoryData<string> Ids => [.. Jsonl.Read(Rows).Select(row => (string)row.Fields["id"]!)];

    [Theory, MemberData(nameof(Ids))]
    public void Row(string id)
    {
        JsonObject row = Jsonl.Read(Rows).First(r => (string)r.Fields["id"]! == id).Fields;
        switch ((string)row["kind"]!)
        {
            case "group_quantise_own" or "card_example": Groups(row); break;
            case "symmetric_own": Symmetric(row); break;
            case "ragged_tail_own": Ragged(row); break;
            case "bad_input_policy": Bad(row); break;
            case "pack_own": Packed(row); break;
            case "kivi_residual_own": Residual(row); break;
            case "bytes_per_layer_own": Bytes(row); break;
            default: Assert.Fail($"unknown kind {row["kind"]}"); break;
        }
        Parity.Count(1, 1);
    }

    private static void Groups(JsonObject row)
    {
        int bits = (int)row["bits"]!;
        JsonArray groups = row["groups"]!.AsArray();
        for (int g = 0; g < groups.Count; g++)
        {
            float[] group = GoldenModel.Floats(groups[g]!), restored = new float[group.Length];
            byte[] codes = new byte[group.Length], expected = [.. GoldenModel.Ints(row["codes"]![g]!).Select(c => (byte)c)];
            (float scale, float low) = GroupQuantizer.Range(group, bits);
            Close((float)row["scale"]![g]!, scale);
            Close((float)row["zero_lo"]![g]!, low);
            GroupQuantizer.Encode(group, bits, scale, low, codes);
            Assert.Equal(expected, codes);
            GroupQuantizer.Decode(codes, scale, low, restored);
            float[] theirs = GoldenModel.Floats(row["restored"]![g]!);
            for (int i = 0; i < restored.Length; i++)
            {
                Assert.True(Math.Abs(restored[i] - theirs[i]) <= 1e-6f * Math.Max(Math.Abs(low), Math.Abs(theirs[i])) + 1e-12f, $"group {g}, number {i}: {restored[i]}, expected {theirs[i]}");
                Assert.True(Math.Abs(restored[i] - group[i]) <= scale / 2 * 1.0001f + Math.Abs(low) * 1e-6f);
            }
            if (row["packed_u32_per_group_little_end_first"] is { } words) Assert.Equal(GoldenWords(words[g]!), Words(codes, bits));
        }
    }

    private static void Symmetric(JsonObject row)
    {
        JsonArray groups = row["groups"]!.AsArray();
        for (int g = 0; g < groups.Count; g++)
        {
            float[] group = GoldenModel.Floats(groups[g]!);
            sbyte[] codes = new sbyte[group.Length];
            Close((float)row["scale"]![g]!, GroupQuantizer.EncodeSymmetric(group, (int)row["bits"]!, codes));
            Assert.Equal(GoldenModel.Ints(row["codes"]![g]!), codes.Select(c => (int)c));
        }
    }

    private static void Ragged(JsonObject row)
    {
        float[] values = GoldenModel.Floats(row["values"]!);
        TokenRows rows = new(values.Length, new Rounding((int)row["bits"]!, (int)row["group"]!, 0, ScalePrecision.Single, false));
        rows.Add(values);
        rows.Seal();
        float[] read = new float[values.Length];
        rows.Read(0, read);
        int at = 0;
        for (int g = 0; g < row["codes"]!.AsArray().Count; g++)
            foreach (int code in GoldenModel.Ints(row["codes"]![g]!))
            {
                float expected = code * (float)row["scale"]![g]! + (float)row["zero_lo"]![g]!;
                Assert.True(Math.Abs(read[at] - expected) < 1e-5f, $"number {at}: {read[at]}, expected {expected}");
                at++;
            }
        Assert.Equal(values.Length, at);
    }

    private static void Bad(JsonObject row)
    {
        foreach (JsonNode? group in row["groups"]!.AsArray())
        {
            float[] numbers = [.. group!.AsArray().Select(x => x!.ToString() switch { "nan" => float.NaN, "inf" => float.PositiveInfinity, "-inf" => float.NegativeInfinity, var n => float.Parse(n) })];
            Assert.Throws<HoneException>(() => GroupQuantizer.Range(numbers, 4));
        }
    }

    private static void Packed(JsonObject row)
    {
        byte[] codes = [.. GoldenModel.Ints(row["codes"]!).Select(c => (byte)c)], back = new byte[codes.Length];
        int bits = (int)row["bits"]!;
        Assert.Equal(GoldenWords(row["words_u32"]!), Words(codes, bits));
        byte[] packed = new byte[CodePacking.Bytes(codes.Length, bits)];
        CodePacking.Pack(codes, bits, packed);
        CodePacking.Unpack(packed, bits, back);
        Assert.Equal(codes, back);
    }

    private static void Residual(JsonObject row)
    {
        int residual = (int)row["residual_length"]!, size = 8;
        Rounding rounding = new(4, Math.Min(8, residual), residual, ScalePrecision.Half, false);
        (ChannelRows keys, TokenRows values) = (new(size, rounding), new(size, rounding));
        for (int i = 0; i < (int)row["prefill_tokens"]!; i++) Add(i);
        keys.Seal();
        values.Seal();
        int added = 0;
        foreach (JsonNode? step in row["trace"]!.AsArray())
        {
            for (; added < (int)step!["step"]!; added++) Add(1000 + added);
            Assert.Equal(((int)step["key_quantised"]!, (int)step["key_residual"]!), (keys.Rounded, keys.Exact.Count));
            Assert.Equal(((int)step["value_quantised"]!, (int)step["value_residual"]!), (values.Rounded, values.Exact.Count));
        }

        void Add(int seed)
        {
            float[] numbers = [.. Enumerable.Range(0, size).Select(d => MathF.Sin(seed + d))];
            keys.Add(numbers);
            values.Add(numbers);
        }
    }

    private static void Bytes(JsonObject row)
    {
        int heads = (int)row["n_kv"]!, size = (int)row["head_dim"]!, group = (int)row["group"]!, bits = (int)row["bits"]!;
        KvByteFormula formula = new(heads, size, bits, group, (int)row["scale_bytes"]!, (int)row["zero_bytes"]!, 2);
        int rounded = (int)row["tokens_quantised"]!, exact = (int)row["tokens_residual_fp16"]!;
        Assert.Equal((double)row["bytes"]!, formula.Layer(rounded, exact));
        Assert.Equal((double)row["effective_bits"]!, formula.EffectiveBits);
        if (bits == 16) return;
        // The store counts the same; its exact tokens take four bytes a number.
        Rounding rounding = new(bits, group, exact, formula.ScaleBytes == 4 ? ScalePrecision.Single : ScalePrecision.Half, false);
        TokenRows rows = new(size, rounding);
        for (int t = 0; t < rounded + exact; t++) rows.Add([.. Enumerable.Range(0, size).Select(d => MathF.Cos(t * size + d))]);
        rows.Seal();
        Assert.Equal((formula with { ExactBytes = 4 }).Layer(rounded, exact), 2 * heads * rows.Bytes);
    }

    private static uint[] Words(byte[] codes, int bits)
    {
        byte[] packed = new byte[(CodePacking.Bytes(codes.Length, bits) + 3) / 4 * 4];
        CodePacking.Pack(codes, bits, packed);
        return MemoryMarshal.Cast<byte, uint>(packed).ToArray();
    }

    private static uint[] GoldenWords(JsonNode node) => [.. node.AsArray().Select(w => (uint)w!)];

    private static void Close(float expected, float actual) =>
        Assert.True(Math.Abs(expected - actual) <= 1e-6f * Math.Abs(expected) + 1e-30f, $"{actual}, expected {expected}");
}
