using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Hone.Models.Formats;

namespace Hone.Tests.Models.Formats;

public class BlockFormatsGoldenTests
{
    private const string Folder = "data/golden/inference/gguf";

    /// <summary>Cases in this repository, and the larger set beside it.</summary>
    public enum Cases { Here, Shared }

    public static TheoryData<string, Cases> ReadTypes => Each(
        "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K", "IQ4_NL", "IQ4_XS", "IQ2_XXS", "IQ2_XS",
        "IQ2_S", "IQ3_XXS", "IQ3_S", "IQ1_S", "IQ1_M", "TQ1_0", "TQ2_0", "MXFP4", "NVFP4");

    public static TheoryData<string, Cases> ExactTypes => Each(
        "F16", "BF16", "Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "TQ1_0", "TQ2_0", "MXFP4");

    public static TheoryData<string, Cases> SearchedTypes => Each(
        "Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K", "IQ4_NL", "IQ4_XS", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0");

    [Theory]
    [MemberData(nameof(ReadTypes))]
    public void Dequantised_blocks_are_bit_identical(string name, Cases cases)
    {
        JsonObject row = RowOf(cases, "dequantise_blocks.jsonl", name);
        WeightType type = Enum.Parse<WeightType>(name);
        Assert.Equal((int)row["block_size"]!, BlockFormats.BlockSize(type));
        Assert.Equal((int)row["block_bytes"]!, BlockFormats.BlockBytes(type));
        AssertDequantised(type, Bytes(row["raw"]!), Floats(row["dequantised_f32"]!));
        Parity.Count(1, 1);
    }

    [Theory]
    [MemberData(nameof(ExactTypes))]
    public void Quantised_bytes_are_identical(string name, Cases cases)
    {
        JsonObject row = RowOf(cases, "quantise.jsonl", name);
        WeightType type = Enum.Parse<WeightType>(name);
        byte[] expected = Bytes(row["quantised"]!), found = new byte[expected.Length];
        WeightConversion.FromSingle(type, Floats(row["input_f32"]!), found);
        Parity.Count(1, expected.SequenceEqual(found) ? 1 : 0);
        Assert.Equal(Convert.ToHexString(expected), Convert.ToHexString(found));
        AssertDequantised(type, expected, Floats(row["dequantised_f32"]!));
    }

    [Theory]
    [MemberData(nameof(SearchedTypes))]
    public void Quantised_rows_lose_no_more_than_those_of_llama_cpp(string name, Cases cases)
    {
        float[] input = Floats(RowOf(cases, "quantise_ggml.jsonl", "Q2_K")["input_f32"]!); // "as in the first line"
        JsonObject row = RowOf(cases, "quantise_ggml.jsonl", name);
        WeightType type = Enum.Parse<WeightType>(name);
        AssertDequantised(type, Bytes(row["quantised"]!), Floats(row["dequantised_f32"]!));
        byte[] bytes = new byte[Bytes(row["quantised"]!).Length];
        float[] found = new float[input.Length];
        BlockFormats.Quantize(type, input, bytes);
        BlockFormats.Dequantize(type, bytes, found);
        double[] expected = [.. row["rmse_per_row"]!.AsArray().Select(v => (double)v!)];
        for (int r = 0; r < expected.Length; r++)
        {
            double rmse = Math.Sqrt(Enumerable.Range(r * 256, 256).Average(i => Math.Pow(found[i] - (double)input[i], 2)));
            Parity.Count(1, rmse <= expected[r] * 1.02 ? 1 : 0, expected[r] > 0 ? Math.Max(0, rmse / expected[r] - 1) : rmse);
            Assert.True(rmse <= expected[r] * 1.02, $"{name} row {r}: {rmse:G6}, llama.cpp {expected[r]:G6}");
        }
    }

    private static void AssertDequantised(WeightType type, byte[] raw, float[] expected)
    {
        float[] found = new float[expected.Length];
        WeightConversion.ToSingle(type, raw, found);
        for (int i = 0; i < expected.Length; i++)
            Assert.True(BitConverter.SingleToInt32Bits(expected[i]) == BitConverter.SingleToInt32Bits(found[i]), $"{type} element {i}: {found[i]} instead of {expected[i]}");
    }

    private static TheoryData<string, Cases> Each(params string[] types)
    {
        TheoryData<string, Cases> data = [];
        foreach (Cases cases in Enum.GetValues<Cases>())
            foreach (string type in types) data.Add(type, cases);
        return data;
    }

    private static JsonObject RowOf(Cases cases, string file, string type)
    {
        string folder = cases == Cases.Here ? SharedData.Golden("formats") : SharedData.Require(Folder);
        return Jsonl.Read(Path.Combine(folder, file)).Single(row => row.Text("type") == type).Fields;
    }

    private static byte[] Bytes(JsonNode base64) => Convert.FromBase64String((string)base64!);

    private static float[] Floats(JsonNode base64) => MemoryMarshal.Cast<byte, float>(Bytes(base64)).ToArray();
}
