using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Tensors.Ops;

namespace Hone.Models.Config;

/// <summary>What stands on top of an encoder.</summary>
public enum EncoderHead
{
    /// <summary>Hidden states, and the pooler where the file has one.</summary>
    None,

    /// <summary>A class from the pooled first token.</summary>
    Classifier,

    /// <summary>A token for every position (masked language model).</summary>
    MaskedLm,
}

/// <summary>Settings of a BERT encoder (Devlin et al. 2019, arXiv:1810.04805).</summary>
public sealed record EncoderConfig
{
    /// <summary>The settings this was made from.</summary>
    public required JsonObject Json { get; init; }

    public required int VocabularySize { get; init; }

    /// <summary>C.</summary>
    public required int HiddenSize { get; init; }

    public required int IntermediateSize { get; init; }

    public required int Layers { get; init; }

    public required int Heads { get; init; }

    /// <summary>Longest input, in tokens.</summary>
    public required int MaxPositions { get; init; }

    /// <summary>Kinds of segments (first and second text).</summary>
    public required int TypeCount { get; init; }

    public required Activation Activation { get; init; }

    public required float NormEpsilon { get; init; }

    public required EncoderHead Head { get; init; }

    /// <summary>Number of classes of a classifier.</summary>
    public int Labels { get; init; }

    /// <summary>Values of <c>model_type</c> that can be loaded as an encoder.</summary>
    public static IReadOnlyCollection<string> Names { get; } = ["bert"];

    /// <summary>Reads a config.json.</summary>
    /// <exception cref="HoneException">Another architecture, a missing or impossible setting.</exception>
    public static EncoderConfig FromJson(JsonObject json, string source = "config.json")
    {
        JsonObject parsed = ConfigJson.Parsed(json, source);
        ConfigJson reader = new(parsed, source);
        string type = reader.Text("model_type") ?? throw reader.Missing("model_type");
        if (type != "bert") throw HoneException.Unknown($"encoder architecture (in {source})", type, Names);
        if (reader.Text("position_embedding_type") is { } positions and not "absolute")
            throw HoneException.Unknown($"kind of positions (in {source})", positions, ["absolute"]);
        int hidden = reader.Int("hidden_size"), heads = reader.Int("num_attention_heads");
        if (hidden % heads != 0) throw new HoneException($"{source}: 'hidden_size' {hidden} is not a multiple of 'num_attention_heads' {heads}.");
        EncoderHead head = HeadOf(reader);
        EncoderConfig config = new()
        {
            Json = parsed,
            VocabularySize = reader.Int("vocab_size"),
            HiddenSize = hidden,
            IntermediateSize = reader.Int("intermediate_size"),
            Layers = reader.Int("num_hidden_layers", max: 4096),
            Heads = heads,
            MaxPositions = reader.Int("max_position_embeddings", 512),
            TypeCount = reader.Int("type_vocab_size", 2),
            Activation = FamilyParts.ActivationOf(reader, "hidden_act", "gelu"),
            NormEpsilon = (float)reader.Number("layer_norm_eps", 1e-12, 0, 1),
            Head = head,
            Labels = head == EncoderHead.Classifier ? LabelCount(parsed, reader) : 0,
        };
        FamilyParts.CheckSize(source, "embedding table", config.VocabularySize, hidden);
        FamilyParts.CheckSize(source, "position table", Math.Max(config.MaxPositions, config.TypeCount), hidden);
        FamilyParts.CheckSize(source, "layer", Math.Max(config.IntermediateSize, hidden), hidden);
        return config;
    }

    /// <summary>Number of weights in matrices; norms and biases add next to nothing.</summary>
    public long MatrixWeights =>
        (long)(VocabularySize + MaxPositions + TypeCount) * HiddenSize + Layers * (4L * HiddenSize + 2L * IntermediateSize) * HiddenSize;

    private static EncoderHead HeadOf(ConfigJson reader)
    {
        string name = reader.Texts("architectures") is [string first, ..] ? first : "BertModel";
        return name switch
        {
            "BertModel" => EncoderHead.None,
            "BertForSequenceClassification" => EncoderHead.Classifier,
            "BertForMaskedLM" => EncoderHead.MaskedLm,
            _ => throw HoneException.Unknown($"encoder architecture (in {reader.Source})", name, ["BertModel", "BertForSequenceClassification", "BertForMaskedLM"]),
        };
    }

    private static int LabelCount(JsonObject json, ConfigJson reader) =>
        json["id2label"] is JsonObject labels ? Math.Max(1, labels.Count) : reader.Int("num_labels", 2);
}
