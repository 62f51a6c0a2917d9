using System.Text;
using System.Text.Json.Nodes;
using Hone.Inference;
using Hone.Models.Tokenizers;

namespace Hone.Server.Generation;

/// <summary>Log-probabilities in the two forms of OpenAI's protocol.</summary>
internal static class LogProbJson
{
    /// <summary>JSON has no infinity; a token that cannot come has this.</summary>
    private const float Impossible = -9999;

    /// <summary>An entry of <c>choices[].logprobs.content</c> in chat.</summary>
    public static JsonObject Chat(Tokenizer tokenizer, int token, TokenScore score)
    {
        JsonObject entry = Entry(tokenizer, token, score.LogProb);
        entry["top_logprobs"] = new JsonArray([.. score.Top.Select(t => (JsonNode)Entry(tokenizer, t.Token, t.LogProb))]);
        return entry;
    }

    /// <summary>The <c>logprobs</c> object of plain completions.</summary>
    /// <param name="tokenizer">Spells tokens.</param>
    /// <param name="tokens">Tokens with scores; NaN becomes null, as for a prompt's first token.</param>
    /// <param name="offset">Characters before the first of them.</param>
    public static JsonObject Completion(Tokenizer tokenizer, IEnumerable<(int Token, TokenScore Score)> tokens, int offset = 0)
    {
        JsonArray names = [], values = [], tops = [], offsets = [];
        foreach ((int token, TokenScore score) in tokens)
        {
            string text = Spell(tokenizer, token);
            names.Add(text);
            offsets.Add(offset);
            offset += text.Length;
            values.Add(float.IsNaN(score.LogProb) ? null : Finite(score.LogProb));
            JsonObject top = [];
            foreach ((int other, float logProb) in score.Top) top[Spell(tokenizer, other)] = Finite(logProb);
            top.TryAdd(text, Finite(score.LogProb)); // the token itself is always among them
            tops.Add(float.IsNaN(score.LogProb) ? null : top);
        }
        return new() { ["tokens"] = names, ["token_logprobs"] = values, ["top_logprobs"] = tops, ["text_offset"] = offsets };
    }

    /// <summary>A token's text; bytes that are no whole character become U+FFFD.</summary>
    public static string Spell(Tokenizer tokenizer, int token)
    {
        ReadOnlySpan<byte> bytes = tokenizer.BytesOf(token);
        return bytes.IsEmpty ? tokenizer.TokenOf(token) : Encoding.UTF8.GetString(bytes);
    }

    private static JsonObject Entry(Tokenizer tokenizer, int token, float logProb) => new()
    {
        ["token"] = Spell(tokenizer, token),
        ["logprob"] = Finite(logProb),
        ["bytes"] = new JsonArray([.. tokenizer.BytesOf(token).ToArray().Select(b => (JsonNode)b)]),
    };

    private static float Finite(float logProb) => float.IsFinite(logProb) ? logProb : Impossible;
}
