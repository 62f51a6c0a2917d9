using Hone.Core.Recipes;

namespace Hone.Inference.Caches;

/// <summary>Cache settings as one types them: <c>policy=snapkv,keep=0.25,bits=4,window=32</c>.</summary>
internal static class KvText
{
    private static readonly (string Key, Type Seam)[] Parts = [("policy", typeof(IKvPolicy)), ("allocate", typeof(IKvAllocator)), ("format", typeof(IKvFormat))];

    public static KvOptions Parse(string text, ComponentRegistry components, string source)
    {
        (string Key, string Value)[] pairs = [.. text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(pair => Split(pair, source))];
        Place place = new(source);
        // Parts first: the others may be options of theirs.
        RecipeOverride[] changes = [.. pairs.OrderBy(pair => IsPart(pair.Key) ? 0 : 1)
            .Select(pair => new RecipeOverride(Path(pair.Key, pairs, components), pair.Value, place))];
        return RecipeFile.FromOptions(changes).Bind<KvOptions>(components);
    }

    private static (string Key, string Value) Split(string pair, string source)
    {
        int equals = pair.IndexOf('=');
        return equals > 0 ? (pair[..equals].Trim(), pair[(equals + 1)..].Trim())
            : throw new HoneException($"{source}: '{pair}' is not key=value. Example: policy=snapkv,keep=0.25,bits=4.");
    }

    private static bool IsPart(string key) => Parts.Any(part => OptionKey.Same(part.Key, key));

    private static string Path(string key, (string Key, string Value)[] pairs, ComponentRegistry components)
    {
        if (OptionHelp.Of(typeof(KvOptions)).Any(option => OptionKey.Same(option.Path, key))) return key;
        foreach ((string part, Type seam) in Parts)
        {
            string? name = Array.Find(pairs, pair => OptionKey.Same(pair.Key, part)).Value;
            if (name is null || components.Find(seam, name).OptionsType is not { } options) continue;
            if (OptionHelp.Of(options).Any(option => OptionKey.Same(option.Path, key))) return $"{part}.{key}";
        }
        return key;
    }
}
