using Hone.Core;
using Hone.Models.Tokenizers;

namespace Hone.Models.Templates;

public sealed partial class ConversationRenderer
{
    /// <summary>The renderer of a tokenizer that has a chat template; null when it has none.</summary>
    /// <exception cref="HoneException">The template is malformed.</exception>
    public static ConversationRenderer? TryFor(Tokenizer tokenizer, TemplateOptions? options = null) =>
        tokenizer.ChatTemplate is not { } template ? null : new(ChatTemplate.Parse(template), SpecialTokensOf(tokenizer), options)
        {
            ToolTemplate = tokenizer.Names.NamedChatTemplates.TryGetValue("tool_use", out string? forTools) ? ChatTemplate.Parse(forTools) : null,
        };

    /// <summary>The texts of a tokenizer's special tokens by the names templates use, as far as it has them.</summary>
    public static IReadOnlyDictionary<string, string> SpecialTokensOf(Tokenizer tokenizer)
    {
        SpecialTokenNames names = tokenizer.Names;
        (string Name, string? Text)[] tokens =
        [
            ("bos_token", names.Bos), ("eos_token", names.Eos), ("pad_token", names.Pad), ("unk_token", names.Unk),
            ("sep_token", names.Sep), ("cls_token", names.Cls), ("mask_token", names.Mask),
        ];
        return tokens.Where(t => t.Text is not null).ToDictionary(t => t.Name, t => t.Text!, StringComparer.Ordinal);
    }

    /// <summary>Token ids of a conversation, no special tokens added: those the template writes are recognised.</summary>
    /// <exception cref="HoneException">As for <see cref="Render"/>.</exception>
    public int[] Encode(Conversation conversation, Tokenizer tokenizer) => tokenizer.Encode(Render(conversation), addSpecialTokens: false);

    /// <summary>Tokens and loss mask of a conversation.</summary>
    /// <exception cref="HoneException">The spans are uncertain, or nothing or everything would be trained on.</exception>
    public MaskedTokens Tokenize(Conversation conversation, Tokenizer tokenizer) => Tokenize(conversation, text =>
    {
        TokenEncoding encoding = tokenizer.EncodeDetailed(text, options: new EncodeOptions { AddSpecialTokens = false });
        return ([.. encoding.Ids], [.. encoding.Offsets]);
    });
}
