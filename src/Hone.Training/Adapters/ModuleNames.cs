using System.Text.RegularExpressions;
using Hone.Core;

namespace Hone.Training.Adapters;

/// <summary>PEFT's rules for naming modules.</summary>
internal static class ModuleNames
{
    /// <summary>The module a parameter belongs to: its name without the last part.</summary>
    public static string Of(string parameter) => parameter[..Math.Max(0, parameter.LastIndexOf('.'))];

    /// <summary>Whether <paramref name="module"/> is <paramref name="name"/> or ends in it after a dot.</summary>
    public static bool EndsWith(string module, string name) =>
        module == name || module.EndsWith("." + name, StringComparison.Ordinal);

    /// <summary>Whether a regular expression covers the whole name.</summary>
    /// <exception cref="HoneException">The pattern is malformed, or takes too long on a short name.</exception>
    public static bool Matches(string module, string pattern)
    {
        try
        {
            return Regex.IsMatch(module, $"^(?:{pattern})$", RegexOptions.CultureInvariant, TimeSpan.FromSeconds(1));
        }
        catch (Exception error) when (error is ArgumentException or RegexMatchTimeoutException)
        {
            throw new HoneException($"'{pattern}' does not work as a pattern of module names: {error.Message}", error);
        }
    }

    /// <summary>The value of the first key, a regular expression, that the end of the name matches.</summary>
    public static T Lookup<T>(IReadOnlyDictionary<string, T> patterns, string module, T otherwise)
    {
        foreach ((string pattern, T value) in patterns)
            if (Regex.IsMatch(module, $@"(^|.*\.)(?:{pattern})$")) return value;
        return otherwise;
    }
}
