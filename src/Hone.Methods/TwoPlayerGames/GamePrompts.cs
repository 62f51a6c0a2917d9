using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Models.Text;

namespace Hone.Methods.TwoPlayerGames;

/// <summary>What the players are shown.</summary>
internal static class GamePrompts
{
    /// <summary>Where a template takes the seed.</summary>
    public const string Place = "{{seed}}";

    private const string DefaultAttack = "Write one new question on a similar topic. Question: " + Place;

    /// <summary>What the adversary is asked.</summary>
    /// <param name="path">File with a template; empty for the default one.</param>
    /// <exception cref="HoneException">Missing, or without a place for the seed.</exception>
    public static string AttackTemplate(string path)
    {
        if (path.Length == 0) return DefaultAttack;
        if (!File.Exists(path)) throw new HoneException($"{path}: no such file. --attack-template takes a text file with {Place} in it.");
        string template = File.ReadAllText(path).TrimEnd('\n');
        return template.Contains(Place, StringComparison.Ordinal) ? template : throw new HoneException($"{path}: lacks {Place}, the question the adversary starts from.");
    }

    /// <summary>
    /// As the defender sees it: the attack in the place of the seed's last turn; turns before it stay, and the earliest of them go first where the whole is too
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
