using Hone.Core;

namespace Hone.Inference.Sampling;

/// <summary>
/// How the next token is chosen. The defaults change nothing: sampling from the model's own distribution at temperature 1.
/// Names, meanings and order of application are those of transformers.
/// </summary>
public sealed record SamplingOptions
{
    /// <summary>Always the best token.</summary>
    public static SamplingOptions Greedy { get; } = new() { Temperature = 0 };

    /// <summary>0 takes the best token and leaves out the truncations; above 0 divides the logits.</summary>
    public double Temperature { get; init; } = 1;

    /// <summary>The temperature moves this far around <see cref="Temperature"/> with the entropy; 0 is off (llama.cpp).</summary>
    public double TemperatureRange { get; init; }

    /// <summary>Shape of that curve.</summary>
    public double TemperatureExponent { get; init; } = 1;

    /// <summary>Number of best tokens kept; 0 is off.</summary>
    public int TopK { get; init; }

    /// <summary>Probability mass kept, 0 to 1; 1 is off.</summary>
    public double TopP { get; init; } = 1;

    /// <summary>Least probability relative to the best token, 0 to 1; 0 is off.</summary>
    public double MinP { get; init; }

    /// <summary>Mass of typical tokens kept, 0 to 1; 1 is off.</summary>
    public double TypicalP { get; init; } = 1;

    /// <summary>Least probability, 0 to 1; 0 is off.</summary>
    public double EpsilonCutoff { get; init; }

    /// <summary>Least probability, relaxed where the entropy is high, 0 to 1; 0 is off.</summary>
    public double EtaCutoff { get; init; }

    /// <summary>Share of the entropy kept, 0 to 1; 0 is off.</summary>
    public double TopH { get; init; }

    /// <summary>Standard deviations below the best logit that are kept; 0 is off.</summary>
    public double TopNSigma { get; init; }

    /// <summary>Tokens that survive whatever the truncations say.</summary>
    public int MinTokensToKeep { get; init; } = 1;

    /// <summary>Factor against tokens that occurred, prompt included; 1 is off.</summary>
    public double RepetitionPenalty { get; init; } = 1;

    /// <summary>Subtracted once from tokens generated before.</summary>
    public double PresencePenalty { get; init; }

    /// <summary>Subtracted for each time a token was generated before.</summary>
    public double FrequencyPenalty { get; init; }

    /// <summary>When given, the three penalties count the last so many tokens, prompt or not, as llama.cpp does.</summary>
    public int? PenaltyWindow { get; init; }

    /// <summary>No n-gram of this size occurs twice; 0 is off.</summary>
    public int NoRepeatNgramSize { get; init; }

    /// <summary>Added to the logits of single tokens.</summary>
    public IReadOnlyDictionary<int, float> LogitBias { get; init; } = new Dictionary<int, float>();

    /// <summary>Added to the logit of a sequence's last token where the others precede it.</summary>
    public IReadOnlyList<(int[] Sequence, float Bias)> SequenceBias { get; init; } = [];

    /// <summary>Token sequences that never occur.</summary>
    public IReadOnlyList<int[]> BadWords { get; init; } = [];

    /// <summary>Least length of prompt and generated tokens together.</summary>
    public int MinLength { get; init; }

    /// <summary>Least number of generated tokens.</summary>
    public int MinNewTokens { get; init; }

    /// <summary>After so many tokens the end becomes likelier by this factor per token.</summary>
    public (int Start, double Factor)? LengthDecay { get; init; }

    /// <summary>Tokens that are never chosen.</summary>
    public IReadOnlyCollection<int> SuppressTokens { get; init; } = [];

    /// <summary>Tokens that are not chosen first.</summary>
    public IReadOnlyCollection<int> BeginSuppressTokens { get; init; } = [];

    /// <summary>Whether the result is normalised to log-probabilities.</summary>
    public bool Renormalise { get; init; }

    /// <summary>The processors these options call for, in transformers' order: rules and penalties first, then the samplers.</summary>
    /// <param name="endIds">Tokens that end a text.</param>
    /// <param name="promptLength">Length of the prompt, for <see cref="BeginSuppressTokens"/>.</param>
    /// <exception cref="HoneException">An option is outside its range.</exception>
    public IReadOnlyList<ILogitsProcessor> Processors(IReadOnlyCollection<int> endIds, int promptLength)
    {
        List<ILogitsProcessor> list = [];
        AddRules(list, endIds, promptLength);
        if (Temperature < 0) throw SamplingErrors.Wrong("temperature", Temperature, "0 (always the best token) or more");
        if (Temperature > 0) AddSamplers(list);
        if (Renormalise) list.Add(new Renormalise());
        return list;
    }

    private void AddRules(List<ILogitsProcessor> list, IReadOnlyCollection<int> endIds, int promptLength)
    {
        if (LogitBias.Count > 0) list.Add(new SequenceBias([.. LogitBias.Select(entry => (new[] { entry.Key }, entry.Value))]));
        if (SequenceBias.Count > 0) list.Add(new SequenceBias(SequenceBias));
        AddPenalties(list);
        if (NoRepeatNgramSize != 0) list.Add(new NoRepeatNgram(NoRepeatNgramSize));
        if (BadWords.Count > 0) list.Add(Sampling.SequenceBias.BadWords(BadWords, endIds));
        if (MinLength != 0 && endIds.Count > 0) list.Add(new MinLength(MinLength, countPrompt: true, endIds));
        if (MinNewTokens != 0 && endIds.Count > 0) list.Add(new MinLength(MinNewTokens, countPrompt: false, endIds));
        if (LengthDecay is { } decay) list.Add(new LengthDecay(decay.Start, decay.Factor, endIds));
        if (SuppressTokens.Count > 0) list.Add(new Suppress(SuppressTokens));
        if (BeginSuppressTokens.Count > 0) list.Add(new Suppress(BeginSuppressTokens, promptLength));
    }

    private void AddPenalties(List<ILogitsProcessor> list)
    {
        if (PenaltyWindow is { } last)
        {
            list.Add(new WindowPenalties(last, RepetitionPenalty, PresencePenalty, FrequencyPenalty));
            return;
        }
        if (RepetitionPenalty != 1) list.Add(new RepetitionPenalty(RepetitionPenalty));
        if (PresencePenalty != 0 || FrequencyPenalty != 0) list.Add(new PresenceFrequencyPenalty(PresencePenalty, FrequencyPenalty));
    }

    private void AddSamplers(List<ILogitsProcessor> list)
    {
        if (TemperatureRange > 0) list.Add(new DynamicTemperature(Temperature, TemperatureRange, TemperatureExponent));
        else if (Temperature != 1) list.Add(new Temperature(Temperature));
        if (TopNSigma != 0) list.Add(new TopNSigma(TopNSigma));
        if (TopH != 0) list.Add(new TopH(TopH));
        if (TopK != 0) list.Add(new TopK(TopK, MinTokensToKeep));
        if (TopP != 1) list.Add(new TopP(TopP, MinTokensToKeep));
        if (MinP != 0) list.Add(new MinP(MinP, MinTokensToKeep));
        if (TypicalP != 1) list.Add(new TypicalP(TypicalP, MinTokensToKeep));
        if (EpsilonCutoff != 0) list.Add(new EpsilonCutoff(EpsilonCutoff, MinTokensToKeep));
        if (EtaCutoff != 0) list.Add(new EtaCutoff(EtaCutoff, MinTokensToKeep));
    }
}
