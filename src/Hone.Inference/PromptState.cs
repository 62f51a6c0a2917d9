using Hone.Models.Decoder;

namespace Hone.Inference;

/// <summary>A prompt whose keys and values are computed once for all its samples.</summary>
/// <param name="request">What is asked for.</param>
/// <param name="cache">Empty.</param>
/// <param name="adapter">Number of the adapter it goes through.</param>
internal sealed class PromptState(GenerationRequest request, IKvCache cache, int adapter)
{
    private int waiting = request.Samples;

    public int[] Tokens { get; } = [.. request.Prompt];

    public IKvCache Cache { get; private set; } = cache;

    /// <summary>Number of the adapter; 0 for the base.</summary>
    public int Adapter => adapter;

    /// <summary>Logits after the last prompt token; null until the prompt was gone through.</summary>
    public float[]? Logits { get; set; }

    /// <summary>Starts from a cache that holds the beginning already.</summary>
    public void StartFrom(IKvCache beginning)
    {
        Cache.Dispose();
        Cache = beginning;
    }

    /// <summary>A cache for the next sample; the last one gets the prompt's own.</summary>
    public IKvCache Take() => --waiting == 0 ? Cache : Cache.Fork();
}
