using System.Globalization;
using Hone.Models.Tokenizers.Unicode;

namespace Hone.Models.Tokenizers.Patterns;

/// <summary>The named character classes of patterns: \p{...}, [:...:], \w, \d, \s, \h.</summary>
internal static class PatternClasses
{
    private static readonly Dictionary<string, Func<int, bool>> ByName = Build();

    /// <summary>A property name without regard to case, spaces, underscores and hyphens; null when unknown.</summary>
    public static Func<int, bool>? Find(string name)
    {
        string key = Key(name);
        if (ByName.TryGetValue(key, out Func<int, bool>? test)) return test;
        foreach ((string script, CodePointSet set) in UnicodeTables.Scripts)
            if (Key(script) == key) return set.Contains;
        return null;
    }

    /// <summary>The class behind a letter after a backslash, or null. Upper case means the complement.</summary>
    public static Func<int, bool>? Shorthand(char letter)
    {
        Func<int, bool>? test = char.ToLowerInvariant(letter) switch
        {
            's' => CharacterClasses.IsWhiteSpace,
            'w' => CharacterClasses.IsRegexWord,
            'd' => IsDigit,
            'h' => IsHexDigit,
            _ => null,
        };
        return test is not null && char.IsUpper(letter) ? c => !test(c) : test;
    }

    private static string Key(string name) =>
        string.Concat(name.Where(c => c is not (' ' or '_' or '-'))).ToLowerInvariant();

    private static bool IsDigit(int c) => CharacterClasses.Category(c) == UnicodeCategory.DecimalDigitNumber;

    private static bool IsHexDigit(int c) => c < 128 && char.IsAsciiHexDigit((char)c);

    private static Dictionary<string, Func<int, bool>> Build()
    {
        Dictionary<string, Func<int, bool>> names = [];
        AddCategories(names);
        CodePointSet han = UnicodeTables.Class("han");
        names["han"] = han.Contains;
        names["any"] = _ => true;
        names["ascii"] = c => c < 128;
        names["alpha"] = names["alphabetic"] = c => CharacterClasses.IsLetter(c) || CharacterClasses.Category(c) == UnicodeCategory.LetterNumber;
        names["digit"] = IsDigit;
        names["alnum"] = c => names["alpha"](c) || IsDigit(c);
        names["upper"] = names["uppercase"] = names["lu"];
        names["lower"] = names["lowercase"] = names["ll"];
        names["punct"] = c => names["p"](c) || (c < 128 && names["s"](c));
        names["space"] = names["whitespace"] = CharacterClasses.IsWhiteSpace;
        names["blank"] = c => c == '\t' || CharacterClasses.Category(c) == UnicodeCategory.SpaceSeparator;
        names["cntrl"] = names["cc"];
        names["xdigit"] = IsHexDigit;
        names["word"] = CharacterClasses.IsRegexWord;
        names["graph"] = c => !CharacterClasses.IsWhiteSpace(c) && !names["cc"](c) && !names["cn"](c) && !names["cs"](c);
        names["print"] = c => names["graph"](c) || CharacterClasses.Category(c) == UnicodeCategory.SpaceSeparator;
        return names;
    }

    private static void AddCategories(Dictionary<string, Func<int, bool>> names)
    {
        string[] codes = ["Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Co",
            "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Sm", "Sc", "Sk", "So", "Cn"];
        string[] words = ["UppercaseLetter", "LowercaseLetter", "TitlecaseLetter", "ModifierLetter", "OtherLetter", "NonspacingMark",
            "SpacingMark", "EnclosingMark", "DecimalNumber", "LetterNumber", "OtherNumber", "SpaceSeparator", "LineSeparator",
            "ParagraphSeparator", "Control", "Format", "Surrogate", "PrivateUse", "ConnectorPunctuation", "DashPunctuation",
            "OpenPunctuation", "ClosePunctuation", "InitialPunctuation", "FinalPunctuation", "OtherPunctuation", "MathSymbol",
            "CurrencySymbol", "ModifierSymbol", "OtherSymbol", "Unassigned"];
        for (int i = 0; i < codes.Length; i++)
        {
            UnicodeCategory category = (UnicodeCategory)i;
            names[Key(codes[i])] = names[Key(words[i])] = c => CharacterClasses.Category(c) == category;
        }
        (string Short, string Long)[] groups = [("l", "letter"), ("m", "mark"), ("n", "number"), ("p", "punctuation"), ("s", "symbol"), ("z", "separator"), ("c", "other")];
        foreach ((string letter, string word) in groups)
        {
            bool[] members = [.. codes.Select(code => char.ToLowerInvariant(code[0]) == letter[0])];
            names[letter] = names[word] = c => members[(int)CharacterClasses.Category(c)];
        }
        names["lc"] = c => CharacterClasses.Category(c) <= UnicodeCategory.TitlecaseLetter;
    }
}
