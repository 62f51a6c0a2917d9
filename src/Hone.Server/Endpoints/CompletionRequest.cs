using Hone.Inference;
using Hone.Inference.Chat;
using Hone.Server.Generation;
using Hone.Server.Http;

namespace Hone.Server.Endpoints;

/// <summary>A request to <c>/v1/completions</c>, checked.</summary>
/// <param name="Model">The model.</param>
/// <param name="Generations">One per prompt.</param>
/// <param name="Texts">Each prompt as text, for echoing.</param>
/// <param name="GeneratesNothing">Whether the prompt is only to be scored.</param>
/// <param name="Echoes">Whether the prompt stands before each continuation.</param>
/// <param name="Streams">Whether it is answered by events.</param>
/// <param name="StreamsUsage">Whether the last event tells the usage.</param>
internal sealed record CompletionRequest(
    ServedModel Model, IReadOnlyList<GenerationRequest> Generations, IReadOnlyList<string> Texts, bool GeneratesNothing, bool Echoes, bool Streams, bool StreamsUsage)
{
    /// <summary>Continuations of each prompt.</summary>
    public int Samples => Generations[0].Samples;

    /// <exception cref="ApiException">A field is wrong; it is named.</exception>
    public static CompletionRequest Read(JsonFields fields, ServerContext server)
    {
        ServedModel model = server.Models.Generating(fields.Text("model"));
        ChatHost chat = model.Chat!;
        fields.Refuse("suffix");
        int samples = fields.Int("n", 1, server.Options.MaxSamples) ?? 1;
        if ((fields.Int("best_of", 1, server.Options.MaxSamples) ?? samples) != samples) throw ApiException.BadRequest("'best_of' other than 'n' is not supported here.", "best_of", "unsupported_parameter");
        bool echoes = fields.Flag("echo");
        (bool streams, bool usage) = fields.Stream();
        int? asked = fields.Int("max_tokens", 0, int.MaxValue);
        int? top = fields.Int("logprobs", 0, 20);
        long seed = fields.Long("seed", long.MinValue, long.MaxValue) ?? server.NextSeed();
        ReplyForm? form = ReplyForms.Read(fields);
        IReadOnlyList<(string? Text, int[] Ids)> prompts = PromptField.Read(fields, "prompt", chat, server.Options.MaxSamples, addSpecialTokens: fields.Flag("add_special_tokens", true));
        if (prompts.Count * samples > server.Options.MaxSamples) throw ApiException.BadRequest($"prompts times 'n' must be at most {server.Options.MaxSamples}.", "n");
        GenerationRequest common = new()
        {
            Prompt = [],
            Adapter = model.Adapter,
            Samples = samples,
            Sampling = SamplingFields.Read(fields, chat.Loaded),
            StopStrings = SamplingFields.Stops(fields),
            StopIds = SamplingFields.StopIds(fields, chat.Host.Engine.EndIds),
            Seed = seed,
            LogProbs = top is not null,
            TopLogProbs = top ?? 0,
        };
        return new CompletionRequest(model, [.. prompts.Select(prompt => common with
        {
            Prompt = prompt.Ids,
            Constraint = form is null ? null : chat.Grammars.Constraint(form),
            MaxTokens = asked == 0 && prompt.Ids.Length <= server.MaxContext(model) ? 1 // generates nothing, so the prompt may fill the context
                : ContextLimit.MostTokens(server, model, prompt.Ids.Length, asked, 16, "prompt"),
        })], [.. prompts.Select(p => p.Text ?? chat.Tokenizer.Decode(p.Ids))], asked == 0, echoes, streams, usage);
    }
}
