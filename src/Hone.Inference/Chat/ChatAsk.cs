using System.Text.Json.Nodes;
using Hone.Core.ToolCalls;
using Hone.Inference.Sampling;

namespace Hone.Inference.Chat;

/// <summary>A chat request, whoever it comes from.</summary>
/// <param name="Messages">Objects with role, content and the like, as OpenAI writes them.</param>
public sealed record ChatAsk(JsonArray Messages)
{
    /// <summary>Tools on offer, as OpenAI writes them; null for none.</summary>
    public JsonArray? Tools { get; init; }

    public ToolChoice ToolChoice { get; init; }

    /// <summary>Whether a reply may hold several calls.</summary>
    public bool ParallelCalls { get; init; } = true;

    /// <summary>What the reply must look like where it calls no tool; null for anything.</summary>
    public ReplyForm? Form { get; init; }

    /// <summary>Further names the template may read, such as <c>enable_thinking</c>.</summary>
    public JsonObject? TemplateContext { get; init; }

    /// <summary>Goes on with the last message instead of answering it.</summary>
    public bool ContinueFinalMessage { get; init; }
}

/// <summary>What a chat request becomes for the engine, and how its reply is read.</summary>
public sealed record ChatPlan
{
    /// <summary>Token ids.</summary>
    public required int[] Prompt { get; init; }

    public ITokenConstraint? Constraint { get; init; }

    /// <summary>How calls are written in the reply; null when none are expected.</summary>
    public ToolCallFormat? Format { get; init; }

    /// <summary>The beginning of a call that was put at the prompt's end because the model must call; empty otherwise.</summary>
    public string Opening { get; init; } = "";

    /// <summary>What closes such a call.</summary>
    public string Closing { get; init; } = "";

    /// <summary>Special tokens the reply's text must show.</summary>
    public IReadOnlyCollection<int> ShownTokens { get; init; } = [];

    /// <summary>Whether the reply can only be a call.</summary>
    public bool MustCall { get; init; }

    /// <summary>A reader for one reply.</summary>
    public ReplyReader NewReader() => new(this);
}
