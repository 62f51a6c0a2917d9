using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Evaluation.Tasks;
using Hone.Methods.GuidedSelfImprovement;
using Hone.Models.Config;
using Hone.Models.Decoder;
using Hone.Models.Tokenizers;

namespace Hone.Methods.TinyLm;

/// <summary>A size of the seed model.</summary>
/// <param name="Name">s, m, l or xl.</param>
/// <param name="Layers">Blocks.</param>
/// <param name="Width">Width of the residual stream.</param>
/// <param name="Heads">Attention heads.</param>
/// <param name="Inner">Inner width of the gated MLP; about 8/3 of the width, as much as 4× without a gate.</param>
public sealed record SeedSize(string Name, int Layers, int Width, int Heads, int Inner)
{
    private static readonly SeedSize[] All =
        [new("s", 3, 64, 2, 176), new("m", 4, 128, 4, 344), new("l", 6, 192, 6, 512), new("xl", 6, 288, 9, 768)];

    /// <summary>The size of that name.</summary>
    /// <exception cref="HoneException">The name is not known.</exception>
    public static SeedSize Named(string name) =>
        All.FirstOrDefault(s => s.Name == name) ?? throw HoneException.Unknown("size", name, All.Select(s => s.Name));
}

/// <summary>
/// The built-in model: a Qwen3-shaped decoder (pre-norm, RMS norms of queries and keys per head, rotary positions, gated
/// SiLU MLP) over the closed vocabulary of the built-in task. The shape of an existing family was chosen so that any tool can
/// load it. Differs from the recipe it follows in the gate (the recipe's ReLU² MLP has none) and in the learned gains of the
/// query and key norms.
/// </summary>
public static class SeedModel
{
    /// <summary>Longest sequence, in tokens.</summary>
    public const int Context = 1024;

    /// <summary>Renders a question as <c>&lt;q&gt;…&lt;a&gt;</c> and an answer as <c>…&lt;eos&gt;</c>.</summary>
    public const string ChatTemplate =
        "{% for message in messages %}{% if message['role'] == 'assistant' %}{{ '<a>' + message['content'] + '<eos>' }}" +
        "{% else %}{{ '<q>' + message['content'] }}{% endif %}{% endfor %}{% if add_generation_prompt %}{{ '<a>' }}{% endif %}";

    /// <summary>Whole words of the built-in task and of hints, digits one by one, bytes for everything else.</summary>
    public static Tokenizer CreateTokenizer()
    {
        Tokenizer tokenizer = SeedTokenizer.Create(
            WordProblems.Vocabulary.Concat(HintText.Words).Where(IsOneWord).Distinct().Select(w => " " + w), ["<eos>", "<q>", "<a>"],
            spacedForms: false, linesStartSpaced: true);
        return tokenizer.WithChatTemplate(ChatTemplate);
    }

    /// <summary>Settings of a size, in the words of transformers.</summary>
    public static ModelConfig CreateConfig(SeedSize size, int vocabulary) => ModelConfig.FromJson(new JsonObject
    {
        ["architectures"] = new JsonArray("Qwen3ForCausalLM"),
        ["model_type"] = "qwen3",
        ["vocab_size"] = vocabulary,
        ["hidden_size"] = size.Width,
        ["intermediate_size"] = size.Inner,
        ["num_hidden_layers"] = size.Layers,
        ["num_attention_heads"] = size.Heads,
        ["num_key_value_heads"] = size.Heads,
        ["head_dim"] = size.Width / size.Heads,
        ["max_position_embeddings"] = Context,
        ["rms_norm_eps"] = 1e-6,
        ["rope_theta"] = 10000.0,
        ["tie_word_embeddings"] = false,
        ["hidden_act"] = "silu",
        ["attention_bias"] = false,
        ["bos_token_id"] = null,
        ["eos_token_id"] = 0,
        ["pad_token_id"] = 0,
        ["torch_dtype"] = "bfloat16",
    });

    /// <summary>A new model with random weights: matrices uniform by fan-in, output projections zero, embeddings N(0, 0.02²).</summary>
    public static LanguageModel Create(SeedSize size, int vocabulary, RandomStream random)
    {
        LanguageModel model = new(CreateConfig(size, vocabulary));
        // With gain h^(1/4), h the size of a head, logits are q·k·h^(-1/4) of unit vectors, as in the recipe followed.
        float gain = MathF.Sqrt(MathF.Sqrt(size.Width / size.Heads));
        ModelInit.Randomise(model, random, new InitOptions { UniformFanIn = true, ZeroOutputs = true, EmbeddingDeviation = 1, QueryGain = gain });
        return model;
    }

    private static bool IsOneWord(string word) => word.Length > 0 && !word.Any(char.IsWhiteSpace) && !word.Any(char.IsAsciiDigit) && IsOnePiece(word);

    private static bool IsOnePiece(string word) => word.All(char.IsAsciiLetter) || !word.Any(char.IsAsciiLetterOrDigit);
}
