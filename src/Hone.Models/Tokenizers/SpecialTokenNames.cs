namespace Hone.Models.Tokenizers;

/// <summary>
/// What tokenizer_config.json, special_tokens_map.json or GGUF metadata say beyond the tokenizer itself. Null where nothing
/// is said.
/// </summary>
public sealed record SpecialTokenNames
{
    /// <summary>Token that begins a sequence.</summary>
    public string? Bos { get; init; }

    /// <summary>Token that ends a sequence.</summary>
    public string? Eos { get; init; }

    /// <summary>Token that fills short sequences.</summary>
    public string? Pad { get; init; }

    /// <summary>Token for unknown text.</summary>
    public string? Unk { get; init; }

    public string? Sep { get; init; }

    public string? Cls { get; init; }

    public string? Mask { get; init; }

    /// <summary>Whether encoding is meant to begin with <see cref="Bos"/>; what it does is up to the post-processor.</summary>
    public bool? AddBos { get; init; }

    /// <summary>Whether encoding is meant to end with <see cref="Eos"/>.</summary>
    public bool? AddEos { get; init; }

    /// <summary>Whether decoded text is meant to lose spaces before punctuation, see <see cref="Tokenizer.CleanUp"/>.</summary>
    public bool? CleanUpTokenizationSpaces { get; init; }

    /// <summary>Greatest number of tokens the model was made for.</summary>
    public int? ModelMaxLength { get; init; }

    /// <summary>The Jinja template of conversations.</summary>
    public string? ChatTemplate { get; init; }

    /// <summary>Further templates by name, e.g. <c>tool_use</c>; <c>default</c> is <see cref="ChatTemplate"/>.</summary>
    public IReadOnlyDictionary<string, string> NamedChatTemplates { get; init; } = new Dictionary<string, string>();

    /// <summary>The tokens under the names that chat templates know them by: <c>bos_token</c> and so on, as far as they exist.</summary>
    public IReadOnlyDictionary<string, string> ByVariable()
    {
        (string Name, string? Text)[] all =
        [
            ("bos_token", Bos), ("eos_token", Eos), ("pad_token", Pad), ("unk_token", Unk), ("sep_token", Sep), ("cls_token", Cls), ("mask_token", Mask),
        ];
        return all.Where(t => t.Text is not null).ToDictionary(t => t.Name, t => t.Text!, StringComparer.Ordinal);
    }
}
