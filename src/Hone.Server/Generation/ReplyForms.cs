using System.Text.Json.Nodes;
using Hone.Core.Schema;
using Hone.Inference.Chat;
using Hone.Server.Http;

namespace Hone.Server.Generation;

/// <summary>What a reply must look like: OpenAI's <c>response_format</c>, and the <c>guided_*</c> fields of servers of open models.</summary>
internal static class ReplyForms
{
    private const int MaxPatternLength = 10_000, MaxSchemaLength = 200_000;

    public static ReplyForm? Read(JsonFields fields)
    {
        ReplyForm[] forms = [.. new[] { Format(fields), Schema(fields), Pattern(fields), Choice(fields), Rules(fields) }.OfType<ReplyForm>()];
        return forms.Length <= 1 ? forms.FirstOrDefault() : throw ApiException.BadRequest("more than one form is given for the reply: use one of response_format, guided_json, guided_regex, guided_choice and guided_grammar.");
    }

    private static ReplyForm? Format(JsonFields fields)
    {
        if (fields.Fields("response_format") is not { } format) return null;
        switch (format.Text("type"))
        {
            case "text": return null;
            case "json_object": return ReplyForm.JsonObject;
            case "json_schema":
                JsonObject described = format.Object("json_schema") ?? throw ApiException.BadRequest("'response_format.json_schema' is missing.", "response_format");
                return OfSchema(described["schema"] ?? throw ApiException.BadRequest("'response_format.json_schema.schema' is missing.", "response_format"));
            default: throw ApiException.BadRequest("'response_format.type' must be text, json_object or json_schema.", "response_format");
        }
    }

    private static ReplyForm? Schema(JsonFields fields) => fields.Json["guided_json"] switch
    {
        null => null,
        JsonValue text when text.TryGetValue(out string? written) => OfSchema(Parse(written)),
        { } schema => OfSchema(schema),
    };

    private static JsonNode? Parse(string schema) =>
        JsonText.TryParse(schema, out JsonNode? node) ? node : throw ApiException.BadRequest("'guided_json' is not valid JSON.", "guided_json");

    private static ReplyForm OfSchema(JsonNode? schema)
    {
        int length = schema?.ToJsonString().Length ?? 0;
        return length <= MaxSchemaLength ? ReplyForm.JsonSchema(schema) : throw ApiException.BadRequest($"the JSON schema has {length} characters; at most {MaxSchemaLength} are allowed.");
    }

    private static ReplyForm? Pattern(JsonFields fields) => fields.Text("guided_regex", MaxPatternLength) is { } pattern ? ReplyForm.Regex(pattern) : null;

    private static ReplyForm? Choice(JsonFields fields)
    {
        if (!fields.Has("guided_choice")) return null;
        IReadOnlyList<string> choices = fields.Texts("guided_choice", 1024);
        return choices.Count > 0 && choices.All(c => c.Length is > 0 and <= 10_000) ? ReplyForm.Choice(choices) : throw fields.Wrong("guided_choice", "a list of texts, none of them empty");
    }

    private static ReplyForm? Rules(JsonFields fields) => fields.Text("guided_grammar", 100_000) is { } rules ? ReplyForm.Gbnf(rules) : null;
}
