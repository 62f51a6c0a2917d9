using System.Buffers.Binary;
using Hone.Core;

namespace Hone.Models.Formats;

/// <summary>The sizes in the header of a llama2.c file.</summary>
/// <param name="Dim">Width of the model.</param>
/// <param name="HiddenDim">Width of the MLP.</param>
/// <param name="Layers">Number of layers.</param>
/// <param name="Heads">Query heads.</param>
/// <param name="KvHeads">Key and value heads.</param>
/// <param name="VocabSize">Tokens.</param>
/// <param name="SequenceLength">Longest sequence it was trained on.</param>
/// <param name="SharedClassifier">Whether the output projection is the token embedding.</param>
public sealed record Llama2cConfig(
    int Dim, int HiddenDim, int Layers, int Heads, int KvHeads, int VocabSize, int SequenceLength, bool SharedClassifier)
{
    /// <summary>Width of one head.</summary>
    public int HeadDim => Dim / Heads;
}

/// <summary>
/// A checkpoint of Karpathy's llama2.c: seven 32-bit numbers, then fp32 tensors in a fixed order, each kind for all layers. Tensors
/// are exposed under Hugging Face's names. Rows of the q and k projections are in llama2.c's order: rotation acts on adjacent
/// pairs (2i, 2i + 1) of a head, not on halves; <see cref="RotaryOrder"/> reads them in the other order. Reading is thread-safe until
/// disposal.
/// </summary>
public sealed class Llama2cFile : MappedWeightFile
{
    private const int HeaderBytes = 28, MaxLayers = 10_000;
    private long position = HeaderBytes;

    /// <exception cref="HoneException">Missing file, or sizes in the header that do not add up to the file's length.</exception>
    public Llama2cFile(string path) : base(path)
    {
        try
        {
            MappedFile file = Map(path);
            Config = ReadConfig(file) ?? throw new HoneException(
                $"{path}: not a llama2.c checkpoint of the first version: its seven leading numbers do not add up to its {file.Length} bytes.");
            AddTensors(file);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public Llama2cConfig Config { get; }

    /// <summary>Whether a file's header and length fit the format.</summary>
    internal static bool LooksLike(string path)
    {
        using MappedFile file = new(path);
        return ReadConfig(file) is not null;
    }

    private static Llama2cConfig? ReadConfig(MappedFile file)
    {
        if (file.Length < HeaderBytes) return null;
        int[] n = new int[7];
        for (int i = 0; i < n.Length; i++) n[i] = BinaryPrimitives.ReadInt32LittleEndian(file.Span(i * 4, 4));
        if (n[5] == int.MinValue) return null;
        // A negative vocabulary size says that the classifier is stored apart.
        Llama2cConfig config = new(n[0], n[1], n[2], n[3], n[4], Math.Abs(n[5]), n[6], n[5] > 0);
        bool sane = config is { Dim: > 0, HiddenDim: > 0, Layers: > 0 and <= MaxLayers, Heads: > 0, KvHeads: > 0, VocabSize: > 0, SequenceLength: > 0 }
            && config.Dim % config.Heads == 0 && config.Heads % config.KvHeads == 0 && config.HeadDim % 2 == 0;
        return sane && Size(config) == file.Length ? config : null;
    }

    private static Int128 Size(Llama2cConfig c)
    {
        Int128 dim = c.Dim, kv = (Int128)c.KvHeads * c.HeadDim, layer = 2 * dim + 2 * dim * dim + 2 * kv * dim + 3 * dim * c.HiddenDim;
        Int128 rotary = (Int128)c.SequenceLength * c.HeadDim;
        Int128 floats = c.VocabSize * dim * (c.SharedClassifier ? 1 : 2) + c.Layers * layer + dim + rotary;
        return HeaderBytes + 4 * floats;
    }

    private void AddTensors(MappedFile file)
    {
        (int dim, int hidden, int kv) = (Config.Dim, Config.HiddenDim, Config.KvHeads * Config.HeadDim);
        AddOne(file, "model.embed_tokens.weight", Config.VocabSize, dim);
        AddLayers(file, "input_layernorm", dim);
        AddLayers(file, "self_attn.q_proj", dim, dim);
        AddLayers(file, "self_attn.k_proj", kv, dim);
        AddLayers(file, "self_attn.v_proj", kv, dim);
        AddLayers(file, "self_attn.o_proj", dim, dim);
        AddLayers(file, "post_attention_layernorm", dim);
        AddLayers(file, "mlp.gate_proj", hidden, dim);
        AddLayers(file, "mlp.down_proj", dim, hidden);
        AddLayers(file, "mlp.up_proj", hidden, dim);
        AddOne(file, "model.norm.weight", dim);
        position += 4L * Config.SequenceLength * Config.HeadDim; // tables of cosines and sines, which follow from the configuration
        if (!Config.SharedClassifier) AddOne(file, "lm_head.weight", Config.VocabSize, dim);
    }

    private void AddLayers(MappedFile file, string part, params long[] shape)
    {
        for (int layer = 0; layer < Config.Layers; layer++) AddOne(file, $"model.layers.{layer}.{part}.weight", shape);
    }

    private void AddOne(MappedFile file, string name, params long[] shape)
    {
        long bytes = WeightTypes.BytesOf(WeightType.F32, WeightTypes.CheckedCount(shape, name));
        Add(new WeightEntry(name, WeightType.F32, shape, bytes), file, position);
        position += bytes;
    }
}
