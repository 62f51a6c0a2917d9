using Hone.Core;
using Hone.Models.Decoder;
using Hone.Models.Templates;
using Hone.Models.Tokenizers;

namespace Hone.Models.Loading;

/// <summary>A model and what came with it.</summary>
public sealed class LoadedModel
{
    private readonly Lazy<ConversationRenderer?> renderer;

    /// <param name="model">The decoder.</param>
    /// <param name="generation">How its makers suggest to generate; null takes what the settings say.</param>
    /// <param name="tokenizer">Null for a model that works by ids only.</param>
    public LoadedModel(LanguageModel model, GenerationDefaults? generation = null, Tokenizer? tokenizer = null)
    {
        (Model, Generation, Tokenizer) = (model, generation ?? GenerationDefaults.Of(model.Config), tokenizer);
        renderer = new(() => Tokenizer is null ? null : ConversationRenderer.TryFor(Tokenizer));
    }

    public LanguageModel Model { get; }

    /// <summary>How its makers suggest to generate.</summary>
    public GenerationDefaults Generation { get; }

    /// <summary>Null when none was found beside the weights.</summary>
    public Tokenizer? Tokenizer { get; }

    /// <summary>Where it was loaded from; empty for a model made in memory.</summary>
    public string Path { get; init; } = "";

    /// <summary>Turns conversations into prompts; null when the model has no chat template.</summary>
    /// <exception cref="HoneException">The template is malformed.</exception>
    public ConversationRenderer? Renderer => renderer.Value;

    /// <summary>The tokenizer, for callers that cannot do without.</summary>
    /// <exception cref="HoneException">There is none.</exception>
    public Tokenizer RequireTokenizer() => Tokenizer
        ?? throw new HoneException($"{Path}: no tokenizer was found with the model, so text cannot be read or written. Add its tokenizer.json, or give token ids.");

    /// <summary>The renderer, for callers that cannot do without.</summary>
    /// <exception cref="HoneException">There is none.</exception>
    public ConversationRenderer RequireRenderer() => Renderer
        ?? throw new HoneException($"{Path}: the model has no chat template, so it cannot be given messages. Give a plain prompt.");
}
