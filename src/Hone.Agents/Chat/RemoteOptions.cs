using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hone.Core.Chat;
using Microsoft.Extensions.AI;
using OpenAI.Chat;

namespace Hone.Agents.Chat;

/// <summary>Maps options that the official library does not know onto fields of the request, and log-probabilities back.</summary>
internal static class RemoteOptions
{
    /// <summary>A copy of the options that carries everything; null stays null.</summary>
    public static ChatOptions? Prepare(ChatOptions? options)
    {
        if (options is null || options.RawRepresentationFactory is not null) return options;
        int? top = LogProbs.Asked(options);
        KeyValuePair<string, object?>[] extra = [.. Extra(options)];
        if (top is null && extra.Length == 0) return options;
        ChatOptions copy = options.Clone();
        copy.TopK = null;
        copy.AdditionalProperties = null;
        copy.RawRepresentationFactory = _ => Raw(top, extra);
        return copy;
    }

    /// <summary>Puts the log-probabilities of a reply where <see cref="LogProbs.Of"/> finds them.</summary>
    public static void AttachLogProbs(ChatResponse response)
    {
        if (response.RawRepresentation is not ChatCompletion { ContentTokenLogProbabilities.Count: > 0 } completion) return;
        LogProbs.Attach(response, [.. completion.ContentTokenLogProbabilities.Select(t => new TokenLogProb(
            t.Token, t.LogProbability, [.. t.TopLogProbabilities.Select(a => (a.Token, (double)a.LogProbability))]))]);
    }

    private static IEnumerable<KeyValuePair<string, object?>> Extra(ChatOptions options)
    {
        if (options.TopK is { } topK) yield return new("top_k", topK);
        foreach (KeyValuePair<string, object?> entry in options.AdditionalProperties ?? [])
            if (entry.Key != LogProbs.Key) yield return entry;
    }

    private static ChatCompletionOptions Raw(int? top, KeyValuePair<string, object?>[] extra)
    {
        ChatCompletionOptions raw = new();
        if (top is not null) (raw.IncludeLogProbabilities, raw.TopLogProbabilityCount) = (true, top);
#pragma warning disable SCME0001 // the library's only way to fields it does not know
        foreach ((string name, object? value) in extra)
        {
            JsonNode? node = JsonSerializer.SerializeToNode(value, AIJsonUtilities.DefaultOptions);
            raw.Patch.Set(Encoding.UTF8.GetBytes($"$['{name.Replace("'", "\\'", StringComparison.Ordinal)}']"), Encoding.UTF8.GetBytes(node?.ToJsonString() ?? "null"));
        }
#pragma warning restore SCME0001
        return raw;
    }
}
