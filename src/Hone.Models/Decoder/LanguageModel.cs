using Hone.Core;
using Hone.Models.Config;
using Hone.Tensors;
using Hone.Tensors.Ops;

namespace Hone.Models.Decoder;

/// <summary>
/// A decoder of any family: embedding, blocks, norm, head. One forward pass serves training, scoring and generation. Weights
/// are fp32, or kept as a GGUF file has them where that was asked for; reading them from several threads at once is safe.
/// </summary>
public sealed class LanguageModel
{
    private readonly Dictionary<string, Parameter> byName;
    private readonly EmbeddingTable embedding;
    private readonly Parameter? positions;
    private readonly NormLayer finalNorm;
    private readonly List<IBlock> blocks = [];
    private readonly RopeTables tables;

    /// <summary>A model whose weights are all zero: load or initialise them.</summary>
    public LanguageModel(ModelConfig config) : this(config, null) { }

    internal LanguageModel(ModelConfig config, FrozenWeights? frozen)
    {
        Config = config;
        tables = new RopeTables(config);
        ModelBuilder builder = new(config, frozen);
        bool gpt2 = config.Layout == WeightLayout.Gpt2;
        string root = gpt2 ? "transformer" : "model";
        embedding = builder.Embedding(gpt2 ? "transformer.wte" : "model.embed_tokens", config.VocabularySize, config.HiddenSize);
        if (gpt2) positions = builder.Parameter("transformer.wpe.weight", (config.MaxPositions, config.HiddenSize));
        for (int i = 0; i < config.Layers; i++) blocks.Add(new DecoderBlock(builder, $"{root}.{(gpt2 ? "h" : "layers")}.{i}", i));
        finalNorm = builder.Norm(gpt2 ? "transformer.ln_f" : "model.norm", config.HiddenSize);
        if (config.TiedHead)
        {
            Head = embedding.AsHead("lm_head");
        }
        else
        {
            Head = builder.Linear("lm_head", config.VocabularySize, config.HiddenSize);
            builder.Linears.Remove(Head);
        }
        Parameters = builder.Parameters;
        LinearLayers = builder.Linears;
        byName = Parameters.ToDictionary(p => p.Name, StringComparer.Ordinal);
        HeadOptions = new HeadOptions { Softcap = config.LogitSoftcap };
    }

    public ModelConfig Config { get; }

    /// <summary>All weights, named as in Hugging Face files, in their order. A tied head is not listed twice.</summary>
    public IReadOnlyList<Parameter> Parameters { get; }

    /// <summary>The linear layers inside the blocks: what adapters usually go to.</summary>
    public IReadOnlyList<LinearLayer> LinearLayers { get; }

    /// <summary>The output projection [V, C]; shares the embedding's weight when tied.</summary>
    public LinearLayer Head { get; }

    /// <summary>The embedding table [V, C].</summary>
    /// <exception cref="HoneException">It is kept in few bits.</exception>
    public Parameter Embedding => embedding.Table;

    /// <summary>Name of the embedding's weight in files.</summary>
    public string EmbeddingName => Config.Layout == WeightLayout.Gpt2 ? "transformer.wte.weight" : "model.embed_tokens.weight";

    /// <summary>Whether matrices are kept in few bits: such a model generates, scores and carries adapters, but is not trained itself, merged or saved.</summary>
    public bool IsQuantized => Head.Quantized is not null || LinearLayers.Any(layer => layer.Quantized is not null);

    /// <summary>Whether passes may run on several threads at once, each with its tape: adapters and perturbations may hold memory for one pass only.</summary>
    public bool IsConcurrent => Solver is SequentialSolver && Head.IsConcurrent && LinearLayers.All(layer => layer.IsConcurrent);

    /// <summary>Something added to the lookup without changing the table; null for none.</summary>
    public IEmbeddingAdapter? EmbeddingAdapter { get; set; }

    /// <summary>The layers; may be exchanged one by one.</summary>
    public IList<IBlock> Blocks => blocks;

    /// <summary>How the layers are gone through.</summary>
    public ILayerSolver Solver { get; set; } = SequentialSolver.Instance;

