using System.Text.Json.Nodes;

namespace Hone.Core.Schema;

/// <summary>Keywords on objects.</summary>
internal sealed partial class SchemaEvaluation
{
    private void CheckObject(JsonObject schema, JsonObject value, string at, string path, Evaluated seen)
    {
        if (value.Count < Count(schema, "minProperties", path)) Fail("minProperties", at, $"{path}/minProperties", $"has {value.Count} properties, too few");
        if (value.Count > Count(schema, "maxProperties", path)) Fail("maxProperties", at, $"{path}/maxProperties", $"has {value.Count} properties, too many");
        foreach (string name in Names(schema["required"], "required", path))
            if (!value.ContainsKey(name)) Fail("required", at, $"{path}/required", $"property '{name}' is missing");
        CheckProperties(schema, value, at, path, seen);
        CheckNames(schema, value, at, path);
        CheckDependencies(schema, value, at, path, seen);
        if (IsDraft7 || !schema.TryGetPropertyValue("unevaluatedProperties", out JsonNode? rest)) return;
        bool allPass = true;
        foreach ((string name, JsonNode? member) in value)
            if (!seen.Properties.Contains(name)) allPass &= Passes(rest, member, $"{at}/{Escaped(name)}", $"{path}/unevaluatedProperties", out _);
        if (!allPass) Fail("unevaluatedProperties", at, $"{path}/unevaluatedProperties", "has properties that nothing describes");
        seen.Properties.UnionWith(value.Select(m => m.Key));
    }

    private void CheckProperties(JsonObject schema, JsonObject value, string at, string path, Evaluated seen)
    {
        JsonObject properties = Group(schema, "properties", path), byPattern = Group(schema, "patternProperties", path);
        HashSet<string> described = new(StringComparer.Ordinal);
        foreach ((string name, JsonNode? part) in properties)
        {
            if (!value.TryGetPropertyValue(name, out JsonNode? member)) continue;
            Check(part, member, $"{at}/{Escaped(name)}", $"{path}/properties/{Escaped(name)}");
            described.Add(name);
        }
        foreach ((string pattern, JsonNode? part) in byPattern)
        {
            foreach ((string name, JsonNode? member) in value)
            {
                if (!patterns.IsMatch(pattern, name)) continue;
                Check(part, member, $"{at}/{Escaped(name)}", $"{path}/patternProperties/{Escaped(pattern)}");
                described.Add(name);
            }
        }
        seen.Properties.UnionWith(described);
        if (!schema.TryGetPropertyValue("additionalProperties", out JsonNode? rest)) return;
        string[] extra = [.. value.Select(m => m.Key).Where(name => !described.Contains(name))];
        if (rest?.ToJsonString() == "false")
        {
            if (extra.Length > 0) Fail("additionalProperties", at, $"{path}/additionalProperties", $"property '{extra[0]}' is not allowed");
        }
        else
            foreach (string name in extra) Check(rest, value[name], $"{at}/{Escaped(name)}", $"{path}/additionalProperties");
        seen.Properties.UnionWith(extra);
    }

    private void CheckNames(JsonObject schema, JsonObject value, string at, string path)
    {
        if (!schema.TryGetPropertyValue("propertyNames", out JsonNode? names)) return;
        foreach ((string name, _) in value) Check(names, JsonValue.Create(name), at, $"{path}/propertyNames");
    }

    private void CheckDependencies(JsonObject schema, JsonObject value, string at, string path, Evaluated seen)
    {
        string[] keywords = IsDraft7 ? ["dependencies"] : ["dependentRequired", "dependentSchemas"];
        foreach (string keyword in keywords)
        {
            foreach ((string name, JsonNode? dependency) in Group(schema, keyword, path))
            {
                if (!value.ContainsKey(name)) continue;
                if (dependency is not JsonArray) seen.Add(Check(dependency, value, at, $"{path}/{keyword}/{Escaped(name)}"));
                else
                    foreach (string needed in Names(dependency, keyword, path))
                        if (!value.ContainsKey(needed)) Fail(keyword, at, $"{path}/{keyword}", $"property '{needed}' is missing, which '{name}' needs");
            }
        }
    }

    private static JsonObject Group(JsonObject schema, string keyword, string path)
    {
        if (!schema.TryGetPropertyValue(keyword, out JsonNode? node)) return [];
        return node as JsonObject ?? throw Malformed(path, $"{keyword} must be an object");
    }

    private static IEnumerable<string> Names(JsonNode? node, string keyword, string path)
    {
        if (node is null) return [];
        JsonArray list = node as JsonArray ?? throw Malformed(path, $"{keyword} must be a list of names");
        return list.Select(n => TextOf(n) ?? throw Malformed(path, $"{keyword} must be a list of names"));
    }
}
