using Hone.Core;
using Hone.Inference.Chat;
using Hone.Inference.Embedding;
using Hone.Models.Loading;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;

namespace Hone.Inference;

/// <summary>Which models <see cref="HoneServices.AddHone"/> registers.</summary>
public sealed class HoneServiceOptions
{
    /// <summary>Chat model: a folder or file that <c>--model</c> takes; null for none.</summary>
    public string? Model { get; set; }

    /// <summary>Embedding model; null for none.</summary>
    public string? EmbeddingModel { get; set; }

    /// <summary>Threads, batch size, store of keys and values. Prompts are kept for later turns unless this says otherwise.</summary>
    public EngineOptions Engine { get; set; } = new() { PrefixTokens = 16_384, TakeTurns = true };
}

/// <summary>Hone as services of a .NET application.</summary>
public static class HoneServices
{
    /// <summary>
    /// Registers <see cref="IChatClient"/> and <c>IEmbeddingGenerator&lt;string, Embedding&lt;float&gt;&gt;</c>, as far as models are
    /// named. They are loaded when first asked for and live as long as the application.
    /// </summary>
    /// <exception cref="HoneException">No model is named.</exception>
    public static IServiceCollection AddHone(this IServiceCollection services, Action<HoneServiceOptions> configure)
    {
        HoneServiceOptions options = new();
        configure(options);
        if (options.Model is null && options.EmbeddingModel is null) throw new HoneException("AddHone was given no model. Set Model, EmbeddingModel or both.");
        if (options.Model is { } model) services.AddSingleton<IChatClient>(_ => new LocalChatClient(ModelLoader.Load(model), options.Engine));
        if (options.EmbeddingModel is { } embedding)
            services.AddSingleton<IEmbeddingGenerator<string, Embedding<float>>>(_ => new LocalEmbeddingGenerator(Embedder.Load(embedding, null, options.Engine.Workers), embedding));
        return services;
    }
}
