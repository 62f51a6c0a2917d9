using System.Text.Json.Nodes;
using Hone.Inference.Chat;
using Hone.Models.Tokenizers;
using Hone.Server.Generation;
using Hone.Server.Http;
using Microsoft.AspNetCore.Http;

namespace Hone.Server.Endpoints;

/// <summary><c>POST /tokenize</c>: the ids of a text or a conversation; <c>POST /detokenize</c>: the text of ids.</summary>
internal sealed class TokenizeEndpoint(ServerContext server)
{
    public async Task TokenizeAsync(HttpContext context)
    {
        JsonFields fields = await JsonBody.ReadAsync(context).ConfigureAwait(false);
        ServedModel model = server.Models.Generating(fields.Text("model"));
        Tokenizer tokenizer = model.Chat!.Tokenizer;
        string? prompt = fields.Text("prompt");
        if (prompt is null == (fields.Json["messages"] is null)) throw ApiException.BadRequest("give one of 'prompt' and 'messages'.", "prompt");
        JsonArray? tools = ToolFields.Tools(fields);
        int[] ids = prompt is not null
            ? model.Chat.Encode(prompt, fields.Flag("add_special_tokens", true))
            : model.Chat.Plan(new ChatAsk(ChatMessagesField.Read(fields)) { Tools = tools, TemplateContext = fields.Object("chat_template_kwargs") }).Prompt;
        await JsonResponse.WriteAsync(context, new JsonObject
        {
            ["count"] = ids.Length,
            ["max_model_len"] = server.MaxContext(model),
            ["tokens"] = new JsonArray([.. ids.Select(id => (JsonNode)id)]),
            ["token_strs"] = fields.Flag("return_token_strs") ? new JsonArray([.. ids.Select(id => (JsonNode)LogProbJson.Spell(tokenizer, id))]) : null,
        }).ConfigureAwait(false);
    }

    public async Task DetokenizeAsync(HttpContext context)
    {
        JsonFields fields = await JsonBody.ReadAsync(context).ConfigureAwait(false);
        Tokenizer tokenizer = server.Models.Generating(fields.Text("model")).Chat!.Tokenizer;
        JsonArray tokens = fields.List("tokens") ?? throw ApiException.BadRequest("'tokens' is missing.", "tokens");
        int[] ids = [.. tokens.Select(n => n is JsonValue value && value.TryGetValue(out int id) && (uint)id < (uint)tokenizer.VocabularySize ? id
            : throw fields.Wrong("tokens", $"a list of token ids below {tokenizer.VocabularySize}"))];
        await JsonResponse.WriteAsync(context, new JsonObject { ["prompt"] = tokenizer.Decode(ids, skipSpecialTokens: false) }).ConfigureAwait(false);
    }
}
