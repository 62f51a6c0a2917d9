using Hone.Core;
using Hone.Models.Config;
using Hone.Models.Decoder;
using Hone.Tensors;
using Hone.Tensors.Ops;

namespace Hone.Models.Encoder;

/// <summary>A BERT encoder with its head, if any. Reading the weights from several threads at once is safe.</summary>
public sealed class EncoderModel
{
    private readonly Parameter words, positions, types;
    private readonly NormLayer embeddingNorm;
    private readonly EncoderLayer[] layers;
    private readonly LinearLayer? pooler, classifier, transform;
    private readonly NormLayer? transformNorm;
    private readonly Parameter? predictionBias;

    /// <summary>A model whose weights are all zero: load them.</summary>
    /// <param name="config">Settings.</param>
    /// <param name="hasPooler">Whether there is a dense layer on the first token.</param>
    public EncoderModel(EncoderConfig config, bool hasPooler = true) : this(config, hasPooler, null) { }

    internal EncoderModel(EncoderConfig config, bool hasPooler, FrozenWeights? frozen)
    {
        Config = config;
        WeightList weights = new(frozen);
        string root = config.Head == EncoderHead.None ? "" : "bert.";
        int width = config.HiddenSize;
        words = weights.Parameter($"{root}embeddings.word_embeddings.weight", (config.VocabularySize, width));
        positions = weights.Parameter($"{root}embeddings.position_embeddings.weight", (config.MaxPositions, width));
        types = weights.Parameter($"{root}embeddings.token_type_embeddings.weight", (config.TypeCount, width));
        embeddingNorm = weights.LayerNorm($"{root}embeddings.LayerNorm", width, config.NormEpsilon);
        layers = [.. Enumerable.Range(0, config.Layers).Select(i => new EncoderLayer(weights, $"{root}encoder.layer.{i}", config))];
        if (hasPooler && config.Head != EncoderHead.MaskedLm) pooler = weights.Linear($"{root}pooler.dense", width, width, bias: true);
        if (config.Head == EncoderHead.Classifier) classifier = weights.Linear("classifier", config.Labels, width, bias: true);
        if (config.Head == EncoderHead.MaskedLm)
        {
            predictionBias = weights.Parameter("cls.predictions.bias", config.VocabularySize);
            transform = weights.Linear("cls.predictions.transform.dense", width, width, bias: true);
            transformNorm = weights.LayerNorm("cls.predictions.transform.LayerNorm", width, config.NormEpsilon);
        }
        (Parameters, LinearLayers) = (weights.Parameters, weights.Linears);
    }

    public EncoderConfig Config { get; }

    /// <summary>All weights, named as in Hugging Face files.</summary>
    public IReadOnlyList<Parameter> Parameters { get; }

    /// <summary>What adapters go to.</summary>
    public IReadOnlyList<LinearLayer> LinearLayers { get; }

    /// <summary>Final hidden states.</summary>
    /// <param name="tape">Tape.</param>
    /// <param name="batch">Texts.</param>
    /// <param name="tap">Who looks in: layer 0 is the normalised embedding.</param>
    /// <returns>[N, C].</returns>
    /// <exception cref="HoneException">A token outside the vocabulary, or a text longer than the positions reach.</exception>
    public Tensor Hidden(Tape tape, EncoderBatch batch, IForwardTap? tap = null)
    {
        Check(batch);
        Tensor sum = tape.Add(tape.Embedding(words.Value, batch.Tokens), tape.Embedding(types.Value, batch.Types));
        Tensor hidden = embeddingNorm.Forward(tape, tape.Add(sum, tape.Embedding(positions.Value, batch.Positions)));
        tap?.Hidden(0, hidden);
        using LayerTape scope = new(tape);
        for (int i = 0; i < layers.Length; i++)
        {
            (EncoderLayer layer, Tensor before) = (layers[i], hidden);
            hidden = scope.Run(inner => layer.Forward(inner, before, batch.Segments));
            tap?.Hidden(i + 1, hidden);
        }
        return hidden;
    }

    /// <summary>tanh(dense(first token)) of each text.</summary>
    /// <returns>[texts, C].</returns>
    /// <exception cref="InvalidOperationException">The model has no pooler.</exception>
    public Tensor Pooled(Tape tape, Tensor hidden, Segments segments)
    {
        if (pooler is null) throw new InvalidOperationException("this encoder has no pooler");
        int[] first = [.. Enumerable.Range(0, segments.Count).Select(segments.Start)];
        return tape.Tanh(pooler.Forward(tape, tape.Rows(hidden, first)));
    }

    /// <summary>Logits of a classifier, [texts, labels], or of a masked language model, [N, V].</summary>
    /// <exception cref="InvalidOperationException">The model has no head.</exception>
    public Tensor Logits(Tape tape, Tensor hidden, Segments segments)
    {
        if (classifier is not null) return classifier.Forward(tape, Pooled(tape, hidden, segments));
        if (transform is null || transformNorm is null) throw new InvalidOperationException("this encoder has no head");
        Tensor changed = transformNorm.Forward(tape, tape.Activate(transform.Forward(tape, hidden), Config.Activation));
        return tape.Linear(changed, words.Value, predictionBias!.Value);
    }

    private void Check(EncoderBatch batch)
    {
        foreach (int token in batch.Tokens)
            if ((uint)token >= (uint)Config.VocabularySize)
                throw new HoneException($"token id {token} is outside the model's vocabulary of {Config.VocabularySize}. Is this the tokenizer of this model?");
        foreach (int type in batch.Types)
            if ((uint)type >= (uint)Config.TypeCount) throw new HoneException($"segment type {type} is not one of the model's {Config.TypeCount}.");
        if (batch.Segments.MaxLength > Config.MaxPositions)
            throw new HoneException($"a text of {batch.Segments.MaxLength} tokens is longer than the model's {Config.MaxPositions} positions. Cut it.");
    }
}
