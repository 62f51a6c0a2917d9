namespace Hone.Models.Templates;

/// <summary>Names in force: a chain, innermost first. Macros keep the chain of the place where they were defined.</summary>
internal sealed class Scope(Scope? parent)
{
    private Dictionary<string, JinjaValue>? names;

    public void Set(string name, JinjaValue value) => (names ??= new(StringComparer.Ordinal))[name] = value;

    public JinjaValue? Find(string name)
    {
        for (Scope? scope = this; scope is not null; scope = scope.Parent)
            if (scope.names is { } here && here.TryGetValue(name, out JinjaValue? value)) return value;
        return null;
    }

    private Scope? Parent { get; } = parent;
}
