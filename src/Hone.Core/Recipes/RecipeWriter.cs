using System.Collections;
using System.Globalization;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Hone.Core.Recipes;

/// <summary>
/// Options back to JSON or YAML, with every default filled in: what a run writes into its folder. Binding the result again
/// gives equal options.
/// </summary>
public static class RecipeWriter
{
    /// <summary>The options as a JSON object with snake_case keys.</summary>
    public static JsonObject ToJson(object options)
    {
        JsonObject json = [];
        foreach (OptionSlot slot in OptionsShape.Of(options.GetType()).Slots)
            json[slot.Key] = Value(slot.Property.GetValue(options));
        return json;
    }

    /// <summary>The options as a recipe file.</summary>
    /// <param name="options">The options record.</param>
    /// <param name="kind">Value of the <c>recipe</c> key; null writes none.</param>
    public static string ToYaml(object options, string? kind = null)
    {
        StringWriter text = new();
        Emitter emitter = new(text, new EmitterSettings(2, int.MaxValue, false, 1024));
        emitter.Emit(new StreamStart());
        emitter.Emit(new DocumentStart(null, null, isImplicit: true));
        JsonObject json = [];
        if (kind is not null) json["recipe"] = kind;
        foreach ((string key, JsonNode? value) in ToJson(options)) json[key] = value?.DeepClone();
        Emit(emitter, json);
        emitter.Emit(new DocumentEnd(isImplicit: true));
        emitter.Emit(new StreamEnd());
        return text.ToString().Replace("\r\n", "\n");
    }

    private static JsonNode? Value(object? value) => value switch
    {
        null => null,
        string text => JsonValue.Create(text),
        bool flag => JsonValue.Create(flag),
        JsonNode json => json.DeepClone(),
        Enum name => JsonValue.Create(OptionKey.Kebab(name.ToString())),
        TimeSpan duration => JsonValue.Create(duration.TotalSeconds.ToString("R", CultureInfo.InvariantCulture) + "s"),
        double number => Number(number),
        float number => double.IsFinite(number) ? JsonValue.Create(number) : Number(number),
        Use use => Component(use),
        IDictionary map => new JsonObject(map.Keys.Cast<string>().Select(key => KeyValuePair.Create(key, Value(map[key])))),
        IEnumerable items => new JsonArray([.. items.Cast<object?>().Select(Value)]),
        IConvertible number when number.GetTypeCode() is >= TypeCode.SByte and <= TypeCode.Decimal => JsonNode.Parse(number.ToString(CultureInfo.InvariantCulture)),
        _ => ToJson(value),
    };

    private static JsonValue Number(double number) =>
        double.IsFinite(number) ? JsonValue.Create(number) : JsonValue.Create(number > 0 ? "inf" : number < 0 ? "-inf" : "nan");

    private static JsonObject Component(Use use)
    {
        JsonObject json = new() { ["use"] = use.Name };
        if (use.Options is not null)
            foreach ((string key, JsonNode? value) in ToJson(use.Options)) json[key] = value?.DeepClone();
        return json;
    }

    private static void Emit(Emitter emitter, JsonNode? node)
    {
        switch (node)
        {
            case JsonObject map:
                emitter.Emit(new MappingStart(AnchorName.Empty, TagName.Empty, true, map.Count == 0 ? MappingStyle.Flow : MappingStyle.Block));
                foreach ((string key, JsonNode? value) in map)
                {
                    EmitText(emitter, key);
                    Emit(emitter, value);
                }
                emitter.Emit(new MappingEnd());
                break;
            case JsonArray list:
                bool isFlat = list.All(item => item is JsonValue or null);
                emitter.Emit(new SequenceStart(AnchorName.Empty, TagName.Empty, true, isFlat ? SequenceStyle.Flow : SequenceStyle.Block));
                foreach (JsonNode? item in list) Emit(emitter, item);
                emitter.Emit(new SequenceEnd());
                break;
            case JsonValue text when text.GetValueKind() == System.Text.Json.JsonValueKind.String:
                EmitText(emitter, text.GetValue<string>());
                break;
            default:
                emitter.Emit(new Scalar(node?.ToJsonString() ?? "null"));
                break;
        }
    }

    private static void EmitText(Emitter emitter, string text)
    {
        ScalarStyle style = RecipeJson.NeedsQuotes(text) || text.AsSpan().ContainsAny('\n', '\r', '\t') ? ScalarStyle.DoubleQuoted : ScalarStyle.Any;
        emitter.Emit(new Scalar(AnchorName.Empty, TagName.Empty, text, style, isPlainImplicit: true, isQuotedImplicit: true));
    }
}
