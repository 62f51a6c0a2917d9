using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Models.Text;

namespace Hone.Methods.TwoPlayerGames;

/// <summary>What the defender is shown.</summary>
internal static class GamePrompts
{
    /// <summary>
    /// The attack in the place of the seed's last turn; turns before it stay, and the earliest of them go first where the whole is too
    /// long. The attack itself is never cut. A plain seed becomes a plain question.
    /// </summary>
    public static int[] Tokens(ModelText text, Row seed, string attack, int maxLength)
    {
        if (seed.Fields["prompt"] is not JsonArray { Count: > 1 } turns || !text.HasTemplate) return text.Prompt(attack);
        JsonArray messages = [.. turns.SkipLast(1).Select(t => t?.DeepClone()), new JsonObject { ["role"] = "user", ["content"] = attack }];
        int[] ids = text.Prompt((JsonArray)messages.DeepClone());
        while (maxLength > 0 && ids.Length > maxLength && messages.Count > 1)
        {
            messages.RemoveAt(0);
            ids = text.Prompt((JsonArray)messages.DeepClone());
        }
        return ids;
    }
}
