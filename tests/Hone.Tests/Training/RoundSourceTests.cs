using Hone.Methods.OnPolicy;
using Hone.Training.Batching;

namespace Hone.Tests.Training;

/// <summary>Rounds of examples that cannot be drawn again survive in checkpoints.</summary>
public sealed class RoundSourceTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory().FullName;

    [Theory]
    [InlineData(3)] // in the middle of the first round
    [InlineData(4)] // between two rounds
    [InlineData(10)]
    public void A_resumed_source_gives_what_the_first_would_have_given(int seen)
    {
        int weights = 1; // stands for the model: it changes as training goes on
        RoundSource first = new(100, 4, round => Round(round, weights));
        first.State = 0.25;
        for (int i = 0; i < seen; i++) Take(first, i, ref weights);
        first.Save(folder);
        int weightsThen = weights;
        string[] expected = [.. Enumerable.Range(seen, 6).Select(i => Take(first, i, ref weights))];
        RoundSource second = new(100, 4, round => Round(round, weightsThen));
        second.Load(folder);
        Assert.Equal(0.25, second.State);
        Assert.Equal(expected, Enumerable.Range(seen, 6).Select(i => Take(second, i, ref weightsThen)));
    }

    [Fact]
    public void Examples_keep_every_bit()
    {
        TrainingExample example = new(
            [new TrainingSequence([1, 2, 3], [0, 1, 0.5f]) { Reference = [0, -0.1f, float.NegativeInfinity] }.WithTokenColumn("advantage", [1.0 / 3, double.NaN]), TrainingSequence.Whole([7, 8])],
            new Dictionary<string, double> { ["label"] = 1e-300 })
        { Logged = new Dictionary<string, double> { ["reward"] = double.NaN } };
        string path = Path.Combine(folder, "examples.json");
        ExampleFile.Write(path, [example]);
        TrainingExample back = Assert.Single(ExampleFile.Read(path));
        Assert.Equal(Text(example), Text(back));
        Assert.Equal(example.Sequences[0].Reference, back.Sequences[0].Reference);
        File.WriteAllText(path, "[{\"Sequences\":");
        Assert.Contains("cannot be read", Assert.Throws<HoneException>(() => ExampleFile.Read(path)).Message);
    }

    [Fact]
    public void A_checkpoint_of_another_trainer_is_refused() =>
        Assert.Contains("not made by this trainer", Assert.Throws<HoneException>(() => new RoundSource(1, 1, _ => []).Load(folder)).Message);

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private static string Take(RoundSource source, int index, ref int weights)
    {
        string text = Text(source.Get(index));
        weights++;
        return text;
    }

    private static List<TrainingExample> Round(long round, int weights) =>
        [.. Enumerable.Range(0, 4).Select(i => new TrainingExample(TrainingSequence.Whole([(int)round, i, weights]).WithTokenColumn("old", [weights / 3.0, i])))];

    private static string Text(TrainingExample e) => string.Join(';', e.Sequences.Select(s =>
        $"{string.Join(',', s.Ids)}/{string.Join(',', s.Weights)}/{string.Join(',', (s.TokenColumns ?? new Dictionary<string, float[]>()).SelectMany(c => c.Value).Select(BitConverter.SingleToInt32Bits))}"))
        + string.Join(',', (e.Columns ?? new Dictionary<string, double>()).Concat(e.Logged ?? new Dictionary<string, double>()).Select(c => $"{c.Key}={BitConverter.DoubleToInt64Bits(c.Value)}"));
}
