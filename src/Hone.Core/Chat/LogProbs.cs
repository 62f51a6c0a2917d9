using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;

namespace Hone.Core.Chat;

/// <summary>A token of a reply with its log-probability.</summary>
/// <param name="Token">Its text.</param>
/// <param name="LogProb">Natural logarithm of its probability.</param>
/// <param name="Top">The likeliest tokens at its place, best first; empty when none were asked for.</param>
public sealed record TokenLogProb(string Token, double LogProb, IReadOnlyList<(string Token, double LogProb)> Top);

/// <summary>
/// Log-probabilities through <see cref="IChatClient"/>, for judges that weigh answers and for confidence: asked for in the
/// options, found in the response, whether the model is local or at a server.
/// </summary>
public static class LogProbs
{
    /// <summary>Name of the additional property, in options and response.</summary>
    public const string Key = "hone.logprobs";

    /// <summary>Asks for the log-probability of each token of the reply and of the <paramref name="top"/> likeliest at its place.</summary>
    public static ChatOptions Ask(ChatOptions options, int top = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(top);
        options.AdditionalProperties ??= [];
        options.AdditionalProperties[Key] = top;
        return options;
    }

    /// <summary>Number of alternatives the options ask for; null when they ask for no log-probabilities.</summary>
    public static int? Asked(ChatOptions? options) =>
        options?.AdditionalProperties?.TryGetValue(Key, out object? value) == true ? Convert.ToInt32(value, System.Globalization.CultureInfo.InvariantCulture) : null;

    /// <summary>Stores log-probabilities in a response, as JSON so that it survives being written to disk.</summary>
    public static void Attach(ChatResponse response, IReadOnlyList<TokenLogProb> tokens)
    {
        response.AdditionalProperties ??= [];
        response.AdditionalProperties[Key] = ToJson(tokens);
    }

    /// <summary>The same form for an update of a stream.</summary>
    public static JsonElement ToJson(IReadOnlyList<TokenLogProb> tokens)
    {
        JsonArray list = [.. tokens.Select(t => (JsonNode)new JsonArray(t.Token, t.LogProb, new JsonArray([.. t.Top.Select(a => (JsonNode)new JsonArray(a.Token, a.LogProb))])))];
        return JsonSerializer.SerializeToElement(list);
    }

    /// <summary>The log-probabilities of a response; null when it brought none.</summary>
    public static IReadOnlyList<TokenLogProb>? Of(ChatResponse response)
    {
        // Where a stream was put together they hang on the message.
        AdditionalPropertiesDictionary?[] places = [response.AdditionalProperties, .. response.Messages.Select(m => m.AdditionalProperties)];
        object? value = places.Select(place => place is not null && place.TryGetValue(Key, out object? found) ? found : null).FirstOrDefault(found => found is not null);
        if (value is not JsonElement { ValueKind: JsonValueKind.Array } list) return null;
        return [.. list.EnumerateArray().Select(t => new TokenLogProb(
            t[0].GetString()!, t[1].GetDouble(), [.. t[2].EnumerateArray().Select(a => (a[0].GetString()!, a[1].GetDouble()))]))];
    }
}
