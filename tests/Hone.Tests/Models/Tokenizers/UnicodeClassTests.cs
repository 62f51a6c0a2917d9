using System.Text.Json;
using Hone.Models.Tokenizers.Loading;
using Hone.Models.Tokenizers.Normalizers;
using Hone.Models.Tokenizers.Patterns;
using Hone.Models.Tokenizers.PreTokenizers;
using Hone.Models.Tokenizers.Unicode;

namespace Hone.Tests.Models.Tokenizers;

/// <summary>Every code point asked, as the golden file did.</summary>
public class UnicodeClassTests
{
    private static readonly Dictionary<string, Func<int, bool>> Ours = new()
    {
        ["Whitespace pre-tokenizer: word characters"] = CharacterClasses.IsWord,
        ["Whitespace pre-tokenizer: dropped as white space"] = c => Dropped("""{"type":"Whitespace"}""", c),
        ["WhitespaceSplit: white space"] = c => Dropped("""{"type":"WhitespaceSplit"}""", c),
        ["Digits: numeric"] = CharacterClasses.IsNumeric,
        ["BertPreTokenizer: punctuation"] = CharacterClasses.IsPunctuation,
        ["Punctuation: punctuation"] = CharacterClasses.IsPunctuation,
        ["BertNormalizer clean_text: removed"] = c => CharacterClasses.IsBertRemoved(c),
        ["BertNormalizer clean_text: becomes a space"] = c => !CharacterClasses.IsBertRemoved(c) && CharacterClasses.IsWhiteSpace(c),
        ["BertNormalizer handle_chinese_chars: spaced"] = CharacterClasses.IsChinese,
        ["BertNormalizer strip_accents: removed"] = CharacterClasses.IsBertAccent,
        ["StripAccents: removed"] = CharacterClasses.IsAccent,
        ["Nmt: removed"] = NmtNormalizer.IsRemoved,
        ["Nmt: becomes a space"] = c => c != ' ' && NmtNormalizer.IsSpace(c),
    };

    [Fact]
    public void All_28_classes_hold_the_same_code_points()
    {
        JsonElement classes = JsonDocument.Parse(File.ReadAllBytes(GoldenTokenizers.GoldenFile("unicode-classes.json"))).RootElement.GetProperty("classes");
        GoldenTokenizers.AllEqual(classes.EnumerateObject().Select(entry =>
        {
            CodePointSet expected = CodePointSet.Parse(entry.Value.GetString()!);
            Func<int, bool> ours = entry.Name.StartsWith("regex ", StringComparison.Ordinal) ? Pattern(entry.Name[6..]) : Ours[entry.Name];
            int[] different = [.. Enumerable.Range(0, 0x110000).Where(c => c is < 0xD800 or > 0xDFFF && expected.Contains(c) != ours(c))];
            return (entry.Name, "", string.Join(' ', different.Take(20).Select(c => c.ToString("X"))));
        }));
    }

    [Fact]
    public void Lower_case_of_new_letters()
    {
        JsonElement lower = JsonDocument.Parse(File.ReadAllBytes(GoldenTokenizers.GoldenFile("unicode-classes.json"))).RootElement.GetProperty("lowercase");
        GoldenTokenizers.AllEqual(lower.GetProperty("not_in_unicode_14").EnumerateObject().Concat(lower.GetProperty("more_than_one_code_point").EnumerateObject()).Select(entry =>
        {
            int first = CharacterClasses.ToLower(Convert.ToInt32(entry.Name, 16), out int second);
            return (entry.Name, entry.Value.GetString()!, second == 0 ? $"{first:X}" : $"{first:X} {second:X}");
        }));
    }

    private static Func<int, bool> Pattern(string pattern)
    {
        PatternNode root = PatternParser.Parse(pattern).Root;
        return ((SetNode)root).Set.Contains;
    }

    private static bool Dropped(string spec, int codePoint)
    {
        PreTokenizedText text = new(AlignedText.From(char.ConvertFromUtf32(codePoint), track: false));
        PreTokenizer.Read(JsonSpec.Parse(System.Text.Encoding.UTF8.GetBytes(spec), "spec"))!.Split(text);
        return text.Pieces.Count == 0;
    }
}
