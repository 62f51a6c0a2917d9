using System.Text.Json.Nodes;

namespace Hone.Models.Templates;

/// <summary>What a chat template is given, by the names transformers uses.</summary>
/// <param name="Messages">Objects with <c>role</c>, <c>content</c> and whatever else the template reads.</param>
public sealed record Conversation(JsonArray Messages)
{
    /// <summary>Tools on offer, as JSON schemas; null for none.</summary>
    public JsonArray? Tools { get; init; }

    /// <summary>Documents for retrieval templates; null for none.</summary>
    public JsonArray? Documents { get; init; }

    /// <summary>Ends the text with the start of an assistant turn.</summary>
    public bool AddGenerationPrompt { get; init; }

    /// <summary>Leaves the last message open, so that the model goes on with it.</summary>
    public bool ContinueFinalMessage { get; init; }

    /// <summary>Further names the template may read, such as <c>enable_thinking</c>; they win over the special tokens.</summary>
    public JsonObject? Context { get; init; }

    /// <summary>Index of the first message that may be trained on; assistant messages before it are only context.</summary>
    public int TrainFrom { get; init; }
}

/// <summary>A conversation as tokens.</summary>
/// <param name="Text">The rendered text.</param>
/// <param name="Ids">[tokens] ids.</param>
/// <param name="LossMask">[tokens] true where the model is to learn the token: what assistants say, end of turn included.</param>
public sealed record MaskedTokens(string Text, int[] Ids, bool[] LossMask);
