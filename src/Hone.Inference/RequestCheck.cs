using Hone.Core;
using Hone.Models.Config;

namespace Hone.Inference;

/// <summary>Refuses requests that cannot be met, before any work is done for them.</summary>
internal static class RequestCheck
{
    /// <summary>Checks a request and gives the most tokens it can have: learned positions end the text where they end, rotary ones go on.</summary>
    /// <exception cref="HoneException">It cannot be met; the message says why.</exception>
    public static int MostTokens(GenerationRequest request, Engine engine)
    {
        if (request.Prompt.Count == 0) throw new HoneException("the prompt has no tokens. Start with at least one, such as the model's beginning-of-text token.");
        if (request.Samples < 1) throw new HoneException($"samples is {request.Samples}; expected 1 or more.");
        if (request.MaxTokens < 1) throw new HoneException($"the most tokens to generate is {request.MaxTokens}; expected 1 or more.");
        if (request.StopStrings.Any(string.IsNullOrEmpty)) throw new HoneException("a stop string is empty.");
        if (request.StopStrings.Count > 0 && engine.Tokenizer is null) throw new HoneException("stop strings need a tokenizer, which this model came without. Stop by token ids instead.");
        engine.Model.CheckTokens(request.Prompt);
        ModelConfig config = engine.Model.Config;
        if (config.Rope is not null) return request.MaxTokens;
        int room = config.MaxPositions - request.Prompt.Count + 1;
        return room > 0
            ? Math.Min(request.MaxTokens, room)
            : throw new HoneException($"the prompt has {request.Prompt.Count} tokens, the model has {config.MaxPositions} positions. Shorten the prompt.");
    }
}
