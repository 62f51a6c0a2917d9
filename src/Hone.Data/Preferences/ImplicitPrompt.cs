using System.Text.Json.Nodes;
using Hone.Core;

namespace Hone.Data.Preferences;

/// <summary>Pairs without a prompt: what chosen and rejected have in common at their start is the prompt.</summary>
public static class ImplicitPrompt
{
    /// <summary>
    /// The row with <c>prompt</c>, <c>chosen</c> and <c>rejected</c>; as it is where there is a prompt already. Texts: the longest
    /// common start, less one trailing space, which goes back to the answers. Conversations: the common turns. Where one is the
    /// start of the other the last common piece stays with the answers, so that neither is empty. Equal to TRL's extract_prompt.
    /// </summary>
    /// <exception cref="HoneException">chosen and rejected are of different kinds, or empty.</exception>
    public static Row Extract(Row row)
    {
        if (row.Has("prompt")) return row;
        JsonObject fields = (JsonObject)row.Fields.DeepClone();
        if (fields["chosen"] is JsonArray chosenTurns && fields["rejected"] is JsonArray rejectedTurns)
        {
            int common = Common(chosenTurns.Count, rejectedTurns.Count, i => JsonNode.DeepEquals(chosenTurns[i], rejectedTurns[i]));
            fields["prompt"] = Slice(chosenTurns, 0, common);
            fields["chosen"] = Slice(chosenTurns, common, chosenTurns.Count);
            fields["rejected"] = Slice(rejectedTurns, common, rejectedTurns.Count);
            return row with { Fields = fields };
        }
        (string chosen, string rejected) = (row.Text("chosen"), row.Text("rejected"));
        int length = Common(chosen.Length, rejected.Length, i => chosen[i] == rejected[i]);
        if (length > 0 && char.IsHighSurrogate(chosen[length - 1])) length--;
        if (length > 0 && chosen[length - 1] == ' ') length--;
        (fields["prompt"], fields["chosen"], fields["rejected"]) = (chosen[..length], chosen[length..], rejected[length..]);
        return row with { Fields = fields };
    }

    private static int Common(int first, int second, Func<int, bool> same)
    {
        int shorter = Math.Min(first, second), common = 0;
        while (common < shorter && same(common)) common++;
        return common == shorter ? Math.Max(0, common - 1) : common;
    }

    private static JsonArray Slice(JsonArray array, int start, int end) =>
        new([.. Enumerable.Range(start, end - start).Select(i => array[i]?.DeepClone())]);
}
