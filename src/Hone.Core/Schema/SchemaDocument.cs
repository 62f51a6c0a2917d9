using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Hone.Core.Schema;

/// <summary>Which edition of JSON Schema a schema is written in.</summary>
public enum SchemaDraft
{
    /// <summary>The current edition; what <c>$schema</c> does not say otherwise.</summary>
    Draft202012,

    /// <summary>Draft 7: keywords beside <c>$ref</c> are ignored, tuples are written <c>items: […]</c>.</summary>
    Draft7,
}

/// <summary>A schema with its references: finds what <c>$ref</c> points to inside the document. Nothing is ever fetched.</summary>
public sealed class SchemaDocument
{
    private const string DefaultBase = "schema:///document";

    private readonly Dictionary<string, JsonNode> places = new(StringComparer.Ordinal);
    private readonly Dictionary<JsonNode, string> bases = new(ReferenceEqualityComparer.Instance);

    /// <summary>Reads a document.</summary>
    /// <param name="root">An object, true or false.</param>
    /// <param name="draft">Null takes what <c>$schema</c> says.</param>
    /// <exception cref="HoneException">Not a schema.</exception>
    public SchemaDocument(JsonNode? root, SchemaDraft? draft = null)
    {
        if (root is not JsonObject && root?.GetValueKind() is not (JsonValueKind.True or JsonValueKind.False))
            throw new HoneException($"a JSON schema is an object, true or false; found {root?.ToJsonString() ?? "null"}.");
        Root = root;
        Draft = draft ?? (TextOf(root, "$schema") is { } name && name.Contains("draft-07", StringComparison.Ordinal) ? SchemaDraft.Draft7 : SchemaDraft.Draft202012);
        Index(root, DefaultBase, 0);
        places.TryAdd(bases.GetValueOrDefault(root, DefaultBase), root);
    }

    /// <summary>The whole schema.</summary>
    public JsonNode Root { get; }

    /// <summary>Its edition.</summary>
    public SchemaDraft Draft { get; }

    /// <summary>What a <c>$ref</c> of <paramref name="schema"/> points to.</summary>
    /// <exception cref="HoneException">Nothing in this document.</exception>
    public JsonNode Resolve(JsonObject schema, string reference)
    {
        string target = Join(bases.GetValueOrDefault(schema, DefaultBase), reference);
        if (places.TryGetValue(target, out JsonNode? found)) return found;
        int hash = target.IndexOf('#');
        string document = hash < 0 ? target : target[..hash], fragment = hash < 0 ? "" : target[(hash + 1)..];
        if (places.TryGetValue(document, out JsonNode? start) && (fragment.Length == 0 || fragment[0] == '/') && Follow(start, fragment) is { } node) return node;
        throw new HoneException($"$ref '{reference}' points to nothing in this schema. Only references within the document are followed.");
    }

    private static JsonNode? Follow(JsonNode start, string pointer)
    {
        JsonNode? node = start;
        foreach (string part in pointer.Split('/').Skip(1))
        {
            string key = Uri.UnescapeDataString(part).Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
            node = node switch
            {
                JsonObject fields => fields[key],
                JsonArray items => int.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out int i) && i < items.Count ? items[i] : null,
                _ => null,
            };
        }
        return node;
    }

    private void Index(JsonNode? node, string location, int depth)
    {
        if (depth > 500) throw new HoneException("a JSON schema is nested more than 500 deep.");
        if (node is JsonArray items)
            foreach (JsonNode? item in items) Index(item, location, depth + 1);
        if (node is not JsonObject fields) return;
        bool isReference = Draft == SchemaDraft.Draft7 && fields.ContainsKey("$ref");
        if (!isReference && TextOf(fields, "$id") is { } id)
        {
            string name = Join(location, id);
            places.TryAdd(name, fields);
            if (!id.StartsWith('#')) location = name.TrimEnd('#');
            places.TryAdd(location, fields);
        }
        foreach (string keyword in new[] { "$anchor", "$dynamicAnchor" })
            if (TextOf(fields, keyword) is { } anchor) places.TryAdd($"{location}#{anchor}", fields);
        bases[fields] = location;
        foreach ((string key, JsonNode? value) in fields)
            if (key is not ("const" or "enum")) Index(value, location, depth + 1);
    }

    private static string Join(string location, string reference)
    {
        if (reference.StartsWith('#')) return reference == "#" ? location : location + reference;
        if (Uri.TryCreate(reference, UriKind.Absolute, out Uri? absolute) && !reference.StartsWith('/')) return absolute.OriginalString;
        return Uri.TryCreate(location, UriKind.Absolute, out Uri? start) && Uri.TryCreate(start, reference, out Uri? joined) ? joined.ToString() : reference;
    }

    private static string? TextOf(JsonNode? node, string key) =>
        (node as JsonObject)?[key] is JsonValue text && text.GetValueKind() == JsonValueKind.String ? text.GetValue<string>() : null;
}
