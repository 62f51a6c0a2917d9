using System.Buffers;
using System.Runtime.InteropServices;
using Hone.Core;
using Hone.Inference.Sampling;
using Hone.Models.Decoder;
using Hone.Models.Tokenizers;

namespace Hone.Inference;

/// <summary>One continuation in the making.</summary>
internal sealed class RunningSequence
{
    private readonly GenerationRequest request;
    private readonly IReadOnlyCollection<int> endIds;
    private readonly int maxTokens;
    private readonly Sampler sampler;
    private readonly ITokenConstraint? constraint;
    private readonly StopText text;
    private readonly List<int> tokens;
    private readonly List<TokenScore>? scores;
    private int chosen;
    private TokenScore? chosenScore;

    /// <param name="request">What is asked for.</param>
    /// <param name="place">Indices of the request and of the sample in it.</param>
    /// <param name="prompt">The prompt, gone through.</param>
    /// <param name="endIds">Tokens that end it.</param>
    /// <param name="maxTokens">Most tokens to generate.</param>
    /// <param name="tokenizer">For text; may be absent.</param>
    public RunningSequence(
        GenerationRequest request, (int Request, int Sample) place, PromptState prompt, IReadOnlyCollection<int> endIds, int maxTokens, Tokenizer? tokenizer)
    {
        (this.request, Place, Prompt, this.endIds, this.maxTokens) = (request, place, prompt, endIds, maxTokens);
        sampler = new Sampler(request.Sampling, endIds, prompt.Tokens.Length, new RandomStream(request.Seed, "sample").Derive(place.Sample));
        constraint = request.Constraint?.Fork();
        text = new StopText(tokenizer, request.StopStrings, request.ShownTokens);
        tokens = [.. prompt.Tokens];
        scores = request.LogProbs ? [] : null;
    }

    public (int Request, int Sample) Place { get; }

    public PromptState Prompt { get; }

    /// <summary>Set when the sequence takes its part of the prompt's cache.</summary>
    public IKvCache? Cache { get; set; }

    /// <summary>Prompt and generated tokens.</summary>
    public IReadOnlyList<int> Tokens => tokens;

    /// <summary>Why no token could be chosen; null when one was.</summary>
    public HoneException? Failure { get; private set; }

    /// <summary>Chooses the next token. Safe to run beside other sequences.</summary>
    /// <param name="logits">[V]; changed.</param>
    public void Choose(Span<float> logits)
    {
        try
        {
            if (scores is null) chosen = Next(logits);
            else ChooseScored(logits);
        }
        catch (HoneException error)
        {
            Failure = error; // of this sequence alone: the others of the batch go on
        }
    }

    /// <summary>Adds the chosen token.</summary>
    public TokenEvent Accept()
    {
        tokens.Add(chosen);
        if (chosenScore is not null) scores?.Add(chosenScore);
        constraint?.Accept(chosen);
        string added = text.Push(chosen);
        FinishReason? finish = text.Stopped ? FinishReason.StopString
            : endIds.Contains(chosen) ? FinishReason.EndToken
            : tokens.Count - Prompt.Tokens.Length >= maxTokens ? FinishReason.Length
            : null;
        if (finish is not null) added += text.Finish();
        return new TokenEvent(Place.Request, Place.Sample, chosen, added, text.Stopped ? FinishReason.StopString : finish) { Score = chosenScore };
    }

    public GenerationResult Result(FinishReason finish) => new()
    {
        Request = Place.Request,
        Sample = Place.Sample,
        Ids = [.. tokens.Skip(Prompt.Tokens.Length)],
        Text = text.Text,
        Scores = scores,
        Finish = finish,
    };

    private void ChooseScored(Span<float> logits)
    {
        float[] rented = ArrayPool<float>.Shared.Rent(logits.Length);
        Span<float> before = rented.AsSpan(0, logits.Length);
        logits.CopyTo(before);
        chosen = Next(logits);
        chosenScore = TokenScore.Of(before, chosen, request.TopLogProbs);
        ArrayPool<float>.Shared.Return(rented);
    }

    private int Next(Span<float> logits) => sampler.Next(logits, CollectionsMarshal.AsSpan(tokens), constraint);
}
