using System.Collections;

namespace Hone.Core.Recipes;

/// <summary>Lists and dictionaries of recipes: which types count as one, and how they are made.</summary>
internal static class CollectionBinder
{
    private static readonly HashSet<Type> Lists =
        [typeof(IReadOnlyList<>), typeof(IReadOnlyCollection<>), typeof(IEnumerable<>), typeof(IList<>), typeof(List<>)];

    private static readonly HashSet<Type> Dictionaries =
        [typeof(IReadOnlyDictionary<,>), typeof(IDictionary<,>), typeof(Dictionary<,>)];

    /// <summary>The item type when this is a list or array type, else null.</summary>
    public static Type? ItemOfList(Type type)
    {
        if (type.IsArray) return type.GetElementType();
        return type.IsGenericType && Lists.Contains(type.GetGenericTypeDefinition()) ? type.GetGenericArguments()[0] : null;
    }

    /// <summary>The value type when this is a dictionary from text, else null.</summary>
    public static Type? ValueOfDictionary(Type type)
    {
        bool fits = type.IsGenericType && Dictionaries.Contains(type.GetGenericTypeDefinition()) && type.GetGenericArguments()[0] == typeof(string);
        return fits ? type.GetGenericArguments()[1] : null;
    }

    public static object MakeList(Type target, Type itemType, object?[] items)
    {
        Array array = Array.CreateInstance(itemType, items.Length);
        for (int i = 0; i < items.Length; i++) array.SetValue(items[i], i);
        return target.IsAssignableFrom(array.GetType()) ? array : Activator.CreateInstance(target, array)!;
    }

    public static IDictionary MakeDictionary(Type valueType) =>
        (IDictionary)Activator.CreateInstance(typeof(Dictionary<,>).MakeGenericType(typeof(string), valueType))!;
}
