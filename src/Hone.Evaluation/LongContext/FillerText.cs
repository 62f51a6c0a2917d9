using Hone.Core;

namespace Hone.Evaluation.LongContext;

/// <summary>
/// Text that needles are hidden in: one line said again and again (noise), or sentences of a small grammar (prose). It holds no
/// digit and no word of a key, so it can neither contain an answer nor repeat a question.
/// </summary>
public static class FillerText
{
    private static readonly string[] Noise =
        ["the river runs slowly.", "bread is warm today.", "birds cross the valley.", "we walk along.", "then we walk back."];

    private static readonly string[] People = KeyWords.Split(
        "farmer teacher doctor neighbour child sailor painter writer singer gardener soldier student captain widow uncle aunt stranger miller");

    private static readonly string[] Verbs = KeyWords.Split(
        "sees finds carries watches paints sells mends remembers loses follows moves hides wants brings keeps leaves");

    private static readonly string[] Things = KeyWords.Split(
        "letter stone coat boat chair horse house field picture rope wheel window road tree book lamp table garden");

    private static readonly string[] Kinds = KeyWords.Split("old young tall small red green heavy light quiet strange new broken yellow round");

    private static readonly string[] Places = KeyWords.Split("town hill school market lake station church shore");

    private static readonly string[] Times = ["in the morning", "at night", "after the rain", "every day", "in winter", "without a word"];

    /// <summary>Every word of the filler, once.</summary>
    public static IReadOnlyList<string> Words { get; } =
        [.. Noise.Concat(Times).SelectMany(s => s.TrimEnd('.').Split(' ')).Concat(People).Concat(Verbs).Concat(Things).Concat(Kinds).Concat(Places)
            .Concat(["the", "a", "near", "and", "but", "it", "is", "was"]).Distinct()];

    /// <summary>The five sentences of the noise line.</summary>
    public static string NoiseLine => string.Join(' ', Noise);

    /// <summary>Sentence <paramref name="index"/> of the noise, in lower case with its full stop.</summary>
    public static string NoiseSentence(int index) => Noise[index % Noise.Length];

    /// <summary>A sentence of prose, in lower case with its full stop.</summary>
    public static string Sentence(RandomStream random)
    {
        string subject = $"the {Kind(random)}{random.Choose(People)}";
        return random.Next(4) switch
        {
            0 => $"{subject} {random.Choose(Verbs)} a {Kind(random)}{random.Choose(Things)} near the {random.Choose(Places)}.",
            1 => $"{subject} {random.Choose(Verbs)} the {random.Choose(Things)} {random.Choose(Times)}.",
            2 => $"the {random.Choose(Things)} near the {random.Choose(Places)} is {random.Choose(Kinds)}, but it was {random.Choose(Kinds)}.",
            _ => $"{subject} {random.Choose(Verbs)} the {random.Choose(Things)} and {random.Choose(Verbs)} it.",
        };
    }

    /// <summary>The sentence with a capital letter.</summary>
    public static string Capital(string sentence) => char.ToUpperInvariant(sentence[0]) + sentence[1..];

    private static string Kind(RandomStream random) => random.Next(2) == 0 ? random.Choose(Kinds) + " " : "";
}
