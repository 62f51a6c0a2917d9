using System.Globalization;

namespace Hone.Core.Recipes;

/// <summary>Names the kind of recipe file that binds to this options record: the value of the file's <c>recipe</c> key.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class RecipeAttribute(string name) : Attribute
{
    public string Name { get; } = name;
}

/// <summary>
/// Makes a class available under a name in recipes: <c>{ use: name, ... }</c> wherever one of its interfaces is asked for.
/// The class has one public constructor: with its options record, or without parameters.
/// </summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class ComponentAttribute(string name) : Attribute
{
    public string Name { get; } = name;
}

/// <summary>Another name under which an option may be written.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Parameter, AllowMultiple = true)]
public sealed class AliasAttribute(string name) : Attribute
{
    public string Name { get; } = name;
}

/// <summary>What a number counts or measures, e.g. <c>tokens</c>, <c>bytes</c>, <c>share</c>; see <see cref="Quantity"/> for the suffixes it allows.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Parameter)]
public sealed class UnitAttribute(string name) : Attribute
{
    public string Name { get; } = name;
}

/// <summary>The allowed range of a number, or of every number in a list.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Parameter)]
public sealed class LimitsAttribute : Attribute
{
    public double AtLeast { get; init; } = double.NegativeInfinity;

    public double AtMost { get; init; } = double.PositiveInfinity;

    /// <summary>Like <see cref="AtLeast"/>, but the bound itself is not allowed.</summary>
    public double Above { get; init; } = double.NegativeInfinity;

    /// <summary>Like <see cref="AtMost"/>, but the bound itself is not allowed.</summary>
    public double Below { get; init; } = double.PositiveInfinity;

    /// <summary>Whether the value is allowed. NaN never is.</summary>
    public bool Allow(double value) =>
        value >= AtLeast && value <= AtMost
        && (value > Above || double.IsNegativeInfinity(Above)) && (value < Below || double.IsPositiveInfinity(Below));

    /// <summary>In words: <c>above 0 and at most 1</c>.</summary>
    public override string ToString()
    {
        List<string> parts = [];
        if (double.IsFinite(Above)) parts.Add($"above {Text(Above)}");
        if (double.IsFinite(AtLeast)) parts.Add($"at least {Text(AtLeast)}");
        if (double.IsFinite(Below)) parts.Add($"below {Text(Below)}");
        if (double.IsFinite(AtMost)) parts.Add($"at most {Text(AtMost)}");
        return string.Join(" and ", parts);
    }

    private static string Text(double value) => value.ToString(CultureInfo.InvariantCulture);
}

/// <summary>Options whose fields depend on each other: checked after they are bound.</summary>
public interface ICheckedOptions
{
    /// <summary>Throws when the combination makes no sense.</summary>
    /// <exception cref="HoneException">One clear line; the binder adds the place.</exception>
    /// <exception cref="ArgumentException">Likewise; the parameter's name is taken as the option's.</exception>
    void Check();
}
