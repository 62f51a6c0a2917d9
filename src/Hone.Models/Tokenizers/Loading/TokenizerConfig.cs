using System.Globalization;
using System.Text.Json;
using Hone.Core;

namespace Hone.Models.Tokenizers.Loading;

/// <summary>The files beside a tokenizer.json: tokenizer_config.json, special_tokens_map.json, chat_template.jinja.</summary>
internal static class TokenizerConfig
{
    /// <summary>Adds to <paramref name="parts"/> what the folder's files say.</summary>
    /// <exception cref="HoneException">A file is malformed.</exception>
    public static TokenizerParts Apply(TokenizerParts parts, string directory)
    {
        SpecialTokenNames names = parts.Names;
        List<AddedToken> added = [.. parts.AddedTokens];
        if (Open(directory, "special_tokens_map.json") is { } map) names = ReadTokens(map, names);
        if (Open(directory, "tokenizer_config.json") is { } config)
        {
            names = ReadTemplates(config, ReadSettings(config, ReadTokens(config, names)));
            AddMissing(config.Get("added_tokens_decoder"), added);
        }
        string template = Path.Combine(directory, "chat_template.jinja");
        if (File.Exists(template)) names = names with { ChatTemplate = File.ReadAllText(template) };
        return parts with { Names = names, AddedTokens = added };
    }

    public static void Write(Utf8JsonWriter writer, SpecialTokenNames names)
    {
        writer.WriteStartObject();
        writer.WriteString("tokenizer_class", "PreTrainedTokenizerFast");
        (string Key, string? Token)[] tokens = [("bos_token", names.Bos), ("eos_token", names.Eos), ("pad_token", names.Pad), ("unk_token", names.Unk), ("sep_token", names.Sep), ("cls_token", names.Cls), ("mask_token", names.Mask)];
        foreach ((string key, string? token) in tokens)
            if (token is not null) writer.WriteString(key, token);
        if (names.AddBos is { } bos) writer.WriteBoolean("add_bos_token", bos);
        if (names.AddEos is { } eos) writer.WriteBoolean("add_eos_token", eos);
        writer.WriteBoolean("clean_up_tokenization_spaces", names.CleanUpTokenizationSpaces ?? false);
        if (names.ModelMaxLength is { } length) writer.WriteNumber("model_max_length", length);
        if (names.ChatTemplate is not null) writer.WriteString("chat_template", names.ChatTemplate);
        writer.WriteEndObject();
    }

    private static JsonSpec? Open(string directory, string file)
    {
        string path = Path.Combine(directory, file);
        return File.Exists(path) ? JsonSpec.Parse(File.ReadAllBytes(path), path) : null;
    }

    private static SpecialTokenNames ReadTokens(JsonSpec spec, SpecialTokenNames names) => names with
    {
        Bos = Token(spec, "bos_token") ?? names.Bos,
        Eos = Token(spec, "eos_token") ?? names.Eos,
        Pad = Token(spec, "pad_token") ?? names.Pad,
        Unk = Token(spec, "unk_token") ?? names.Unk,
        Sep = Token(spec, "sep_token") ?? names.Sep,
        Cls = Token(spec, "cls_token") ?? names.Cls,
        Mask = Token(spec, "mask_token") ?? names.Mask,
    };

    /// <summary>A token is a string or an object with a member <c>content</c>.</summary>
    private static string? Token(JsonSpec spec, string name)
    {
        JsonSpec value = spec.Get(name);
        return value.Element.ValueKind == JsonValueKind.Object ? value.Text("content") : spec.OptionalText(name);
    }

    private static SpecialTokenNames ReadSettings(JsonSpec spec, SpecialTokenNames names) => names with
    {
        AddBos = Flag(spec, "add_bos_token"),
        AddEos = Flag(spec, "add_eos_token"),
        CleanUpTokenizationSpaces = Flag(spec, "clean_up_tokenization_spaces"),
        // "No limit" is written as 1e30, which is no length at all.
        ModelMaxLength = spec.Get("model_max_length") is { IsNull: false } length && length.AsNumber() <= int.MaxValue ? (int)length.AsNumber() : null,
    };

    private static bool? Flag(JsonSpec spec, string name) => spec.Get(name) is { IsNull: false } value ? value.AsFlag() : null;

    /// <summary>One template, or a list of <c>{"name", "template"}</c>.</summary>
    private static SpecialTokenNames ReadTemplates(JsonSpec spec, SpecialTokenNames names)
    {
        JsonSpec value = spec.Get("chat_template");
        if (value.IsNull) return names;
        if (value.Element.ValueKind == JsonValueKind.String) return names with { ChatTemplate = value.AsText() };
        Dictionary<string, string> named = new(StringComparer.Ordinal);
        foreach (JsonSpec item in value.Items()) named[item.Text("name")] = item.Text("template");
        return names with { ChatTemplate = named.GetValueOrDefault("default"), NamedChatTemplates = named };
    }

    private static void AddMissing(JsonSpec decoder, List<AddedToken> added)
    {
        if (decoder.IsNull) return;
        HashSet<string> known = [.. added.Select(t => t.Content)];
        foreach ((string key, JsonSpec value) in decoder.Members())
        {
            if (known.Contains(value.Text("content"))) continue;
            if (!int.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out int id) || id > 1 << 24) throw value.Error($"'{key}' is not a token id.");
            bool special = value.Flag("special", false);
            added.Add(new(id, value.Text("content"))
            {
                Special = special,
                Normalized = value.Flag("normalized", !special),
                LStrip = value.Flag("lstrip", false),
                RStrip = value.Flag("rstrip", false),
                SingleWord = value.Flag("single_word", false),
            });
        }
    }
}
