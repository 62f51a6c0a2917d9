using System.Collections;
using System.Reflection;
using System.Text.Json.Nodes;

namespace Hone.Core.Recipes;

/// <summary>
/// A recipe's tree to an options record. Values left out keep the record's defaults, also those a parent gives to a nested
/// record. Every error names the place of the value.
/// </summary>
internal sealed class RecipeBinder(ComponentRegistry components)
{
    /// <summary>Binds a map to an options record.</summary>
    /// <param name="map">The options that are given.</param>
    /// <param name="type">The record.</param>
    /// <param name="start">Where options that are not given come from; null for the record's own defaults.</param>
    public object Options(RecipeMap map, Type type, object? start)
    {
        OptionsShape shape = OptionsShape.Of(type);
        Dictionary<OptionSlot, RecipeEntry> given = Match(map, shape);
        foreach (OptionSlot slot in shape.Slots)
            if (start is null && slot.IsRequired && !given.ContainsKey(slot)) throw map.Place.Error(Missing(slot));
        return Construct(map, shape, given, start);
    }

    private object? Slot(OptionSlot slot, RecipeEntry entry, object? start)
    {
        object? current = start is null ? null : slot.Property.GetValue(start);
        object? value = Value(entry.Value, slot.Type, slot, current);
        if (slot.Limits is { } limits)
            foreach (double number in Numbers(value))
                if (!limits.Allow(number)) throw entry.Value.Place.Error($"'{slot.Key}' must be {limits}, found {entry.Value.Kind.Trim('\'')}.");
        return value;
    }

    private object? Value(RecipeNode node, Type type, OptionSlot slot, object? current)
    {
        if (node is RecipeScalar { Text: null })
            return slot.IsNullable ? null : throw ScalarBinder.Wrong(node, type, slot);
        Type target = Nullable.GetUnderlyingType(type) ?? type;
        if (Use.IsUse(target)) return Component(node, target, current as Use);
        if (typeof(JsonNode).IsAssignableFrom(target)) return Json(node, target, slot);
        if (CollectionBinder.ValueOfDictionary(target) is { } valueType) return Dictionary(node, target, valueType, slot);
        if (CollectionBinder.ItemOfList(target) is { } itemType) return List(node, target, itemType, slot);
        if (OptionsShape.IsOptions(target))
            return node is RecipeMap map ? Options(map, target, current) : throw ScalarBinder.Wrong(node, target, slot);
        return ScalarBinder.Bind(node, target, slot);
    }

    private object Component(RecipeNode node, Type useType, Use? current)
    {
        RecipeMap map = node as RecipeMap ?? Shorthand(node);
        if (map.Find("use") is not { Value: RecipeScalar { Text: { } name } named })
            throw map.Place.Error("'use' is missing: the name of the component, for example { use: name }.");
        ComponentInfo info = Find(named, useType.GetGenericArguments()[0], name);
        RecipeMap options = new(map.Place);
        options.Entries.AddRange(map.Entries.Where(entry => !OptionKey.Same(entry.Key, "use")));
        if (info.OptionsType is null && options.Entries is [{ } first, ..]) throw first.Place.Error($"'{info.Name}' has no options.");
        object? start = current?.Name == info.Name ? current.Options : null;
        object? bound = info.OptionsType is null ? null : Options(options, info.OptionsType, start);
        return Activator.CreateInstance(useType, BindingFlags.NonPublic | BindingFlags.Instance, null, [info.Name, bound, info.Factory], null)!;
    }

    private ComponentInfo Find(RecipeScalar named, Type seam, string name)
    {
        try
        {
            return components.Find(seam, name);
        }
        catch (HoneException error)
        {
            throw named.Place.Error(error.Message);
        }
    }

    private static RecipeMap Shorthand(RecipeNode node)
    {
        if (node is not RecipeScalar) throw node.Place.Error($"expected a component such as {{ use: name }}, found {node.Kind}.");
        RecipeMap map = new(node.Place);
        map.Set(new RecipeEntry("use", node.Place, node));
        return map;
    }

    private object List(RecipeNode node, Type target, Type itemType, OptionSlot slot)
    {
        IEnumerable<RecipeNode> items = node switch
        {
            RecipeList list => list.Items,
            RecipeScalar { Text: { } text } => text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
                .Select(item => new RecipeScalar(node.Place, item)),
            _ => throw ScalarBinder.Wrong(node, target, slot),
        };
        return CollectionBinder.MakeList(target, itemType, [.. items.Select(item => Value(item, itemType, slot, null))]);
    }

