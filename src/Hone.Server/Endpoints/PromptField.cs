using System.Text.Json.Nodes;
using Hone.Inference.Chat;
using Hone.Server.Http;

namespace Hone.Server.Endpoints;

/// <summary>Fields that hold one text, several, token ids, or several lists of them.</summary>
internal static class PromptField
{
    /// <summary>Each as token ids, with its text where it came as text.</summary>
    /// <exception cref="ApiException">Something else, too many, or an empty one.</exception>
    public static IReadOnlyList<(string? Text, int[] Ids)> Read(JsonFields fields, string name, ChatHost chat, int maxCount, bool addSpecialTokens) =>
        [.. Items(fields, name, maxCount).Select((item, i) =>
        {
            int[] ids = item as int[] ?? chat.Encode((string)item, addSpecialTokens);
            if (ids.Length == 0) throw ApiException.BadRequest($"'{name}' has no tokens (entry {i}).", name);
            int vocabulary = chat.Loaded.Model.Config.VocabularySize;
            return Array.Find(ids, id => (uint)id >= (uint)vocabulary) is var wrong and not 0
                ? throw ApiException.BadRequest($"'{name}' has the token id {wrong}; expected ids from 0 to {vocabulary - 1}.", name) : (item as string, ids);
        })];

    /// <summary>Each entry as text or ids.</summary>
    public static IReadOnlyList<object> Items(JsonFields fields, string name, int maxCount)
    {
        if (fields.Json[name] is JsonValue) return [fields.Text(name)!];
        if (fields.List(name) is not { Count: > 0 } list) throw ApiException.BadRequest($"'{name}' is missing or empty.", name);
        if (list.All(IsId)) return [Ids(list)];
        if (list.Count > maxCount) throw ApiException.BadRequest($"'{name}' must have at most {maxCount} entries.", name);
        return [.. list.Select(item => item switch
        {
            JsonValue value when value.TryGetValue(out string? text) => text,
            JsonArray ids when ids.All(IsId) => (object)Ids(ids),
            _ => throw fields.Wrong(name, "text, a list of texts, token ids, or lists of token ids"),
        })];
    }

    private static bool IsId(JsonNode? node) => node is JsonValue value && value.TryGetValue(out int _);

    private static int[] Ids(JsonArray list) => [.. list.Select(n => n!.GetValue<int>())];
}
