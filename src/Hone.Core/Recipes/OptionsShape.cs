using System.Collections.Concurrent;
using System.ComponentModel;
using System.Reflection;

namespace Hone.Core.Recipes;

/// <summary>
/// One option of an options record: what the binder, the writer and the help text know of it.
/// </summary>
public sealed class OptionSlot
{
    internal OptionSlot(PropertyInfo property, ParameterInfo? parameter)
    {
        (Property, Parameter) = (property, parameter);
        Key = OptionKey.Snake(property.Name);
        Aliases = [.. Attributes<AliasAttribute>().Select(alias => alias.Name)];
        Unit = Attributes<UnitAttribute>().FirstOrDefault()?.Name;
        Limits = Attributes<LimitsAttribute>().FirstOrDefault();
        IsNullable = IsNullableProperty(property);
        IsRequired = parameter is { HasDefaultValue: false }
            || property.IsDefined(typeof(System.Runtime.CompilerServices.RequiredMemberAttribute));
    }

    /// <summary>Name in recipes, e.g. <c>rows_per_step</c>.</summary>
    public string Key { get; }

    /// <summary>Other names it may be written under.</summary>
    public IReadOnlyList<string> Aliases { get; }

    public Type Type => Property.PropertyType;

    /// <summary>What a number counts or measures; null when it has no unit.</summary>
    public string? Unit { get; }

    /// <summary>The allowed range; null when every value is allowed.</summary>
    public LimitsAttribute? Limits { get; }

    /// <summary>Whether "no value" is a value.</summary>
    public bool IsNullable { get; }

    /// <summary>Whether it has to be given.</summary>
    public bool IsRequired { get; }

    /// <summary>The help text: a <see cref="DescriptionAttribute"/>, or else the doc comment; empty where there is neither.</summary>
    public string Description => Attributes<DescriptionAttribute>().FirstOrDefault()?.Description ?? DocComments.Of(Property);

    internal PropertyInfo Property { get; }

    internal ParameterInfo? Parameter { get; }

    internal bool Answers(string key) => OptionKey.Same(key, Key) || Aliases.Any(alias => OptionKey.Same(key, alias));

    private IEnumerable<T> Attributes<T>() where T : Attribute =>
        Property.GetCustomAttributes<T>().Concat(Parameter?.GetCustomAttributes<T>() ?? []);

    private static bool IsNullableProperty(PropertyInfo property)
    {
        if (property.PropertyType.IsValueType) return Nullable.GetUnderlyingType(property.PropertyType) is not null;
        return new NullabilityInfoContext().Create(property).WriteState != NullabilityState.NotNull;
    }
}

/// <summary>
/// What there is to set in an options record: the parameters of its constructor, then its other settable properties.
/// </summary>
public sealed class OptionsShape
{
    private static readonly ConcurrentDictionary<Type, OptionsShape> Known = new();

    private OptionsShape(Type type)
    {
        Type = type;
        Constructor = type.GetConstructors().MaxBy(constructor => constructor.GetParameters().Length)
            ?? throw new ArgumentException($"{type} has no public constructor, so a recipe cannot bind to it.");
        ParameterInfo[] parameters = Constructor.GetParameters();
        Slots = [.. parameters.Select(p => new OptionSlot(PropertyOf(p), p)), .. Settable(type, parameters).Select(p => new OptionSlot(p, null))];
        if (Slots.FirstOrDefault(slot => slot.Aliases.Count > 0 && IsOptions(slot.Type)) is { } nested)
            throw new ArgumentException($"{type}: '{nested.Key}' holds options of its own and cannot have an alias.");
    }

    public Type Type { get; }

    /// <summary>Every option, in the order of declaration.</summary>
    public IReadOnlyList<OptionSlot> Slots { get; }

    internal ConstructorInfo Constructor { get; }

    /// <summary>The shape of an options record.</summary>
    /// <exception cref="ArgumentException">The type cannot be bound: no public constructor, or a parameter without a property.</exception>
    public static OptionsShape Of(Type type) => Known.GetOrAdd(type, t => new OptionsShape(t));

    /// <summary>Whether values of this type are options of their own, rather than a value.</summary>
    public static bool IsOptions(Type type) =>
        type.IsClass && type != typeof(string) && !type.IsAbstract && !type.IsArray
        && type.Namespace?.StartsWith("System", StringComparison.Ordinal) != true && !Use.IsUse(type);

    /// <summary>An instance with every default, or null when the constructor needs a value.</summary>
    public object? Default()
    {
        if (Slots.Any(slot => slot.Parameter is { HasDefaultValue: false })) return null;
        return Constructor.Invoke(BindingFlags.DoNotWrapExceptions, null, [.. Slots.Where(s => s.Parameter is not null).Select(DefaultOf)], null);
    }

    internal static object? DefaultOf(OptionSlot slot) =>
        slot.Parameter!.DefaultValue ?? (slot.Type.IsValueType ? Activator.CreateInstance(slot.Type) : null);

    private PropertyInfo PropertyOf(ParameterInfo parameter) =>
        Type.GetProperty(parameter.Name!, BindingFlags.Public | BindingFlags.Instance | BindingFlags.IgnoreCase)
        ?? throw new ArgumentException($"{Type}: constructor parameter '{parameter.Name}' has no property of that name.");

    private static IEnumerable<PropertyInfo> Settable(Type type, ParameterInfo[] parameters) =>
        type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property =>
            property.SetMethod is { IsPublic: true } && property.GetIndexParameters().Length == 0
            && !parameters.Any(p => string.Equals(p.Name, property.Name, StringComparison.OrdinalIgnoreCase)));
}
