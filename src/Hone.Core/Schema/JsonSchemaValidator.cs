using System.Text.Json.Nodes;

namespace Hone.Core.Schema;

/// <summary>
/// JSON Schema 2020-12 and draft 7, without fetching, with exact decimal numbers, lengths in code points, patterns as
/// searches in ECMA-262's dialect, and <c>format</c> as a note that is not checked. Safe for several threads.
/// </summary>
public sealed class JsonSchemaValidator
{
    private readonly SchemaDocument document;
    private readonly PatternCache patterns = new();

    /// <summary>Reads a schema.</summary>
    /// <exception cref="HoneException">Not a schema.</exception>
    public JsonSchemaValidator(JsonNode? schema, SchemaDraft? draft = null) : this(new SchemaDocument(schema, draft)) { }

    /// <summary>Over a document already read.</summary>
    public JsonSchemaValidator(SchemaDocument document) => this.document = document;

    /// <summary>Whether the value meets the schema.</summary>
    /// <exception cref="HoneException">The schema is malformed or refers to what is not there.</exception>
    public bool IsValid(JsonNode? value) => Run(document.Root, value).Count == 0;

    /// <summary>Every way in which the value fails; anyOf and oneOf count once each.</summary>
    /// <exception cref="HoneException">The schema is malformed or refers to what is not there.</exception>
    public IReadOnlyList<SchemaError> Validate(JsonNode? value) => Run(document.Root, value);

    /// <summary>Whether the value meets one subschema of the document.</summary>
    public bool IsValidAgainst(JsonNode subschema, JsonNode? value) => Run(subschema, value).Count == 0;

    /// <summary>Whether a pattern, as <c>pattern</c> and <c>patternProperties</c> use it, is found in a text.</summary>
    /// <exception cref="HoneException">The pattern is malformed.</exception>
    public bool Matches(string pattern, string text) => patterns.IsMatch(pattern, text);

    private List<SchemaError> Run(JsonNode schema, JsonNode? value)
    {
        SchemaEvaluation evaluation = new(document, patterns);
        evaluation.Check(schema, value, "", "");
        return evaluation.Errors;
    }
}
