using Hone.Core;
using Hone.Evaluation.Rewards;
using Hone.Inference;
using Hone.Methods.OnPolicy;

namespace Hone.Methods.Preference;

/// <summary>Rewards read off a reward model's last token.</summary>
/// <param name="model">The reward model.</param>
public sealed class RewardModelReward(RewardModel model) : IReward
{
    private readonly PairTokenizer tokenizer = new(model.Text.Text);

    public string Name => "model";

    /// <summary>Opens a folder that <c>hone train rm</c> or Hugging Face's sequence classifiers wrote.</summary>
    /// <exception cref="HoneException">Not a reward model.</exception>
    public static RewardModelReward Open(string path, Tensors.Threads.WorkerPool workers) => RewardModel.IsSaved(path)
        ? new(RewardModel.Open(path, null, new RandomStream(0, "reward"), workers))
        : throw new HoneException($"{path}: not a reward model. Expected a folder whose config.json names a sequence classifier, as 'hone train rm' writes it.");

    public ValueTask<IReadOnlyList<Score>> ScoreAsync(IReadOnlyList<RewardItem> items, CancellationToken cancellation)
    {
        TextModel text = model.Text;
        int[][] sequences = [.. items.Select(i => tokenizer.Whole(PromptRows.Answered(i.Row, i.Output, text.Text.HasTemplate), "answer"))];
        return ValueTask.FromResult<IReadOnlyList<Score>>([.. model.ScoresOf(sequences).Select(s => new Score(s))]);
    }

    public void Dispose() { }
}
