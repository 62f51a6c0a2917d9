using FsCheck;
using FsCheck.Fluent;
using Hone.Core;
using Hone.Inference.Caches.Streaming;
using Hone.Methods.LtriLlm;

namespace Hone.Tests.Inference.Streaming;

public sealed class TriangleTests
{
    private static readonly float[][] Worked = [[1], [.6f, .4f], [.1f, .1f, .8f], [.1f, .1f, .4f, .4f]];

    [Fact]
    public void The_worked_example()
    {
        AttentionBand map = AttentionBand.Of(Worked, 8);
        Dictionary<(int, int), double> scores = TriangleDivision.Candidates(map, new(0.4, 0, 2, 8)).ToDictionary(s => (s.Start, s.End - 1), s => s.Score);
        Assert.Equal(0.8, scores[(0, 1)], 1e-6); // 2.0 − 3 · 0.4
        Assert.Equal(0.6, scores[(0, 2)], 1e-6); // 3.0 − 6 · 0.4
        Assert.Equal(0.4, scores[(2, 3)], 1e-6); // 1.6 − 3 · 0.4
        Assert.Equal(0.1, scores[(1, 2)], 1e-6); // 1.3 − 3 · 0.4
        Assert.DoesNotContain((1, 3), scores.Keys);
        Assert.Equal([(0, 2), (2, 2)], TriangleDivision.Divide(map, new(0.4, 0, 2, 8)).Select(s => (s.Start, s.Length)));
        Assert.Equal((0, 3), TriangleDivision.Suppress(TriangleDivision.Candidates(map, new(0.3, 0, 2, 8)), 0).Select(s => (s.Start, s.Length)).First());
    }

    [Fact]
    public void Scores_equal_brute_force_and_prefix_sums() => Prop.ForAll(Maps(), map =>
    {
        DivisionOptions options = new(0.05, 0, 1, 100);
        int n = map.Length;
        double[,] prefix = new double[n + 1, n + 1];
        for (int i = 0; i < n; i++)
            for (int j = 0; j < n; j++) prefix[i + 1, j + 1] = prefix[i, j + 1] + prefix[i + 1, j] - prefix[i, j] + (j <= i ? map[i][j] : 0);
        Dictionary<(int, int), double> found = TriangleDivision.Candidates(AttentionBand.Of(map, n), options).ToDictionary(s => (s.Start, s.End - 1), s => s.Score);
        for (int x = 0; x < n; x++)
            for (int y = x; y < n; y++)
            {
                double brute = 0;
                for (int i = x; i <= y; i++)
                    for (int j = x; j <= i; j++) brute += map[i][j] - options.Theta;
                // The block is the triangle, for nothing lies above the diagonal.
                double block = prefix[y + 1, y + 1] - prefix[x, y + 1] - prefix[y + 1, x] + prefix[x, x], length = y - x + 1;
                Assert.Equal(brute, block - options.Theta * length * (length + 1) / 2, 1e-9);
                if (Math.Abs(brute) > 1e-9) Assert.Equal(brute > 0, found.ContainsKey((x, y)));
                if (brute > 1e-9) Assert.Equal(brute, found[(x, y)], 1e-6);
            }
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(40));

    [Fact]
    public void Suppression_keeps_little_overlap_is_sorted_and_repeats_itself() => Prop.ForAll(Maps(), map =>
    {
        foreach (double overlap in new[] { 0, 0.3 })
        {
            List<TokenSpan> kept = TriangleDivision.Suppress(TriangleDivision.Candidates(AttentionBand.Of(map, 32), new(0.05, overlap, 2, 8)), overlap);
            for (int i = 0; i < kept.Count; i++)
                for (int j = i + 1; j < kept.Count; j++)
                {
                    Assert.True(kept[i].Overlap(kept[j]) <= overlap);
                    Assert.True(kept[i].Score >= kept[j].Score);
                }
            Assert.Equal(kept, TriangleDivision.Suppress(kept, overlap));
        }
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(40));

    [Fact]
    public void Every_token_is_in_exactly_one_span() => Prop.ForAll(Maps(), map =>
    {
        List<TokenSpan> spans = TriangleDivision.Divide(AttentionBand.Of(map, 32), new(0.05, 0.3, 2, 8));
        Assert.Equal(Enumerable.Range(0, map.Length), spans.SelectMany(s => Enumerable.Range(s.Start, s.Length)));
        Assert.All(spans, s => Assert.InRange(s.Length, 1, 8));
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(40));

    [Fact]
    public void Equal_scores_go_to_the_earlier_then_the_shorter()
    {
        TokenSpan[] equal = [new(4, 2, 1), new(0, 3, 1), new(0, 2, 1)];
        Assert.Equal([(0, 2), (4, 2)], TriangleDivision.Suppress(equal, 0).Select(s => (s.Start, s.Length)));
    }

    [Fact]
    public void Confidence_grows_with_the_score_and_calls_for_fewer_vectors()
    {
        double last = -1;
        int vectors = int.MaxValue;
        for (double score = 0; score < 10; score += 0.5)
        {
            double confidence = SpanVotes.Confidence(new(4, 4, score), new(0, 4, 2), new(8, 4, 3));
            Assert.InRange(confidence, 0, 1);
            Assert.True(confidence > last || score == 0);
            int count = SpanVotes.Vectors(confidence, 1, 8, 100);
            Assert.True(count <= vectors);
            (last, vectors) = (confidence, count);
        }
        Assert.Equal(3, SpanVotes.Vectors(0, 1, 8, 3));
        Assert.Equal(0, SpanVotes.Confidence(new(0, 4, 0), null, null));
    }

    [Fact]
    public void Votes_come_from_the_span_and_the_next_one()
    {
        AttentionBand map = AttentionBand.Of(Worked, 8);
        double[] votes = SpanVotes.Of(map, new(0, 2, 1), 4);
        Assert.Equal(0.6 + 0.1 + 0.1, votes[0], 1e-6);
        Assert.Equal(0.1 + 0.1, votes[1], 1e-6);
        Assert.Equal([0, 1], SpanVotes.Chosen(votes, 5));
        Assert.Equal(0.6, SpanVotes.Of(map, new(0, 2, 1), 2)[0], 1e-6);
    }

    [Theory]
    [InlineData(3, 0.95)]
    [InlineData(1.6, 0.5)]
    public void Planted_spans_are_found(double density, double least)
    {
        double found = PlantedMaps.F1(new RandomStream(1, "planted"), density);
        Assert.True(found >= least, $"F1 {found}");
    }

    private static Arbitrary<float[][]> Maps() => (
        from n in Gen.Choose(1, 24)
        from seed in Gen.Choose(0, int.MaxValue - 1)
        select Map(n, seed)).ToArbitrary();

    private static float[][] Map(int n, int seed)
    {
        RandomStream random = new(seed, "map");
        return [.. Enumerable.Range(0, n).Select(i =>
        {
            double[] row = [.. Enumerable.Range(0, i + 1).Select(_ => Math.Pow(random.NextDouble(), 3))];
            double sum = row.Sum();
            return row.Select(v => (float)(v / sum)).ToArray();
        })];
    }
}
