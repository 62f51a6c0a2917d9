using Hone.Core.Recipes;
using Hone.Training;
using Hone.Training.Objectives.Preference;

namespace Hone.Tests.Training;

public class TrainOptionsTests
{
    [Theory]
    [InlineData("lr", "-1", "lr")]
    [InlineData("batch", "0", "batch")]
    [InlineData("beta2", "1", "beta2")]
    [InlineData("log_every", "0", "log_every")]
    [InlineData("optimizer", "adam", "adamw")]
    [InlineData("schedule", "sinus", "cosine")]
    public void Bad_values_get_one_line_that_names_them(string key, string value, string named)
    {
        HoneException error = Assert.Throws<HoneException>(() => Bind<TrainOptions>(key, value));
        Assert.Contains(named, error.Message);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Theory]
    [InlineData("loss_type", "sigmoyd", "sigmoid")]
    [InlineData("loss_type", "exo_pair", "label_smoothing")]
    [InlineData("loss_weights", "1,2", "loss types")]
    [InlineData("beta", "0", "beta")]
    public void Bad_losses_too(string key, string value, string named) =>
        Assert.Contains(named, Assert.Throws<HoneException>(() => Bind<PreferenceOptions>(key, value)).Message);

    private static T Bind<T>(string key, string value) where T : class =>
        RecipeFile.FromOptions([new RecipeOverride(key, value, new Place("--" + key))]).Bind<T>(new ComponentRegistry());
}
