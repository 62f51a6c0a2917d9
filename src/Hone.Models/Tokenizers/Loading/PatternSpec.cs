using Hone.Core;
using Hone.Models.Tokenizers.Patterns;

namespace Hone.Models.Tokenizers.Loading;

/// <summary>Reads <c>{"String": ...}</c> or <c>{"Regex": ...}</c>.</summary>
internal static class PatternSpec
{
    public static TextPattern Read(JsonSpec spec)
    {
        if (spec.Get("String") is { IsNull: false } literal) return new LiteralPattern(literal.AsText());
        if (spec.Get("Regex") is not { IsNull: false } regex) throw spec.Error("expected a member 'String' or 'Regex'.");
        string pattern = regex.AsText();
        if (PieceScanner.For(pattern) is { } scanner) return new ScannerPattern(scanner);
        try
        {
            return new RegexPattern(pattern);
        }
        catch (HoneException error)
        {
            throw regex.Error(error.Message);
        }
    }
}
