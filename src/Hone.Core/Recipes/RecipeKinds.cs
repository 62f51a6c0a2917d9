using System.Reflection;

namespace Hone.Core.Recipes;

/// <summary>The kinds of recipe there are: options records marked with <see cref="RecipeAttribute"/>, by name.</summary>
public static class RecipeKinds
{
    /// <summary>Every kind found in the assemblies.</summary>
    public static IReadOnlyDictionary<string, Type> In(params IEnumerable<Assembly> assemblies) =>
        assemblies.SelectMany(assembly => assembly.GetTypes())
            .Select(type => (type.GetCustomAttribute<RecipeAttribute>()?.Name, Type: type))
            .Where(pair => pair.Name is not null)
            .ToDictionary(pair => pair.Name!, pair => pair.Type);

    /// <summary>The options record a file binds to.</summary>
    /// <exception cref="HoneException">The file does not say its kind, or the kind is not known.</exception>
    public static Type Of(RecipeFile file, IReadOnlyDictionary<string, Type> kinds)
    {
        string kind = file.Kind ?? throw new HoneException($"{file.Path}:1: 'recipe' is missing: what to run, for example 'recipe: improve'.");
        return kinds.TryGetValue(kind, out Type? type) ? type
            : throw new HoneException($"{file.Path}: {HoneException.Unknown("recipe", kind, kinds.Keys).Message}");
    }
}