    /// <summary>What loss and log-probabilities over the head need besides its weight.</summary>
    public HeadOptions HeadOptions { get; }

    /// <summary>Number of weights, a tied head counted once.</summary>
    public long ParameterCount => Parameters.Sum(p => (long)p.Value.Count)
        + LinearLayers.Where(l => l.Quantized is not null).Sum(l => (long)l.Outputs * l.Inputs)
        + (Head.Quantized is null ? 0 : (long)Config.VocabularySize * Config.HiddenSize * (Config.TiedHead ? 1 : 2));

    /// <summary>A weight by name.</summary>
    /// <exception cref="HoneException">No such weight.</exception>
    public Parameter this[string name] => byName.TryGetValue(name, out Parameter? found)
        ? found
        : throw new HoneException($"the model has no weight '{name}'. The nearest name is '{Names.Nearest(name, byName.Keys) ?? byName.Keys.First()}'.");

    /// <summary>Whether files hold the transpose of this weight (GPT-2's matrices are [in, out]).</summary>
    internal static bool IsStoredTransposed(ModelConfig config, Parameter weight) => config.Layout == WeightLayout.Gpt2 && weight.Value.Shape.Rank == 2
        && !weight.Name.EndsWith("wte.weight", StringComparison.Ordinal) && !weight.Name.EndsWith("wpe.weight", StringComparison.Ordinal)
        && weight.Name != "lm_head.weight"; // GPT-2's own head is stored like everybody else's

    /// <summary>Final hidden states, after the last norm.</summary>
    /// <param name="tape">Tape.</param>
    /// <param name="batch">Tokens.</param>
    /// <param name="state">Caches and the like; null for whole sequences.</param>
    /// <returns>[N, C].</returns>
    /// <exception cref="HoneException">A token outside the vocabulary, or a sequence longer than learned positions reach.</exception>
    public Tensor Hidden(Tape tape, TokenBatch batch, ForwardState? state = null)
    {
        state ??= ForwardState.Plain;
        Check(batch);
        Tensor hidden = embedding.Forward(tape, batch.Tokens, Config.EmbeddingScale);
        if (EmbeddingAdapter is not null) hidden = EmbeddingAdapter.Apply(tape, batch.Tokens, hidden, Config.EmbeddingScale);
        if (positions is not null) hidden = tape.Add(hidden, tape.Embedding(positions.Value, batch.Positions));
        state.Tap?.Hidden(0, hidden);
        hidden = Solver.Run(tape, blocks, hidden, new ForwardContext(batch, state, tables));
        hidden = finalNorm.Forward(tape, hidden);
        state.Tap?.Hidden(Config.Layers, hidden);
        return hidden;
    }

    /// <summary>Logits of hidden states. N × V numbers: for losses use the head's weight with the fused operations instead.</summary>
    /// <param name="tape">Tape.</param>
    /// <param name="hidden">[N, C] from <see cref="Hidden"/>, or some of its rows.</param>
    /// <returns>[N, V].</returns>
    public Tensor Logits(Tape tape, Tensor hidden)
    {
        Tensor logits = Head.Forward(tape, hidden);
        return Config.LogitSoftcap == 0 ? logits : tape.Softcap(logits, Config.LogitSoftcap);
    }

    /// <summary>Refuses tokens that the model does not have.</summary>
    /// <exception cref="HoneException">A token outside the vocabulary.</exception>
    public void CheckTokens(IReadOnlyList<int> tokens)
    {
        for (int i = 0; i < tokens.Count; i++)
            if ((uint)tokens[i] >= (uint)Config.VocabularySize)
                throw new HoneException($"token id {tokens[i]} is outside the model's vocabulary of {Config.VocabularySize}. Is this the tokenizer of this model?");
    }

    private void Check(TokenBatch batch)
    {
        CheckTokens(batch.Tokens);
        if (positions is null) return;
        foreach (int position in batch.Positions)
            if ((uint)position >= (uint)Config.MaxPositions)
                throw new HoneException($"position {position} is beyond the model's {Config.MaxPositions} learned positions. Shorten the input.");
    }
}
