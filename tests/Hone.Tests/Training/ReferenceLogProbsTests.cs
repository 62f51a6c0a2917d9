using Hone.Models.Decoder;
using Hone.Tensors;
using Hone.Training;
using Hone.Training.Batching;
using Hone.Training.Objectives.Preference;

namespace Hone.Tests.Training;

public class ReferenceLogProbsTests
{
    [Fact]
    public void Passes_are_not_repeated_for_the_same_weights_and_are_for_others()
    {
        string cache = Directory.CreateTempSubdirectory().FullName;
        LanguageModel model = TinyTextModel.Create(1, 64), other = TinyTextModel.Create(2, 64);
        TrainingExample[] examples = [new([TrainingSequence.FromPrompt([1, 2, 3, 4], 2), TrainingSequence.FromPrompt([1, 2, 5], 2)])];
        float[] first = Values(model, examples, cache);
        string file = Assert.Single(Directory.GetFiles(cache, "*", SearchOption.AllDirectories));
        DateTime written = File.GetLastWriteTimeUtc(file);
        Assert.Equal(first, Values(model, examples, cache));
        Assert.Equal(written, File.GetLastWriteTimeUtc(file));
        Assert.NotEqual(first, Values(other, examples, cache));
        Assert.Equal(2, Directory.GetFiles(cache, "*", SearchOption.AllDirectories).Length);
        File.WriteAllText(file, "not what it was");
        Assert.Equal(first, Values(model, examples, cache));
        Assert.NotEqual("not what it was", File.ReadAllText(file));
        Directory.Delete(cache, recursive: true);
    }

    [Fact]
    public void A_policy_that_is_its_reference_has_loss_log_2_and_any_cut_gives_the_same_update()
    {
        LanguageModel model = TinyTextModel.Create(1, 64);
        TrainingExample[] examples =
        [
            new([TrainingSequence.FromPrompt([1, 2, 3, 4], 2), TrainingSequence.FromPrompt([1, 2, 5], 2)]),
            new([TrainingSequence.FromPrompt([7, 8, 9], 1), TrainingSequence.FromPrompt([7, 8, 10, 11, 12], 1)]),
        ];
        List<TrainingExample> referenced = ReferenceLogProbs.AddTo(model, examples, "", 4096, null, IReporter.Silent);
        foreach (Parameter parameter in model.Parameters) parameter.Trainable = true;
        StepResult Step(int microTokens)
        {
            using Trainer trainer = new(model.Parameters, new DpoObjective(model, new()), new TrainOptions { Lr = 0, MicroTokens = microTokens });
            return trainer.Step(referenced, 0, 0);
        }
        (StepResult whole, StepResult cut) = (Step(4096), Step(1));
        Assert.Equal(Math.Log(2), whole.Loss, 1e-6);
        Assert.Equal(2, whole.Weight);
        Assert.Equal(whole.GradNorm, cut.GradNorm, 1e-5);
        Assert.Equal(Math.Log(2), cut.Loss, 1e-6);
    }

    private static float[] Values(LanguageModel model, TrainingExample[] examples, string cache) =>
        [.. ReferenceLogProbs.AddTo(model, examples, cache, 4096, null, IReporter.Silent).SelectMany(e => e.Sequences).SelectMany(s => s.Reference!)];
}
