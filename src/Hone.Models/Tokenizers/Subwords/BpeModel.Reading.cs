using System.Text.Json;
using Hone.Models.Tokenizers.Loading;

namespace Hone.Models.Tokenizers.Subwords;

internal sealed partial class BpeModel
{
    /// <summary>Reads <c>$.model</c> of type BPE. Dropout is a matter of training and is left out.</summary>
    public static new BpeModel Read(JsonSpec spec)
    {
        BpeOptions options = new()
        {
            UnknownToken = spec.OptionalText("unk_token"),
            Prefix = spec.OptionalText("continuing_subword_prefix") ?? "",
            Suffix = spec.OptionalText("end_of_word_suffix") ?? "",
            FuseUnknown = spec.Flag("fuse_unk", false),
            ByteFallback = spec.Flag("byte_fallback", false),
            IgnoreMerges = spec.Flag("ignore_merges", false),
        };
        JsonSpec merges = spec.Get("merges");
        List<(string, string)> list = [.. merges.Items().Select(ReadMerge)];
        try
        {
            return new(Vocabulary.Read(spec.Get("vocab")), list, options);
        }
        catch (Core.HoneException error) when (error.Message.StartsWith("merges[", StringComparison.Ordinal))
        {
            throw new Core.HoneException($"{spec.Path}.{error.Message}");
        }
    }

    /// <summary>A merge is <c>"left right"</c> or, since version 0.20 of the reference, <c>["left", "right"]</c>.</summary>
    private static (string Left, string Right) ReadMerge(JsonSpec spec)
    {
        if (spec.Element.ValueKind == JsonValueKind.Array)
        {
            if (spec.Element.GetArrayLength() != 2) throw spec.Wrong("two tokens");
            return (spec.At(0).AsText(), spec.At(1).AsText());
        }
        string text = spec.AsText();
        int space = text.IndexOf(' ', StringComparison.Ordinal);
        if (space <= 0 || space == text.Length - 1 || text.IndexOf(' ', space + 1) >= 0) throw spec.Wrong("two tokens with one space between them");
        return (text[..space], text[(space + 1)..]);
    }
}
