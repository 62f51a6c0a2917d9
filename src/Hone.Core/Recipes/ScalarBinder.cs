using System.Globalization;

namespace Hone.Core.Recipes;

/// <summary>Text to numbers, booleans, enumerations, durations and strings; and the words for what was expected.</summary>
internal static class ScalarBinder
{
    private static readonly HashSet<Type> Integers =
        [typeof(int), typeof(long), typeof(uint), typeof(ulong), typeof(short), typeof(ushort), typeof(byte), typeof(sbyte)];

    public static object Bind(RecipeNode node, Type type, OptionSlot slot)
    {
        if (node is not RecipeScalar { Text: { } text }) throw Wrong(node, type, slot);
        if (type == typeof(string)) return text;
        if (type.IsEnum) return Enumeration(node, type, text);
        return Parse(text, type, slot.Unit) ?? throw Wrong(node, type, slot);
    }

    /// <summary>The error for a value of the wrong type.</summary>
    public static HoneException Wrong(RecipeNode node, Type type, OptionSlot slot) =>
        node.Place.Error($"'{slot.Key}' must be {Expected(type, slot.Unit)}, found {node.Kind}.");

    /// <summary>A type in the reader's words.</summary>
    public static string Expected(Type type, string? unit = null)
    {
        Type plain = Nullable.GetUnderlyingType(type) ?? type;
        string of = unit switch { null => "", "share" => " (a share: 0.25 or 25%)", "bytes" => " of bytes (such as 64MiB)", _ => $" of {unit}" };
        if (plain == typeof(string)) return "text";
        if (plain == typeof(bool)) return "true or false";
        if (plain == typeof(TimeSpan)) return "a duration (such as 90s, 5m or 1.5h)";
        if (plain.IsEnum) return $"one of {string.Join(", ", EnumNames(plain))}";
        if (Integers.Contains(plain)) return $"a whole number{of}";
        if (plain == typeof(double) || plain == typeof(float) || plain == typeof(decimal)) return $"a number{of}";
        if (Use.IsUse(plain)) return "a component such as { use: name }";
        if (CollectionBinder.ValueOfDictionary(plain) is not null) return "a map of names to values";
        if (CollectionBinder.ItemOfList(plain) is { } item) return $"a list; each item {Expected(item, unit)}";
        return "a map of options";
    }

    /// <summary>How the values of an enumeration are written: <c>WarmupStableDecay</c> is <c>warmup-stable-decay</c>.</summary>
    public static IEnumerable<string> EnumNames(Type type) => Enum.GetNames(type).Select(OptionKey.Kebab);

    private static object Enumeration(RecipeNode node, Type type, string text)
    {
        string? name = Enum.GetNames(type).FirstOrDefault(name => OptionKey.Same(name, text));
        if (name is not null) return Enum.Parse(type, name);
        throw node.Place.Error(HoneException.Unknown(OptionKey.Snake(type.Name).Replace('_', ' '), text, EnumNames(type)).Message);
    }

    private static object? Parse(string text, Type type, string? unit)
    {
        if (type == typeof(bool)) return bool.TryParse(text, out bool flag) ? flag : null;
        if (type == typeof(TimeSpan)) return Quantity.ParseDuration(text);
        if (Integers.Contains(type)) return Integer(text, type, unit);
        if (Quantity.Parse(text, unit) is not { } number) return null;
        if (type == typeof(double)) return number;
        if (type == typeof(float)) return (float)number;
        if (type == typeof(decimal)) return decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out decimal exact) ? exact : null;
        throw new NotSupportedException($"Recipes cannot bind values of type {type}.");
    }

    private static object? Integer(string text, Type type, string? unit)
    {
        // Exact first: a 64-bit seed does not survive a detour through double.
        if (!Int128.TryParse(text.Replace("_", ""), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out Int128 whole))
        {
            if (Quantity.Parse(text, unit) is not { } number || number != Math.Floor(number) || Math.Abs(number) > 1e18) return null;
            whole = (Int128)number;
        }
        try
        {
            return type == typeof(ulong) ? checked((ulong)whole) : Convert.ChangeType(checked((long)whole), type, CultureInfo.InvariantCulture);
        }
        catch (OverflowException)
        {
            return null;
        }
    }
}
