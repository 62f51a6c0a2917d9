using Hone.Core.ToolCalls;
using Hone.Models.Tokenizers;

namespace Hone.Methods.TlTraining;

/// <summary>Where in a call's tokens its name ends, which of them decide the tool, and which close a quoted value.</summary>
/// <param name="Ids">[tokens] of the call as it is written, without an end token.</param>
/// <param name="Keys">Places of key tokens.</param>
/// <param name="EndsOfValues">Places of tokens with a quote that closes a value.</param>
public sealed record CallTokens(int[] Ids, int[] Keys, int[] EndsOfValues)
{
    /// <summary>Looks at the tokens that the call really has: a name may be cut differently inside a call than by itself.</summary>
    /// <param name="tokenizer">The model's.</param>
    /// <param name="call">The call.</param>
    /// <param name="offered">Tools the model may choose from.</param>
    public static CallTokens Of(Tokenizer tokenizer, ToolCall call, IReadOnlyList<ToolDocument> offered)
    {
        string text = PythonCalls.Write(call);
        TokenEncoding encoding = Encode(tokenizer, text);
        int[] name = NameOf(encoding, call.Name);
        int[][] others = [.. offered.Where(t => t.Name != call.Name).Select(t => NameOf(Encode(tokenizer, t.Name + "("), t.Name))];
        HashSet<int> quotes = [.. ClosingQuotes(text)];
        int[] ends = [.. Enumerable.Range(0, encoding.Count).Where(i => Enumerable.Range(encoding.Offsets[i].Start, encoding.Offsets[i].End - encoding.Offsets[i].Start).Any(quotes.Contains))];
        int[] keys = KeyTokens.Positions(name, others);
        return new([.. encoding.Ids], keys, [.. ends.Except(keys)]);
    }

    /// <summary>Code points of quotes that stand before a comma or the closing bracket of the call.</summary>
    private static IEnumerable<int> ClosingQuotes(string text)
    {
        int place = 0, depth = 0;
        bool isInside = false, isEscaped = false;
        for (int i = 0; i < text.Length; i += char.IsSurrogatePair(text, i) ? 2 : 1, place++)
        {
            char c = text[i];
            if (isInside)
            {
                if (isEscaped) isEscaped = false;
                else if (c == '\\') isEscaped = true;
                else if (c == '"')
                {
                    isInside = false;
                    if (depth == 1) yield return place;
                }
                continue;
            }
            if (c == '"') isInside = true;
            else if (c is '(' or '[' or '{') depth++;
            else if (c is ')' or ']' or '}') depth--;
        }
    }

    private static int[] NameOf(TokenEncoding encoding, string name)
    {
        int length = name.EnumerateRunes().Count();
        return [.. Enumerable.Range(0, encoding.Count).Where(i => encoding.Offsets[i].Start < length && encoding.Offsets[i].End > 0).Select(i => encoding.Ids[i])];
    }

    private static TokenEncoding Encode(Tokenizer tokenizer, string text) => tokenizer.EncodeDetailed(text, options: new EncodeOptions { AddSpecialTokens = false });
}
