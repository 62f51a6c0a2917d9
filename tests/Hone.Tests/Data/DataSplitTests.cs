using Hone.Data;

namespace Hone.Tests.Data;

public class DataSplitTests
{
    private static Row[] Rows(int count, string prefix = "question") =>
        [.. Enumerable.Range(0, count).Select(i => new Row($"r{i}", new() { ["question"] = $"{prefix} {i}", ["answer"] = "1" }))];

    [Fact]
    public void PartsAreDisjointCompleteAndNearTheirShares()
    {
        SplitRows split = DataSplit.Divide(Rows(2000), seed: 1);
        Assert.Equal(2000, split.Train.Concat(split.Validation).Concat(split.Test).Select(r => r.Id).Distinct().Count());
        Assert.InRange(split.Train.Count, 1540, 1660);
        Assert.InRange(split.Test.Count, 150, 250);
    }

    [Fact]
    public void EqualQuestionsStayTogether()
    {
        Row[] rows = [.. Rows(300), .. Rows(300, "QUESTION:  ").Select(r => r with { Id = r.Id + "b" })];
        SplitRows split = DataSplit.Divide(rows, seed: 4);
        foreach (IReadOnlyList<Row> part in new[] { split.Train, split.Validation, split.Test })
            Assert.All(part, r => Assert.Contains(part, other => other.Id == (r.Id.EndsWith('b') ? r.Id[..^1] : r.Id + "b")));
    }

    [Fact]
    public void ARowKeepsItsPartWhenOthersComeAndGo()
    {
        HashSet<string> before = [.. DataSplit.Divide(Rows(500), 9).Test.Select(r => r.Id)];
        HashSet<string> after = [.. DataSplit.Divide([.. Rows(800).Reverse()], 9).Test.Select(r => r.Id)];
        Assert.Equal(before.Order(), after.Where(id => int.Parse(id[1..]) < 500).Order());
        Assert.NotEqual(before, [.. DataSplit.Divide(Rows(500), 10).Test.Select(r => r.Id)]);
    }

    [Fact]
    public void NoPartIsEmptyWhereRowsSuffice()
    {
        for (int seed = 0; seed < 50; seed++)
        {
            SplitRows split = DataSplit.Divide(Rows(5), seed);
            Assert.True(split.Train.Count >= 1 && split.Validation.Count >= 1 && split.Test.Count >= 1);
        }
        Assert.Empty(DataSplit.Divide(Rows(40), 1, new(0.5, 0, 0.5)).Validation);
        Assert.Throws<HoneException>(() => DataSplit.Divide(Rows(4), 1, new(0.5, 0.2, 0.5)));
        Assert.Throws<HoneException>(() => DataSplit.Divide(Rows(4), 1, new(double.NaN, 0.5, 0.5)));
    }

    [Fact]
    public void TextIsNormalisedToLettersAndDigits()
    {
        Assert.Equal("how many cups 12", DataSplit.Normalise("  How many cups -- 12?"));
        Assert.Equal("?!", DataSplit.Normalise("?!"));
    }
}
