using System.Text.Json;

namespace Hone.Models.Tokenizers.Loading;

/// <summary>The components of tokenizer.json that do what SentencePiece does.</summary>
internal static class SentencePieceSpecs
{
    private const string Mark = "\u2581";

    private static readonly object SpaceToMark = new { type = "Replace", pattern = new { String = " " }, content = Mark };

    /// <summary>Spaces become U+2581, optionally with one in front.</summary>
    public static JsonElement Normalizer(bool prefix) => prefix
        ? Json(new { type = "Sequence", normalizers = new object[] { new { type = "Prepend", prepend = Mark }, SpaceToMark } })
        : Json(SpaceToMark);

    /// <summary>U+2581 becomes a space, bytes become characters, and the space in front vanishes.</summary>
    public static JsonElement Decoder(bool prefix)
    {
        object[] steps =
        [
            new { type = "Replace", pattern = new { String = Mark }, content = " " },
            new { type = "ByteFallback" },
            new { type = "Fuse" },
        ];
        if (prefix) steps = [.. steps, new { type = "Strip", content = " ", start = 1, stop = 0 }];
        return Json(new { type = "Sequence", decoders = steps });
    }

    /// <summary>Pre-tokenizer and decoder of unigram models.</summary>
    public static JsonElement Metaspace(bool prefix) =>
        Json(new { type = "Metaspace", replacement = Mark, prepend_scheme = prefix ? "always" : "never", split = true });

    /// <summary>The model's character map and, if asked, one space for several; nothing for neither.</summary>
    public static JsonElement UnigramNormalizer(byte[]? characterMap, bool removeExtraSpaces)
    {
        List<object> steps = [];
        if (characterMap is { Length: > 0 }) steps.Add(new { type = "Precompiled", precompiled_charsmap = Convert.ToBase64String(characterMap) });
        if (removeExtraSpaces)
        {
            steps.Add(new { type = "Strip", strip_left = true, strip_right = true });
            steps.Add(new { type = "Replace", pattern = new { Regex = " {2,}" }, content = " " });
        }
        return steps.Count == 0 ? default : Json(new { type = "Sequence", normalizers = steps });
    }

    /// <summary>Tokens before and after each text; nothing for neither.</summary>
    public static JsonElement Template(string? bos, int bosId, string? eos, int eosId)
    {
        if (bos is null && eos is null) return default;
        Dictionary<string, object> specials = new(StringComparer.Ordinal);
        if (bos is not null) specials[bos] = Special(bos, bosId);
        if (eos is not null) specials[eos] = Special(eos, eosId);
        object[] Framed(string sequence, int type) =>
        [
            .. bos is null ? [] : new[] { Piece("SpecialToken", bos, type) },
            Piece("Sequence", sequence, type),
            .. eos is null ? [] : new[] { Piece("SpecialToken", eos, type) },
        ];
        object[] single = Framed("A", 0), pair = [.. single, .. Framed("B", 1)];
        return Json(new { type = "TemplateProcessing", single, pair, special_tokens = specials });
    }

    private static object Special(string token, int id) => new { id = token, ids = new[] { id }, tokens = new[] { token } };

    private static object Piece(string kind, string id, int type) => new Dictionary<string, object> { [kind] = new { id, type_id = type } };

    private static JsonElement Json(object value) => JsonSerializer.SerializeToElement(value);
}
