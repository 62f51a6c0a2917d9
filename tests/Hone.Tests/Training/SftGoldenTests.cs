using System.Text.Json.Nodes;
using Hone.Data;
using Hone.Data.Preferences;
using Hone.Methods.Supervised;
using Hone.Models.Text;
using Hone.Training.Batching;

namespace Hone.Tests.Training;

/// <summary>Ids, masks, truncation and packing beside TRL's SFTTrainer.</summary>
public class SftGoldenTests
{
    private const string Folder = GoldenModels.Folder + "sft/";

    [Fact]
    public void Every_format_gives_the_recorded_ids_and_masks()
    {
        Dictionary<string, ModelText> texts = [];
        int done = 0;
        foreach (JsonObject row in GoldenJson.Rows(Folder + "formats.jsonl"))
        {
            string id = (string)row["id"]!, tokenizer = (string)row["tokenizer"]!;
            if (!texts.TryGetValue(tokenizer, out ModelText? text)) texts[tokenizer] = text = GoldenText.Open(tokenizer);
            SftFormat format = Format(row["settings"]!.AsObject());
            SftTokenizer sft = new(text, format);
            Row[] rows = [.. row["rows"]!.AsArray().Select((r, i) => new Row($"{i}", r!.DeepClone().AsObject(), "rows.jsonl", i + 1))];
            done++;
            if (row["error"] is not null) Assert.All(rows, r => Assert.Throws<HoneException>(() => sft.Tokenize(r)));
            else Check(row, id, [.. SftPacking.Arrange([.. rows.Select(sft.Tokenize)], format)], format);
        }
        GoldenJson.AllDone(70, done);
    }

    [Fact]
    public void Batches_without_padding_hold_what_the_collator_holds()
    {
        int done = 0;
        foreach (JsonObject row in GoldenJson.Rows(Folder + "collator.jsonl"))
        {
            TrainingExample[] examples = [.. row["examples"]!.AsArray().Select(e => new TrainingExample(
                new LearntTokens(Ints(e!["input_ids"]!), e["labels"] is JsonNode labels ? [.. Ints(labels).Select(l => l != -100)] : [.. Ints(e["input_ids"]!).Select(_ => true)]).ToSequence()))];
            CheckCollated(row["batch"]!.AsObject(), TrainingBatch.Of(examples), (string)row["id"]!);
            done++;
        }
        GoldenJson.AllDone(8, done);
    }

    [Fact]
    public void Conversions_between_row_forms_are_exact()
    {
        int done = 0;
        foreach (JsonObject row in GoldenJson.Rows(Folder + "conversions.jsonl"))
        {
            string id = (string)row["id"]!;
            JsonNode[] result = id == "unpair"
                ? [.. Unpairing.Unpair([.. row["in"]!.AsArray().Select(r => RowOf(r!))]).Select(r => r.Fields)]
                : [(id.StartsWith("chatml", StringComparison.Ordinal) ? ShareGpt.ToMessages(RowOf(row["in"]!)) : ImplicitPrompt.Extract(RowOf(row["in"]!))).Fields];
            JsonNode?[] expected = row["out"] is JsonArray list ? [.. list] : [row["out"]];
            Assert.Equal(expected.Length, result.Length);
            for (int i = 0; i < result.Length; i++) Assert.True(JsonNode.DeepEquals(expected[i], result[i]), $"{id}: {result[i].ToJsonString()}");
            done++;
        }
        GoldenJson.AllDone(10, done);
    }

    private static void Check(JsonObject row, string id, IReadOnlyList<LearntTokens>[] examples, SftFormat format)
    {
        // Cutting may leave a row without a target; TRL drops those where it does not pack.
        if (format is { Packing: Packing.None, MaxLength: > 0 }) examples = [.. examples.Where(e => e[0].Learnt.Contains(true))];
        JsonArray prepared = row["prepared"]!.AsArray();
        Assert.True(prepared.Count == examples.Length, $"{id}: {examples.Length} rows instead of {prepared.Count}");
        for (int i = 0; i < examples.Length; i++)
        {
            int[] ids = [.. examples[i].SelectMany(s => s.Ids)], labels = [.. examples[i].SelectMany(s => s.Ids.Select((t, k) => s.Learnt[k] ? t : -100))];
            Assert.True(ids.SequenceEqual(Ints(prepared[i]!["input_ids"]!)), $"{id} row {i}: ids {string.Join(' ', ids)}");
            Assert.True(labels.SequenceEqual(Ints(prepared[i]!["labels"]!)), $"{id} row {i}: labels {string.Join(' ', labels)}");
            if (prepared[i]!["seq_lengths"] is JsonNode lengths) Assert.Equal(Ints(lengths), examples[i].Select(s => s.Ids.Length));
        }
        if (row["collated"] is not JsonObject collated) return;
        TrainingExample[] all = [.. examples.Select(e => new TrainingExample([.. e.Select(s => s.ToSequence())]))];
        CheckCollated(collated, TrainingBatch.Of(all), id);
    }

    /// <summary>The reference pads rows or lays them into one; Hone's batch is the latter, so padding is taken out before comparing.</summary>
    private static void CheckCollated(JsonObject batch, TrainingBatch ours, string id)
    {
        List<int> tokens = [], labels = [], positions = [], starts = [];
        JsonArray rows = batch["input_ids"]!.AsArray();
        for (int r = 0; r < rows.Count; r++)
        {
            int[] ids = Ints(rows[r]!), targets = Ints(batch["labels"]![r]!);
            int[]? places = batch["position_ids"] is JsonNode p ? Ints(p[r]!) : null, mask = batch["attention_mask"] is JsonNode m ? Ints(m[r]!) : null;
            for (int i = 0; i < ids.Length; i++)
            {
                int place = places?[i] ?? i;
                if (mask is null ? tokens.Count == ours.Tokens.Length : mask[i] == 0) continue;
                if (place == 0) starts.Add(tokens.Count);
                tokens.Add(ids[i]);
                labels.Add(place == 0 ? -100 : targets[i]);
                positions.Add(place);
            }
        }
        Assert.True(tokens.SequenceEqual(ours.Tokens), id);
        Assert.True(positions.SequenceEqual(ours.Positions), id);
        Assert.True(starts.SequenceEqual(ours.Segments.Starts.ToArray()[..^1]), id);
        Assert.True(labels.Skip(1).Append(-100).SequenceEqual(ours.Targets), id);
    }

    private static SftFormat Format(JsonObject settings) => new()
    {
        MaxLength = (int?)settings["max_length"] ?? 0,
        Truncation = (string?)settings["truncation_mode"] == "keep_end" ? Truncation.KeepEnd : Truncation.KeepStart,
        CompletionOnlyLoss = (bool?)settings["completion_only_loss"],
        AssistantOnlyLoss = (bool?)settings["assistant_only_loss"] ?? false,
        Packing = (string?)settings["packing_strategy"] switch { "bfd" => Packing.Bfd, "bfd_split" => Packing.BfdSplit, "wrapped" => Packing.Wrapped, _ => Packing.None },
    };

    private static Row RowOf(JsonNode fields) => new("r", fields.DeepClone().AsObject());

    private static int[] Ints(JsonNode node) => [.. node.AsArray().Select(n => (int)n!)];
}
