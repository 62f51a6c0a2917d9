using System.Globalization;
using System.Text.Json.Nodes;
using Hone.Inference.Sampling;
using Hone.Models.Loading;
using Hone.Server.Http;

namespace Hone.Server.Generation;

/// <summary>The fields that say how tokens are chosen: OpenAI's, and those that servers of open models add.</summary>
internal static class SamplingFields
{
    /// <summary>
    /// Where a field is missing the model's own suggestion holds (generation_config.json); where it suggests nothing, OpenAI's default, which
    /// is temperature 1.
    /// </summary>
    public static SamplingOptions Read(JsonFields fields, LoadedModel model)
    {
        SamplingOptions suggested = model.Generation.Sample ? SamplingDefaults.Of(model.Generation) : new SamplingOptions();
        return suggested with
        {
            Temperature = fields.Number("temperature", 0, 100) ?? suggested.Temperature,
            TopP = fields.Number("top_p", 0, 1) ?? suggested.TopP,
            TopK = fields.Int("top_k", -1, int.MaxValue) is { } topK ? Math.Max(topK, 0) : suggested.TopK,
            MinP = fields.Number("min_p", 0, 1) ?? suggested.MinP,
            RepetitionPenalty = fields.Number("repetition_penalty", 0.01, 100) ?? suggested.RepetitionPenalty,
            PresencePenalty = fields.Number("presence_penalty", -2, 2) ?? 0,
            FrequencyPenalty = fields.Number("frequency_penalty", -2, 2) ?? 0,
            MinNewTokens = fields.Int("min_tokens", 0, int.MaxValue) ?? 0,
            LogitBias = Bias(fields, model.Model.Config.VocabularySize),
        };
    }

    /// <summary>Texts that end a reply.</summary>
    public static IReadOnlyList<string> Stops(JsonFields fields)
    {
        IReadOnlyList<string> stops = fields.Texts("stop", 16);
        if (stops.Any(s => s.Length is 0 or > 1000)) throw ApiException.BadRequest("each text of 'stop' must have 1 to 1000 characters.", "stop");
        return stops;
    }

    /// <summary>Tokens that end a reply: none with <c>ignore_eos</c>, the model's and <c>stop_token_ids</c> otherwise; null for the model's.</summary>
    public static IReadOnlyCollection<int>? StopIds(JsonFields fields, IReadOnlyCollection<int> own)
    {
        int[] more = [.. (fields.List("stop_token_ids", 64) ?? []).Select(n => n is JsonValue value && value.TryGetValue(out int id) ? id : throw fields.Wrong("stop_token_ids", "a list of token ids"))];
        if (fields.Flag("ignore_eos")) return more;
        return more.Length == 0 ? null : [.. own, .. more];
    }

    private static Dictionary<int, float> Bias(JsonFields fields, int vocabulary)
    {
        Dictionary<int, float> bias = [];
        if (fields.Object("logit_bias") is not { } given) return bias;
        if (given.Count > 1024) throw ApiException.BadRequest("'logit_bias' must have at most 1024 entries.", "logit_bias");
        foreach ((string token, JsonNode? value) in given)
        {
            if (!int.TryParse(token, NumberStyles.None, CultureInfo.InvariantCulture, out int id) || id >= vocabulary)
                throw ApiException.BadRequest($"'logit_bias' has the key '{ApiException.Shorten(token)}'; expected token ids below {vocabulary}.", "logit_bias");
            bias[id] = (float)(new JsonFields(given, "logit_bias.").Number(token, -100, 100) ?? 0);
        }
        return bias;
    }
}
