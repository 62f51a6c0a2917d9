using FsCheck;
using FsCheck.Fluent;
using Hone.Core.Recipes;

namespace Hone.Tests.Core.Recipes;

public class RecipeWriterTests
{
    [Fact]
    public void Resolved_options_are_written_with_every_default()
    {
        string yaml = RecipeWriter.ToYaml(Sample.Bind("model: m\nnote: \"12\"\nmodels: { actor: \"null\" }\nkept: 1e-7"), "sample");
        Assert.Equal("""
            recipe: sample
            model: m
            note: "12"
            quick: false
            seed: 1
            memory: 1048576
            kept: 1E-07
            train:
              lr: 0.001
              steps: 50
              schedule: constant
              budget: 300s
              betas: [0.9, 0.95]
            targets: []
            models:
              actor: "null"
            objective:
              use: sample-dpo
              beta: 0.1
              inner: null
            schema: null

            """.ReplaceLineEndings("\n"), yaml);
    }

    [Fact]
    public void Written_and_bound_again_options_are_the_same()
    {
        // Text of every kind: quotes, colons, line breaks, words that YAML reads as something else, control characters, emoji.
        Gen<string> text = Gen.OneOf(ArbMap.Default.GeneratorFor<NonNull<string>>().Select(s => s.Get),
            Gen.Elements("null", "~", "", "true", "1e3", " x ", "a: b", "- a", "#", "a #b", "'", "\"", "\n", "a\nb\n", "\t", "[", "{}", "\u0001", "\U0001F600", "%", "@", "`", "!x", "&x", "*x", "?", "|", ">"))
            .Where(s => s.IsNormalizedSafe());
        Prop.ForAll(Arb.From(text), Arb.From(text), ArbMap.Default.ArbFor<long>(), (note, key, seed) =>
        {
            SampleOptions options = Sample.Bind("model: m") with
            {
                Note = note,
                Seed = seed,
                Targets = [note, key],
                Models = new Dictionary<string, string> { [key + "k"] = note },
                Train = new SampleTrain(Lr: 1.0 / (3 + Math.Abs(seed % 1000))),
            };
            string yaml = RecipeWriter.ToYaml(options, "sample");
            SampleOptions again = Sample.Bind(yaml);
            Assert.Equal(note, again.Note);
            Assert.Equal(options.Models, again.Models);
            Assert.Equal(yaml, RecipeWriter.ToYaml(again, "sample"));
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Infinite_numbers_survive()
    {
        string yaml = RecipeWriter.ToYaml(new Unbounded(double.PositiveInfinity, float.NegativeInfinity));
        Assert.Equal(new Unbounded(double.PositiveInfinity, float.NegativeInfinity), RecipeFile.Parse(yaml, "r").Bind<Unbounded>());
    }

    internal sealed record Unbounded(double High, float Low);
}

internal static class TextCheck
{
    /// <summary>Unpaired surrogates have no UTF-8 form, so no file can hold them.</summary>
    public static bool IsNormalizedSafe(this string text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            if (char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1])) i++;
            else if (char.IsSurrogate(text[i])) return false;
        }
        return true;
    }
}
