using Hone.Core.Recipes;

namespace Hone.Tests.Core.Recipes;

public class RecipeBindingTests
{
    [Fact]
    public void Values_of_every_kind_bind_and_the_rest_keeps_its_default()
    {
        SampleOptions options = Sample.Bind("""
            recipe: sample
            model: models/seed          # a comment
            quick: true
            seed: 9007199254740993      # 2^53 + 1: does not survive a detour through double
            memory: 64MiB
            kept: 25%
            train: { learning-rate: 2e-6, schedule: warmup_stable_decay, budget: 1.5h, betas: [0.8, 0.99] }
            targets: [q_proj, v_proj]
            models: { actor: a, judge_model: "b: c" }
            schema: { type: object, count: 3, flags: [true, "true", null] }
            """);
        Assert.Equal("models/seed", options.Model);
        Assert.True(options.Quick);
        Assert.Equal(9007199254740993, options.Seed);
        Assert.Equal(64 << 20, options.Memory);
        Assert.Equal(0.25, options.Kept);
        Assert.Equal(2e-6, options.Train.Lr);
        Assert.Equal(50, options.Train.Steps);   // the parent's default, not the nested record's own 100
        Assert.Equal(SampleSchedule.WarmupStableDecay, options.Train.Schedule);
        Assert.Equal(TimeSpan.FromMinutes(90), options.Train.Budget);
        Assert.Equal([0.8, 0.99], options.Train.Betas);
        Assert.Equal(["q_proj", "v_proj"], options.Targets);
        Assert.Equal("b: c", options.Models["judge_model"]);
        Assert.Equal("""{"type":"object","count":3,"flags":[true,"true",null]}""", options.Schema!.ToJsonString());
        Assert.Null(options.Note);
    }

    [Fact]
    public void Components_are_made_from_their_options_each_time_anew()
    {
        SampleOptions options = Sample.Bind("model: m\nobjective: { use: sample_dpo, beta: 0.5, inner: { use: sample-dpo, inner: sample-plain } }");
        ISampleObjective first = options.Objective.Create(), second = options.Objective.Create();
        Assert.NotSame(first, second);
        Assert.Equal(0.5 + 0.1 + 1, first.Weight, 12);
    }

    [Theory]
    [InlineData("model: m\nmodle: x", "recipes/sample.yaml:2:1: 'modle' is not a known option here. Known: kept, memory, model, models, note, objective, quick, schema, seed, targets, train. Did you mean 'model'?")]
    [InlineData("model: m\ntrain: { lr: fast }", "recipes/sample.yaml:2:14: 'lr' must be a number, found 'fast'.")]
    [InlineData("model: m\ntrain: { lr: 3 }", "recipes/sample.yaml:2:14: 'lr' must be above 0 and at most 1, found 3.")]
    [InlineData("model: m\ntrain: { steps: 1.5 }", "recipes/sample.yaml:2:17: 'steps' must be a whole number, found '1.5'.")]
    [InlineData("model: m\ntrain: { steps: 3000000000 }", "recipes/sample.yaml:2:17: 'steps' must be a whole number, found '3000000000'.")]
    [InlineData("model: m\ntrain: { betas: [0.9, -1] }", "recipes/sample.yaml:2:17: 'betas' must be at least 0, found a list.")]
    [InlineData("model: m\ntrain:\n  schedule: warmup", "recipes/sample.yaml:3:13: 'warmup' is not a known sample schedule. Known: constant, warmup-stable-decay.")]
    [InlineData("quick: true", "recipes/sample.yaml:1:1: 'model' is missing: text.")]
    [InlineData("model: m\nquick: yes", "recipes/sample.yaml:2:8: 'quick' must be true or false, found 'yes'.")]
    [InlineData("model: m\nseed:", "recipes/sample.yaml:2:6: 'seed' must be a whole number, found nothing.")]
    [InlineData("model: [a]", "recipes/sample.yaml:1:8: 'model' must be text, found a list.")]
    [InlineData("model: m\ntrain: 3", "recipes/sample.yaml:2:8: 'train' must be a map of options, found '3'.")]
    [InlineData("model: m\nobjective: { use: dppo }", "recipes/sample.yaml:2:19: 'dppo' is not a known sample objective. Known: sample-dpo, sample-plain.")]
    [InlineData("model: m\nobjective: { beta: 1 }", "recipes/sample.yaml:2:12: 'use' is missing: the name of the component, for example { use: name }.")]
    [InlineData("model: m\nobjective: { use: sample-plain, beta: 1 }", "recipes/sample.yaml:2:33: 'sample-plain' has no options.")]
    [InlineData("model: m\nobjective: { use: sample-dpo, beta: 0 }", "recipes/sample.yaml:2:37: 'beta' must be above 0, found 0.")]
    [InlineData("model: m\nquick: true\ntrain: { steps: 2000 }", "recipes/sample.yaml:1:1: quick runs have at most 1000 train.steps.")]
    [InlineData("model: m\ntrain: { lr: 0.1, learning_rate: 0.2 }", "recipes/sample.yaml:2:19: 'learning_rate' and 'lr' are the same option; give one of them.")]
    [InlineData("recipe: other\nmodel: m", "recipes/sample.yaml:1:9: this is a recipe for 'other', expected one for 'sample'.")]
    [InlineData("- model: m", "recipes/sample.yaml:1:1: expected a map of options, found a list.")]
    [InlineData("model: m\nmodel: n", "recipes/sample.yaml:2:1: 'model' is given twice.")]
    public void A_mistake_is_one_line_with_its_place(string yaml, string expected) => Assert.Equal(expected, Sample.Error(yaml));

    [Theory]
    [InlineData("model: &a m\nnote: *a", "anchors")]
    [InlineData("model: !!str m", "tags")]
    [InlineData("model: m\n---\nmodel: n", "second document")]
    [InlineData("model: [m", "not valid YAML")]
    [InlineData("model: \"m", "not valid YAML")]
    [InlineData("? [a, b]\n: c", "a key must be plain text")]
    public void What_recipes_do_not_use_is_refused(string yaml, string expected)
    {
        string message = Sample.Error(yaml);
        Assert.Contains(expected, message);
        Assert.StartsWith("recipes/sample.yaml:", message);
    }

    [Fact]
    public void Deep_nesting_is_refused_without_harm() =>
        Assert.Contains("nested deeper", Sample.Error("model: " + new string('[', 5000) + new string(']', 5000)));

    [Fact]
    public void A_constructor_that_throws_is_reported_at_its_option() =>
        Assert.Equal("r.yaml:2:7: 'high': must not be below low.",
            Assert.Throws<HoneException>(() => RecipeFile.Parse("low: 3\nhigh: 2", "r.yaml").Bind<Bounds>()).Message);

    [Fact]
    public void A_missing_file_is_one_line() =>
        Assert.Equal("none.yaml: no such file. Give the path of a recipe (YAML).", Assert.Throws<HoneException>(() => RecipeFile.Load("none.yaml")).Message);

    internal sealed record Bounds
    {
        public Bounds(int low, int high)
        {
            if (high < low) throw new ArgumentException("must not be below low", nameof(high));
            (Low, High) = (low, high);
        }

        public int Low { get; }

        public int High { get; }
    }
}
