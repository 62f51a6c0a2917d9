using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Hone.Tests;

/// <summary>
/// Enough of a byte-level tokenizer to test what needs one: the bytes of every token, and the offsets of given ids in
/// their text, by decoding. Each token of a split character covers the whole character; bytes that the vocabulary lacks
/// have vanished without a token.
/// </summary>
internal sealed class ByteLevelVocabulary
{
    private readonly Dictionary<int, byte[]> bytes = [];
    private readonly HashSet<int> special = [];
    private readonly bool isNfc;

    public ByteLevelVocabulary(string tokenizerJson)
    {
        JsonNode file = JsonNode.Parse(File.ReadAllText(tokenizerJson))!;
        isNfc = (string?)file["normalizer"]?["type"] == "NFC";
        Dictionary<char, byte> letters = Letters();
        foreach ((string token, JsonNode? id) in file["model"]!["vocab"]!.AsObject())
            bytes[(int)id!] = token.All(letters.ContainsKey) ? [.. token.Select(c => letters[c])] : Encoding.UTF8.GetBytes(token);
        foreach (JsonNode? added in file["added_tokens"]!.AsArray())
        {
            bytes[(int)added!["id"]!] = Encoding.UTF8.GetBytes((string)added["content"]!);
            special.Add((int)added["id"]!);
        }
    }

    /// <summary>By id, what each token writes; null for added tokens.</summary>
    public byte[]?[] Tokens(int count) => [.. Enumerable.Range(0, count).Select(id => special.Contains(id) ? null : bytes.GetValueOrDefault(id))];

    public (int Start, int End)[] Offsets(string text, int[] ids)
    {
        List<byte> all = [];
        List<(int Start, int End)> placeOfByte = [];
        int character = 0;
        foreach (string piece in Pieces(text))
        {
            int length = piece.EnumerateRunes().Count();
            byte[] utf8 = Encoding.UTF8.GetBytes(isNfc ? Compose(piece) : piece);
            all.AddRange(utf8);
            placeOfByte.AddRange(Enumerable.Repeat((character, character + length), utf8.Length));
            character += length;
        }
        byte[] bytesOfText = [.. all];
        int at = 0;
        return [.. ids.Select(id =>
        {
            byte[] token = bytes[id];
            while (!bytesOfText.AsSpan(at).StartsWith(token)) at++;
            int start = placeOfByte[at].Start;
            at += token.Length;
            return (start, placeOfByte[at - 1].End);
        })];
    }

    // The one composition the conversations contain; the runtime composes nothing in invariant mode.
    private static string Compose(string piece) => piece == "e\u0301" ? "\u00e9" : piece;

    // Letters with the marks that belong to them, which NFC may join.
    private static IEnumerable<string> Pieces(string text)
    {
        string piece = "";
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (piece.Length > 0 && Rune.GetUnicodeCategory(rune) != UnicodeCategory.NonSpacingMark)
            {
                yield return piece;
                piece = "";
            }
            piece += rune.ToString();
        }
        if (piece.Length > 0) yield return piece;
    }

    // GPT-2's map of bytes to visible characters.
    private static Dictionary<char, byte> Letters()
    {
        Dictionary<char, byte> letters = [];
        int next = 256;
        for (int b = 0; b < 256; b++)
        {
            bool visible = b is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF);
            letters[(char)(visible ? b : next++)] = (byte)b;
        }
        return letters;
    }
}
