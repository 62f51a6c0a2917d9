using System.Text.Json.Nodes;
using Hone.Inference;
using Hone.Inference.Chat;
using Hone.Server.Generation;
using Hone.Server.Http;

namespace Hone.Server.Endpoints;

/// <summary>A request to <c>/v1/chat/completions</c>, checked.</summary>
internal sealed record ChatRequest(ServedModel Model, ChatPlan Plan, GenerationRequest Generation, bool Streams, bool StreamsUsage)
{
    /// <exception cref="ApiException">A field is wrong; it is named.</exception>
    /// <exception cref="HoneException">The template or the form cannot be used.</exception>
    public static ChatRequest Read(JsonFields fields, ServerContext server)
    {
        ServedModel model = server.Models.Generating(fields.Text("model"));
        fields.Refuse("functions", "function_call", "audio", "web_search_options");
        if (fields.List("modalities") is { } modalities && !modalities.All(m => m is JsonValue v && v.TryGetValue(out string? text) && text == "text")) fields.Refuse("modalities");
        (bool streams, bool usage) = fields.Stream();
        JsonArray? tools = ToolFields.Tools(fields);
        ChatPlan plan = model.Chat!.Plan(new ChatAsk(ChatMessagesField.Read(fields))
        {
            Tools = tools,
            ToolChoice = ToolFields.Choice(fields, tools),
            ParallelCalls = fields.Flag("parallel_tool_calls", missing: true),
            Form = ReplyForms.Read(fields),
            TemplateContext = fields.Object("chat_template_kwargs"),
            ContinueFinalMessage = fields.Flag("continue_final_message"),
        });
        bool logProbs = fields.Flag("logprobs");
        int top = fields.Int("top_logprobs", 0, 20) ?? 0;
        if (top > 0 && !logProbs) throw ApiException.BadRequest("'top_logprobs' needs 'logprobs': true.", "top_logprobs");
        int? asked = fields.Int("max_completion_tokens", 1, int.MaxValue) ?? fields.Int("max_tokens", 1, int.MaxValue);
        GenerationRequest generation = new()
        {
            Prompt = plan.Prompt,
            Adapter = model.Adapter,
            Constraint = plan.Constraint,
            ShownTokens = plan.ShownTokens,
            Samples = fields.Int("n", 1, server.Options.MaxSamples) ?? 1,
            Sampling = SamplingFields.Read(fields, model.Chat.Loaded),
            MaxTokens = ContextLimit.MostTokens(server, model, plan.Prompt.Length, asked, server.Options.DefaultMaxTokens, "messages"),
            StopStrings = SamplingFields.Stops(fields),
            StopIds = SamplingFields.StopIds(fields, model.Chat.Host.Engine.EndIds),
            Seed = fields.Long("seed", long.MinValue, long.MaxValue) ?? server.NextSeed(),
            LogProbs = logProbs,
            TopLogProbs = top,
        };
        return new ChatRequest(model, plan, generation, streams, usage);
    }
}
