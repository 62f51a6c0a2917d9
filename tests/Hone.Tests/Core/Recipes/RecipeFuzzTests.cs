namespace Hone.Tests.Core.Recipes;

public class RecipeFuzzTests
{
    private const string Yaml = """
        recipe: sample        # a comment
        model: "a \"b\" \u00e9"
        note: |
          two
          lines
        quick: true
        seed: 12
        kept: 25%
        train: { lr: 1e-3, steps: 5, schedule: constant, budget: 5m, betas: [0.9, 0.95] }
        targets: [q, 'v w']
        models:
          actor: x
        objective: { use: sample-dpo, inner: { use: sample-plain } }
        schema: { a: [1, { b: null }] }
        """;

    private static readonly string[] Pieces = ["[", "]", "{", "}", ":", ": ", "- ", "\n", "\n  ", "#", "&a ", "*a", "!!x ", "|", ">", "\"", "'", "%", "@", "`", "~", "?", "---\n", "...\n", "\t", "\0", "\u0085", "\ud800", "1e999", "<<: "];

    [Fact]
    public void Damaged_recipes_are_errors_with_a_line_and_never_anything_else()
    {
        RandomStream random = new(1, "recipe-fuzz");
        Sample.Bind(Yaml);
        int refused = 0;
        for (int trial = 0; trial < 4000; trial++)
        {
            string text = Damage(random, Yaml, 1 + random.Next(4));
            try
            {
                Sample.Bind(text);
            }
            catch (HoneException error)
            {
                Assert.StartsWith("recipes/sample.yaml:", error.Message);
                refused++;
            }
        }
        Assert.InRange(refused, 1000, 3900);
    }

    private static string Damage(RandomStream random, string text, int times)
    {
        for (int i = 0; i < times; i++)
        {
            int at = random.Next(text.Length), length = Math.Min(random.Next(6), text.Length - at);
            text = random.Next(3) switch
            {
                0 => text.Remove(at, length),
                1 => text.Insert(at, random.Choose(Pieces)),
                _ => text.Insert(at, text.Substring(random.Next(text.Length - length), length)),
            };
        }
        return text;
    }
}
