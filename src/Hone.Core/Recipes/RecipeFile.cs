using System.Text;

namespace Hone.Core.Recipes;

/// <summary>
/// A recipe: YAML that names what to run (<c>recipe: improve</c>) and sets any of its options. Options on the command line
/// change the same tree before it is bound.
/// </summary>
public sealed class RecipeFile
{
    private const long MaxBytes = 1 << 20;

    private readonly RecipeMap root;

    private RecipeFile(string path, RecipeMap root) => (Path, this.root) = (path, root);

    /// <summary>The file, as it was given; empty for a recipe made of options alone.</summary>
    public string Path { get; }

    /// <summary>The value of the <c>recipe</c> key; null when there is none.</summary>
    public string? Kind => (root.Find("recipe")?.Value as RecipeScalar)?.Text;

    /// <summary>Reads a file and changes it by the given options.</summary>
    /// <exception cref="HoneException">No such file, not YAML, not a map, or an override that does not fit.</exception>
    public static RecipeFile Load(string path, params IEnumerable<RecipeOverride> overrides)
    {
        FileInfo file = new(path);
        if (!file.Exists) throw new HoneException($"{path}: no such file. Give the path of a recipe (YAML).");
        if (file.Length > MaxBytes) throw new HoneException($"{path}: {file.Length} bytes; a recipe has at most {MaxBytes}.");
        return Parse(File.ReadAllText(path, Encoding.UTF8), path, overrides);
    }

    /// <summary>Like <see cref="Load"/>, from text.</summary>
    public static RecipeFile Parse(string yaml, string path, params IEnumerable<RecipeOverride> overrides)
    {
        RecipeNode node = RecipeParser.ParseFile(yaml, path);
        RecipeMap root = node as RecipeMap ?? (node is RecipeScalar { Text: null } ? new RecipeMap(node.Place)
            : throw node.Place.Error($"expected a map of options, found {node.Kind}."));
        foreach (RecipeOverride change in overrides) change.Apply(root);
        return new RecipeFile(path, root);
    }

    /// <summary>A recipe without a file: options from the command line alone.</summary>
    public static RecipeFile FromOptions(params IEnumerable<RecipeOverride> overrides) => FromOptions("command line", overrides);

    /// <summary>The same, from options that one option holds, which errors name.</summary>
    public static RecipeFile FromOptions(string source, params IEnumerable<RecipeOverride> overrides)
    {
        RecipeMap root = new(new Place(source));
        foreach (RecipeOverride change in overrides) change.Apply(root);
        return new RecipeFile(source, root);
    }

    /// <summary>Binds to an options record.</summary>
    /// <typeparam name="T">The options record.</typeparam>
    /// <param name="components">The names <c>use:</c> may give; needed only where the record has components.</param>
    /// <exception cref="HoneException">An unknown option, a wrong type, a value out of range, a required option left out, or a
    /// recipe of another kind than the record's; with file, line and column.</exception>
    public T Bind<T>(ComponentRegistry? components = null) where T : class => (T)Bind(typeof(T), components);

    /// <inheritdoc cref="Bind{T}"/>
    public object Bind(Type type, ComponentRegistry? components = null)
    {
        CheckKind(type);
        RecipeMap options = new(root.Place);
        options.Entries.AddRange(root.Entries.Where(entry => !OptionKey.Same(entry.Key, "recipe")));
        return new RecipeBinder(components ?? new ComponentRegistry()).Options(options, type, null);
    }

    private void CheckKind(Type type)
    {
        string? expected = (Attribute.GetCustomAttribute(type, typeof(RecipeAttribute)) as RecipeAttribute)?.Name;
        if (Kind is not { } kind || expected is null || OptionKey.Same(kind, expected)) return;
        throw root.Find("recipe")!.Value.Place.Error($"this is a recipe for '{kind}', expected one for '{expected}'.");
    }
}
