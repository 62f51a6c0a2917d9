using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Numerics;
using Hone.Core.Recipes;

namespace Hone.Cli.Options;

/// <summary>Makes options whose errors are sentences and whose help names the kind of value.</summary>
public static class CliOptions
{
    /// <summary>On or off.</summary>
    public static Option<bool> Flag(string name, string description) => new(name) { Description = description };

    /// <summary>Text, a path or a name; null when it is left out.</summary>
    public static Option<string?> Text(string name, string description, string valueName = "TEXT", bool isRequired = false) =>
        new(name) { Description = description, HelpName = valueName, Required = isRequired };

    /// <summary>Text that may be given several times.</summary>
    public static Option<string[]> Texts(string name, string description, string valueName = "TEXT") =>
        new(name) { Description = description, HelpName = valueName, DefaultValueFactory = _ => [], Arity = ArgumentArity.OneOrMore };

    /// <summary>A number with a default and a range.</summary>
    public static Option<T> Number<T>(string name, string description, T defaultValue, T min, T max) where T : struct, INumber<T> => new(name)
    {
        Description = description,
        HelpName = "N",
        DefaultValueFactory = _ => defaultValue,
        CustomParser = result => Parse(result, name, min, max) ?? defaultValue,
    };

    /// <summary>A number that may be left out.</summary>
    public static Option<T?> OptionalNumber<T>(string name, string description, T min, T max) where T : struct, INumber<T> => new(name)
    {
        Description = description,
        HelpName = "N",
        CustomParser = result => Parse(result, name, min, max),
    };

    /// <summary>One of an enumeration's names, written with dashes.</summary>
    public static Option<T> Choice<T>(string name, string description, T defaultValue) where T : struct, Enum
    {
        Option<T> option = new(name)
        {
            Description = description,
            HelpName = string.Join('|', Enum.GetNames<T>().Select(OptionKey.Kebab)),
            CustomParser = result => ParseName<T>(result, name),
            DefaultValueFactory = _ => defaultValue,
        };
        option.CompletionSources.Add([.. Enum.GetNames<T>().Select(OptionKey.Kebab)]);
        return option;
    }

    private static T? Parse<T>(ArgumentResult result, string name, T min, T max) where T : struct, INumber<T>
    {
        string text = result.Tokens[0].Value;
        bool isWhole = T.One / (T.One + T.One) == T.Zero;
        if (!T.TryParse(text, NumberStyles.Float | NumberStyles.AllowThousands, CultureInfo.InvariantCulture, out T number) || T.IsNaN(number))
            result.AddError($"{name}: '{text}' is not a {(isWhole ? "whole number" : "number")}");
        else if (number < min || number > max)
            result.AddError($"{name}: must be {Range(min, max)}, found {text}");
        else
            return number;
        return null;
    }

    private static string Range<T>(T min, T max) where T : INumber<T> =>
        T.IsPositiveInfinity(max) || max >= T.CreateSaturating(int.MaxValue) ? $"at least {min}" : $"from {min} to {max}";

    private static T ParseName<T>(ArgumentResult result, string name) where T : struct, Enum
    {
        string text = result.Tokens[0].Value;
        foreach (string known in Enum.GetNames<T>())
            if (OptionKey.Same(known, text)) return Enum.Parse<T>(known);
        string[] names = [.. Enum.GetNames<T>().Select(OptionKey.Kebab)];
        string hint = Names.Nearest(text, names) is { } near ? $". Did you mean '{near}'?" : "";
        result.AddError($"{name}: '{text}' is not one of {string.Join(", ", names)}{hint}");
        return default;
    }
}
