using Hone.Inference;
using Hone.Inference.Sampling;

namespace Hone.Methods.Rise;

/// <summary>The model spoils its own right steps, greedily.</summary>
/// <param name="model">The model.</param>
/// <param name="wording">How it is asked.</param>
public sealed class ModelErrorInjector(TextModel model, EditWording wording) : IErrorInjector
{
    private const int Spare = 24; // an edit may be longer than its original by so many tokens

    /// <inheritdoc/>
    public IReadOnlyList<Injection> Inject(IReadOnlyList<InjectionRequest> requests, CancellationToken cancellation)
    {
        IReadOnlyList<GenerationResult> replies = model.Engine.Generate([.. requests.Select(r => new GenerationRequest
        {
            Prompt = EditPrompt.Write(model, r, wording),
            MaxTokens = model.Tokenizer.Encode(r.Text, addSpecialTokens: false).Length + Spare,
            Sampling = SamplingOptions.Greedy,
            StopIds = model.Text.EndIds,
        })], cancellation: cancellation);
        return [.. replies.Select(r => EditPrompt.Read(r.Text, r.Finish != FinishReason.Length, wording))];
    }
}
