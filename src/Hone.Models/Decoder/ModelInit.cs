using Hone.Core;
using Hone.Tensors;

namespace Hone.Models.Decoder;

/// <summary>How random weights are drawn.</summary>
public sealed record InitOptions
{
    /// <summary>Standard deviation of embeddings; null takes the configuration's.</summary>
    public float? EmbeddingDeviation { get; init; }

    /// <summary>Standard deviation of matrices; null takes the configuration's.</summary>
    public float? MatrixDeviation { get; init; }

    /// <summary>Matrices uniform in ±1/sqrt(in) instead of normal (PyTorch's default for a linear layer).</summary>
    public bool UniformFanIn { get; init; }

    /// <summary>Gain of the norm of queries per head (where the model has one): how sharp attention can be before anything is learned.</summary>
    public float QueryGain { get; init; } = 1;

    /// <summary>Factor on the matrices of queries and keys, for models without such a norm: attention logits grow with its square.</summary>
    public float QueryKeyScale { get; init; } = 1;

    /// <summary>Zero for what writes into the residual stream and for the head, so that the model starts as the identity and the loss at ln V.</summary>
    public bool ZeroOutputs { get; init; }
}

/// <summary>Random weights for a new model. Each weight has its own stream by its name, so adding a layer shifts no other weight.</summary>
public static class ModelInit
{
    private static readonly string[] Outputs = ["o_proj", "down_proj", "c_proj", "w2", "lm_head"];

    /// <summary>Fills all weights: gains 1 (0 where one is added), biases 0, embeddings normal, matrices as asked.</summary>
    public static void Randomise(LanguageModel model, RandomStream random, InitOptions? options = null)
    {
        options ??= new InitOptions();
        float range = model.Config.InitializerRange;
        foreach (Parameter parameter in model.Parameters)
        {
            Span<float> data = parameter.Value.Data;
            if (parameter.Name.EndsWith("q_norm.weight", StringComparison.Ordinal)) data.Fill(options.QueryGain - (model.Config.NormAddsOne ? 1 : 0));
            else if (parameter.Value.Shape.Rank == 1) data.Fill(IsGain(parameter.Name) && !model.Config.NormAddsOne ? 1 : 0);
            else if (IsEmbedding(parameter.Name)) random.Derive(parameter.Name).FillNormal(data, 0, options.EmbeddingDeviation ?? range);
            else Matrix(parameter, random.Derive(parameter.Name), options, range);
        }
    }

    private static void Matrix(Parameter parameter, RandomStream random, InitOptions options, float range)
    {
        Span<float> data = parameter.Value.Data;
        string module = parameter.Name.Split('.')[^2];
        if (options.ZeroOutputs && Outputs.Contains(module))
        {
            data.Clear();
        }
        else if (options.UniformFanIn)
        {
            float bound = (module is "q_proj" or "k_proj" ? options.QueryKeyScale : 1) / MathF.Sqrt(parameter.Value.Shape[1]);
            random.FillUniform(data, -bound, bound);
        }
        else
        {
            random.FillNormal(data, 0, options.MatrixDeviation ?? range);
        }
    }

    private static bool IsGain(string name) => name.EndsWith(".weight", StringComparison.Ordinal);

    private static bool IsEmbedding(string name) => name.EndsWith("embed_tokens.weight", StringComparison.Ordinal)
        || name.EndsWith("wte.weight", StringComparison.Ordinal) || name.EndsWith("wpe.weight", StringComparison.Ordinal);
}
