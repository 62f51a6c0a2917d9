using System.Reflection;

namespace Hone.Cli;

/// <summary>The libraries of Hone beside the program: where methods, components, recipes and reproductions are looked for.</summary>
internal static class HoneAssemblies
{
    /// <summary>Loaded on first use; <c>hone --help</c> does without.</summary>
    public static IReadOnlyList<Assembly> All { get; } =
        [typeof(HoneAssemblies).Assembly, .. Directory.GetFiles(AppContext.BaseDirectory, "Hone.*.dll").Order(StringComparer.Ordinal)
            .Select(path => Path.GetFileNameWithoutExtension(path)!)
            .Where(name => !name.Contains("Tests") && !name.Contains("Benchmarks"))
            .Select(Assembly.Load)];

    /// <summary>Every class marked with an attribute, with the attribute.</summary>
    public static IEnumerable<(Type Type, T Attribute)> Marked<T>(IEnumerable<Assembly> assemblies) where T : Attribute =>
        from assembly in assemblies
        from type in assembly.GetTypes()
        let attribute = type.GetCustomAttribute<T>()
        where attribute is not null
        select (type, attribute);
}