    private object Dictionary(RecipeNode node, Type target, Type valueType, OptionSlot slot)
    {
        if (node is not RecipeMap map) throw ScalarBinder.Wrong(node, target, slot);
        IDictionary dictionary = CollectionBinder.MakeDictionary(valueType);
        foreach (RecipeEntry entry in map.Entries) dictionary[entry.Key] = Value(entry.Value, valueType, slot, null);
        return dictionary;
    }

    private static JsonNode Json(RecipeNode node, Type target, OptionSlot slot)
    {
        JsonNode json = RecipeJson.Of(node)!;
        return target.IsInstanceOfType(json) ? json : throw ScalarBinder.Wrong(node, target, slot);
    }

    private static Dictionary<OptionSlot, RecipeEntry> Match(RecipeMap map, OptionsShape shape)
    {
        Dictionary<OptionSlot, RecipeEntry> given = [];
        foreach (RecipeEntry entry in map.Entries)
        {
            OptionSlot slot = shape.Slots.FirstOrDefault(slot => slot.Answers(entry.Key))
                ?? throw entry.Place.Error(HoneException.Unknown("option here", entry.Key, shape.Slots.Select(slot => slot.Key)).Message);
            if (given.TryGetValue(slot, out RecipeEntry? earlier) && earlier.IsOverride == entry.IsOverride)
                throw entry.Place.Error($"'{entry.Key}' and '{earlier.Key}' are the same option; give one of them.");
            if (earlier is not { IsOverride: true }) given[slot] = entry;
        }
        return given;
    }

    /// <summary>
    /// First the constructor, then the other properties, so that a nested record starts from what its parent's initialiser says.
    /// </summary>
    private object Construct(RecipeMap map, OptionsShape shape, Dictionary<OptionSlot, RecipeEntry> given, object? start)
    {
        object?[] arguments = [.. shape.Slots.Where(slot => slot.Parameter is not null).Select(slot =>
            given.TryGetValue(slot, out RecipeEntry? entry) ? Slot(slot, entry, start)
            : start is not null ? slot.Property.GetValue(start) : OptionsShape.DefaultOf(slot))];
        object options = Checked(map, given, () => shape.Constructor.Invoke(BindingFlags.DoNotWrapExceptions, null, arguments, null));
        foreach (OptionSlot slot in shape.Slots.Where(slot => slot.Parameter is null))
        {
            if (start is not null) slot.Property.SetValue(options, slot.Property.GetValue(start));
            if (!given.TryGetValue(slot, out RecipeEntry? entry)) continue;
            object? value = Slot(slot, entry, options);
            Checked(map, given, () => Set(slot, options, value));
        }
        Checked(map, given, () => Verified(options));
        return options;
    }

    private static object Set(OptionSlot slot, object options, object? value)
    {
        slot.Property.SetValue(options, value, BindingFlags.DoNotWrapExceptions, null, null, null);
        return options;
    }

    private static object Verified(object options)
    {
        (options as ICheckedOptions)?.Check();
        return options;
    }

    /// <summary>Gives what a record's own checks throw the place of the option they name, or else of the map.</summary>
    private static object Checked(RecipeMap map, Dictionary<OptionSlot, RecipeEntry> given, Func<object> construct)
    {
        try
        {
            return construct();
        }
        catch (ArgumentException error)
        {
            RecipeEntry? entry = given.FirstOrDefault(pair => error.ParamName is { } name && pair.Key.Answers(name)).Value;
            string text = error.Message.Split(" (Parameter '")[0].Split('\n')[0].TrimEnd('.');
            throw (entry?.Value.Place ?? map.Place).Error($"{(entry is null ? "" : $"'{entry.Key}': ")}{text}.");
        }
        catch (HoneException error)
        {
            throw map.Place.Error(error.Message);
        }
    }

    private static string Missing(OptionSlot slot)
    {
        string what = slot.Description.Length > 0 ? slot.Description : ScalarBinder.Expected(slot.Type, slot.Unit);
        return $"'{slot.Key}' is missing: {what.TrimEnd('.')}.";
    }

    private static IEnumerable<double> Numbers(object? value) => value switch
    {
        null or string => [],
        TimeSpan duration => [duration.TotalSeconds],
        IEnumerable items => items.Cast<object?>().SelectMany(Numbers),
        IConvertible number when number.GetTypeCode() is >= TypeCode.SByte and <= TypeCode.Decimal => [number.ToDouble(null)],
        _ => [],
    };
}
