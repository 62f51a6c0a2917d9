using System.Reflection;

namespace Hone.Core.Recipes;

/// <summary>A component that recipes can name.</summary>
/// <param name="Name">The name after <c>use</c>.</param>
/// <param name="Seam">The interface it is asked for by.</param>
/// <param name="OptionsType">Its options record; null when it has none.</param>
/// <param name="Factory">Makes a new one from an options record (null when it has none).</param>
public sealed record ComponentInfo(string Name, Type Seam, Type? OptionsType, Func<object?, object> Factory);

/// <summary>
/// The names that recipes may use, by the interface they stand for. Filled by scanning for <see cref="ComponentAttribute"/>,
/// so a new component is one new file.
/// </summary>
public sealed class ComponentRegistry
{
    private readonly Dictionary<(Type Seam, string Name), ComponentInfo> components = [];

    /// <summary>Everything registered.</summary>
    public IReadOnlyCollection<ComponentInfo> All => components.Values;

    /// <summary>Adds every class marked with <see cref="ComponentAttribute"/>, under each interface of ours it implements.</summary>
    /// <exception cref="ArgumentException">Two components share a name and an interface, or one has no fitting constructor.</exception>
    public ComponentRegistry Scan(params IEnumerable<Assembly> assemblies)
    {
        foreach (Type type in assemblies.SelectMany(assembly => assembly.GetTypes()))
            if (type.GetCustomAttribute<ComponentAttribute>() is { } component)
                foreach (Type seam in Seams(type)) Add(Describe(component.Name, seam, type));
        return this;
    }

    /// <summary>Adds one component.</summary>
    /// <exception cref="ArgumentException">The name is taken.</exception>
    public void Add(ComponentInfo component)
    {
        if (!components.TryAdd((component.Seam, component.Name), component))
            throw new ArgumentException($"Two components are named '{component.Name}' for {component.Seam.Name}.");
    }

    /// <summary>The component of that name.</summary>
    /// <exception cref="HoneException">No such name; the message lists the known ones.</exception>
    public ComponentInfo Find(Type seam, string name)
    {
        if (components.TryGetValue((seam, name), out ComponentInfo? exact)) return exact;
        ComponentInfo[] known = [.. components.Values.Where(component => component.Seam == seam)];
        return known.FirstOrDefault(component => OptionKey.Same(component.Name, name))
            ?? throw HoneException.Unknown(Noun(seam), name, known.Select(component => component.Name));
    }

    /// <summary><c>IKvScorer</c> is called a "kv scorer" in messages.</summary>
    private static string Noun(Type seam)
    {
        string name = seam.IsInterface && seam.Name.StartsWith('I') ? seam.Name[1..] : seam.Name;
        return OptionKey.Snake(name).Replace('_', ' ');
    }

    private static IEnumerable<Type> Seams(Type type) =>
        type.GetInterfaces().Where(seam => seam.Namespace?.StartsWith("Hone.", StringComparison.Ordinal) == true);

    private static ComponentInfo Describe(string name, Type seam, Type type)
    {
        ConstructorInfo[] constructors = type.GetConstructors();
        if (constructors is not [{ } constructor] || constructor.GetParameters().Length > 1)
            throw new ArgumentException($"{type}: a component has one public constructor, with its options record or without parameters.");
        Type? options = constructor.GetParameters().FirstOrDefault()?.ParameterType;
        return new ComponentInfo(name, seam, options, o =>
            constructor.Invoke(BindingFlags.DoNotWrapExceptions, null, options is null ? [] : [o], null));
    }
}
