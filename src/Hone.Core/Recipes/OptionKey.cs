using System.Text;
using System.Text.Json;

namespace Hone.Core.Recipes;

/// <summary>Spelling of option names: <c>learning_rate</c>, <c>learning-rate</c> and <c>learningRate</c> are one key.</summary>
public static class OptionKey
{
    /// <summary>How recipes write it: <c>LearningRate</c> becomes <c>learning_rate</c>.</summary>
    public static string Snake(string name) => JsonNamingPolicy.SnakeCaseLower.ConvertName(name);

    /// <summary>How the command line writes it: <c>LearningRate</c> becomes <c>learning-rate</c>.</summary>
    public static string Kebab(string name) => JsonNamingPolicy.KebabCaseLower.ConvertName(name);

    /// <summary>Whether two spellings mean the same option.</summary>
    public static bool Same(string a, string b) => Fold(a) == Fold(b);

    internal static string Fold(string key)
    {
        StringBuilder folded = new(key.Length);
        foreach (char c in key)
            if (c is not ('_' or '-')) folded.Append(char.ToLowerInvariant(c));
        return folded.ToString();
    }
}
