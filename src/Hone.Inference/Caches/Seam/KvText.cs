using Hone.Core.Recipes;

namespace Hone.Inference.Caches;

/// <summary>Cache settings as one types them: <c>policy=snapkv,keep=0.25,bits=4,window=32</c>.</summary>
internal static class KvText
{
    private static readonly (string Key, Type Seam)[] Parts = [("policy", typeof(IKvPolicy)), ("allocate", typeof(IKvAllocator)), ("format", typeof(IKvFormat))];

    public static KvOptions Parse(string text, ComponentRegistry components, string source)
    {
        (string Key, string Value)[] pairs = [.. text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(pair => Split(pair, source))];
        if (Value("format", pairs) is null && Value("bits", pairs) is "2" or "3" or "4" or "8") pairs = [.. pairs, ("format", "kivi")];
        Place place = new(source);
        // Parts first: the others may be options of theirs.
        RecipeOverride[] changes = [.. pairs.OrderBy(pair => IsPart(pair.Key) ? 0 : 1)
            .SelectMany(pair => Paths(pair.Key, pairs, components), (pair, path) => new RecipeOverride(path, pair.Value, place))];
        return RecipeFile.FromOptions(source, changes).Bind<KvOptions>(components);
    }

    private static (string Key, string Value) Split(string pair, string source)
    {
        int equals = pair.IndexOf('=');
        return equals > 0 ? (pair[..equals].Trim(), pair[(equals + 1)..].Trim())
            : throw new HoneException($"{source}: '{pair}' is not key=value. Example: policy=snapkv,keep=0.25,bits=4.");
    }

    private static bool IsPart(string key) => Parts.Any(part => OptionKey.Same(part.Key, key));

    private static string? Value(string key, (string Key, string Value)[] pairs) => Array.Find(pairs, pair => OptionKey.Same(pair.Key, key)).Value;

    /// <summary>Where a key belongs: to the settings themselves, else to the first part that has it; bits belong to both.</summary>
    private static IEnumerable<string> Paths(string key, (string Key, string Value)[] pairs, ComponentRegistry components)
    {
        bool own = OptionHelp.Of(typeof(KvOptions)).Any(option => OptionKey.Same(option.Path, key));
        if (own) yield return key;
        if (own && !OptionKey.Same(key, nameof(KvOptions.Bits))) yield break;
        foreach ((string part, Type seam) in Parts)
        {
            if (Value(part, pairs) is not { } name || components.Find(seam, name).OptionsType is not { } options) continue;
            if (!OptionHelp.Of(options).Any(option => OptionKey.Same(option.Path, key))) continue;
            yield return $"{part}.{key}";
            yield break;
        }
        if (!own) yield return key;
    }
}
