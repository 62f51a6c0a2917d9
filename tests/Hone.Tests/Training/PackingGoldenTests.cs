using System.Text.Json.Nodes;
using Hone.Training.Batching;

namespace Hone.Tests.Training;

public class PackingGoldenTests
{
    [Fact]
    public void Every_recorded_layout_is_reproduced()
    {
        foreach (JsonObject row in GoldenJson.Rows("data/golden/training/sft/packing.jsonl"))
        {
            if (row["lengths"] is not JsonArray) continue; // the row about windows, below
            int[] lengths = [.. row["lengths"]!.AsArray().Select(n => (int)n!)];
            int length = (int)row["seq_length"]!;
            List<List<Piece>> rows = (string)row["strategy"]! switch
            {
                "bfd" => SequencePacking.BestFitDecreasing(lengths, length),
                "bfd_split" => SequencePacking.BestFitDecreasingSplit(lengths, length),
                _ => SequencePacking.Wrapped(lengths, length),
            };
            string ours = string.Join(" | ", rows.Select(r => string.Join(" ", r.Select(p => $"{p.Sequence},{p.Offset},{p.Length}"))));
            string theirs = string.Join(" | ", row["rows"]!.AsArray().Select(
                r => string.Join(" ", r!.AsArray().Select(p => string.Join(",", p!.AsArray().Select(n => (int)n!))))));
            Assert.Equal(theirs, ours);
        }
    }

    [Fact]
    public void Windows_never_share_rows()
    {
        List<List<Piece>> rows = SequencePacking.InWindows(
            [.. Enumerable.Repeat(1, 1003)], 1200, 1000, SequencePacking.BestFitDecreasing);
        Assert.Equal([1000, 3], rows.Select(r => r.Count));
        Assert.Equal(Enumerable.Range(0, 1003), rows.SelectMany(r => r).Select(p => p.Sequence));
    }
}
