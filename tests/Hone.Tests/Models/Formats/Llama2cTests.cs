using System.Text;
using Hone.Models.Formats;

namespace Hone.Tests.Models.Formats;

public class Llama2cTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Tensors_have_hugging_face_names_and_stand_in_the_order_of_the_format(bool shared)
    {
        using TempFolder folder = new();
        using IWeightFile opened = ModelFiles.Open(folder.Write("model.bin", Build(shared)));
        Llama2cFile file = Assert.IsType<Llama2cFile>(opened);
        Assert.Equal(new Llama2cConfig(8, 12, 2, 4, 2, 5, 3, shared), file.Config);
        Assert.Equal(1 + 9 * 2 + 1 + (shared ? 0 : 1), file.Entries.Count);
        Assert.Equal(shared, !file.Entries.ContainsKey("lm_head.weight"));
        // The file's n-th fp32 number is n, so first values are counted by hand from the sizes.
        Assert.Equal(0, First(file, "model.embed_tokens.weight", 5, 8));
        Assert.Equal(40, First(file, "model.layers.0.input_layernorm.weight", 8));
        Assert.Equal(48, First(file, "model.layers.1.input_layernorm.weight", 8));
        Assert.Equal(56, First(file, "model.layers.0.self_attn.q_proj.weight", 8, 8));
        Assert.Equal(184, First(file, "model.layers.0.self_attn.k_proj.weight", 4, 8));
        Assert.Equal(248, First(file, "model.layers.0.self_attn.v_proj.weight", 4, 8));
        Assert.Equal(312, First(file, "model.layers.0.self_attn.o_proj.weight", 8, 8));
        Assert.Equal(440, First(file, "model.layers.0.post_attention_layernorm.weight", 8));
        Assert.Equal(456, First(file, "model.layers.0.mlp.gate_proj.weight", 12, 8));
        Assert.Equal(648, First(file, "model.layers.0.mlp.down_proj.weight", 8, 12));
        Assert.Equal(840, First(file, "model.layers.0.mlp.up_proj.weight", 12, 8));
        Assert.Equal(1032, First(file, "model.norm.weight", 8));
        if (!shared) Assert.Equal(1032 + 8 + 6, First(file, "lm_head.weight", 5, 8)); // behind the rotary tables, 2 × [3, 1]
    }

    [Fact]
    public void A_wrong_length_or_header_is_refused()
    {
        using TempFolder folder = new();
        byte[] good = Build(true);
        for (int n = 0; n < 7; n++)
        {
            byte[] bad = [.. good];
            BitConverter.TryWriteBytes(bad.AsSpan(n * 4), n == 3 ? 3 : n == 4 ? 3 : int.MaxValue);
            Assert.Throws<HoneException>(() => new Llama2cFile(folder.Write("a.bin", bad)).Dispose());
        }
        Assert.Throws<HoneException>(() => new Llama2cFile(folder.Write("a.bin", good[..^4])).Dispose());
        Assert.Throws<HoneException>(() => new Llama2cFile(folder.Write("a.bin", good[..20])).Dispose());
        Assert.Throws<HoneException>(() => new Llama2cFile(folder.Write("a.bin", [.. good, 0])).Dispose());
    }

    [Fact]
    public void The_trained_model_of_260_thousand_parameters_opens()
    {
        string path = SharedData.Require("models/stories260K/stories260K.bin");
        using Llama2cFile file = new(path);
        Assert.Equal((64, 5, 8, 4, 512), (file.Config.Dim, file.Config.Layers, file.Config.Heads, file.Config.KvHeads, file.Config.VocabSize));
        Assert.True(file.Config.SharedClassifier);
        Llama2cTokenizer tokenizer = Llama2cTokenizer.Read(SharedData.Require("models/stories260K/tok512.bin"));
        Assert.Equal(512, tokenizer.Pieces.Count);
        Assert.Equal(512, tokenizer.Scores.Count);
        Assert.Equal("<0x00>", Encoding.UTF8.GetString(tokenizer.Pieces[3]));
        Assert.Equal(tokenizer.MaxPieceBytes, tokenizer.Pieces.Max(piece => piece.Length));
    }

    [Fact]
    public void A_tokenizer_is_read_to_its_end()
    {
        using TempFolder folder = new();
        byte[] bytes = Tokenizer((-1f, "a"), (0.5f, ""), (2f, "über"));
        Llama2cTokenizer tokenizer = Llama2cTokenizer.Read(folder.Write("tok.bin", bytes));
        Assert.Equal([-1f, 0.5f, 2f], tokenizer.Scores);
        Assert.Equal(["a", "", "über"], tokenizer.Pieces.Select(Encoding.UTF8.GetString));
        for (int length = 0; length < bytes.Length; length++)
        {
            if (length is 13 or 21) continue; // whole pieces: a shorter vocabulary
            Assert.Throws<HoneException>(() => Llama2cTokenizer.Read(folder.Write("tok.bin", bytes[..length])));
        }
    }

    [Fact]
    public void Rotary_orders_are_inverse_to_each_other()
    {
        Assert.Equal([0L, 2, 4, 1, 3, 5], Enumerable.Range(0, 6).Select(row => RotaryOrder.AdjacentRow(row, 6)));
        Assert.Equal([8L, 10, 9, 11], Enumerable.Range(8, 4).Select(row => RotaryOrder.AdjacentRow(row, 4)));
        for (int row = 0; row < 48; row++) Assert.Equal(row, RotaryOrder.HalfSplitRow(RotaryOrder.AdjacentRow(row, 12), 12));
    }

    [Fact]
    public void Rows_and_biases_are_read_in_the_other_order()
    {
        using TempFolder folder = new();
        SafetensorsWriter.Save(folder["a.safetensors"],
        [
            WeightSource.FromNumbers("w", [4, 2], [0f, 0, 1, 1, 2, 2, 3, 3]),
            WeightSource.FromNumbers("b", [4], [0f, 1, 2, 3]),
        ]);
        using SafetensorsFile file = new(folder["a.safetensors"]);
        float[] rows = new float[8], bias = new float[4], back = new float[2];
        RotaryOrder.ReadAsHalfSplit(file, "w", 4, 0, 4, rows);
        RotaryOrder.ReadAsHalfSplit(file, "b", 4, 0, 4, bias);
        RotaryOrder.ReadAsAdjacent(file, "w", 4, 1, 1, back);
        Assert.Equal([0f, 0, 2, 2, 1, 1, 3, 3], rows);
        Assert.Equal([0f, 2, 1, 3], bias);
        Assert.Equal([2f, 2], back);
    }

    private static float First(Llama2cFile file, string name, params long[] shape)
    {
        Assert.Equal(shape, file.Entries[name].Shape);
        return BitConverter.ToSingle(file.Bytes(name)[..4]);
    }

    /// <summary>dim 8, hidden 12, 2 layers, 4 heads, 2 key heads, 5 tokens, 3 positions; the n-th fp32 number is n.</summary>
    internal static byte[] Build(bool shared)
    {
        const int floats = 5 * 8 + 2 * (8 + 64 + 32 + 32 + 64 + 8 + 96 + 96 + 96) + 8 + 2 * 3;
        using MemoryStream stream = new();
        using BinaryWriter writer = new(stream);
        foreach (int size in new[] { 8, 12, 2, 4, 2, shared ? 5 : -5, 3 }) writer.Write(size);
        for (int i = 0; i < floats + (shared ? 0 : 40); i++) writer.Write((float)i);
        return stream.ToArray();
    }

    internal static byte[] Tokenizer(params (float Score, string Piece)[] pieces)
    {
        using MemoryStream stream = new();
        using BinaryWriter writer = new(stream);
        writer.Write(pieces.Max(p => Encoding.UTF8.GetByteCount(p.Piece)));
        foreach ((float score, string piece) in pieces)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(piece);
            writer.Write(score);
            writer.Write(bytes.Length);
            writer.Write(bytes);
        }
        return stream.ToArray();
    }
}
