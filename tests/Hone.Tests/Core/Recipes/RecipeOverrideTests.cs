using Hone.Core.Recipes;

namespace Hone.Tests.Core.Recipes;

public class RecipeOverrideTests
{
    private const string Yaml = """
        model: m
        train: { learning_rate: 0.5, steps: 7 }
        targets: [a, b]
        objective: sample-dpo
        """;

    [Fact]
    public void Options_win_over_the_file_and_leave_the_rest()
    {
        SampleOptions options = Sample.Bind(Yaml, "train.lr=1e-3", "targets[1]=c", "objective.beta=0.25", "models.actor=x=y", "note=a: b # c");
        Assert.Equal(1e-3, options.Train.Lr);   // under its other name, too
        Assert.Equal(7, options.Train.Steps);
        Assert.Equal(["a", "c"], options.Targets);
        Assert.Equal(0.25, options.Objective.Create().Weight);
        Assert.Equal("x=y", options.Models["actor"]);
        Assert.Equal("a: b # c", options.Note);
    }

    [Theory]
    [InlineData("targets=q,v", new[] { "q", "v" })]
    [InlineData("targets=[q, 'v,w']", new[] { "q", "v,w" })]
    [InlineData("targets=[]", new string[0])]
    public void A_list_may_be_written_with_commas_or_brackets(string set, string[] expected) =>
        Assert.Equal(expected, Sample.Bind(Yaml, set).Targets);

    [Theory]
    [InlineData("{x} write", "{x} write")]
    [InlineData("[x] write", "[x] write")]
    [InlineData("'{x}'", "{x}")]
    public void A_text_keeps_its_braces_and_loses_its_quotes(string value, string expected) =>
        Assert.Equal(expected, RecipeFile.FromOptions([new RecipeOverride("model", value, new Place("--model"), IsText: true)]).Bind<SampleOptions>().Model);

    [Fact]
    public void The_last_of_several_wins() => Assert.Equal(3, Sample.Bind(Yaml, "seed=2", "seed=3").Seed);

    [Theory]
    [InlineData("train.lr=fast", "--set train.lr: 'lr' must be a number, found 'fast'.")]
    [InlineData("train.step=1", "--set train.step: 'step' is not a known option here. Known: betas, budget, lr, schedule, steps. Did you mean 'steps'?")]
    [InlineData("targets[5]=x", "--set targets[5]: '5' is not an item of a list with 2 items (the first is 0).")]
    [InlineData("train..lr=1", "--set train..lr: expected keys joined by dots, for example train.lr.")]
    [InlineData("targets=[a", "--set targets: not valid YAML:")]
    public void Mistakes_name_the_option(string set, string expected) => Assert.StartsWith(expected, Sample.Error(Yaml, set));

    [Fact]
    public void An_assignment_needs_an_equals_sign() =>
        Assert.Equal("--set train.lr: expected key=value, for example --set train.lr=1e-3.",
            Assert.Throws<HoneException>(() => RecipeOverride.Parse("train.lr")).Message);

    [Fact]
    public void A_recipe_may_be_made_of_options_alone() =>
        Assert.Equal("m", RecipeFile.FromOptions(RecipeOverride.Parse("model=m")).Bind<SampleOptions>().Model);
}
