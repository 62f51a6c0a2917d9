using System.Text.Json.Nodes;
using Hone.Evaluation.Metrics.Text;

namespace Hone.Tests.Evaluation;

public class TextMetricGoldenTests
{
    [Fact]
    public void BleuTokenisers()
    {
        foreach (JsonObject row in GoldenRows.Read("bleu_tokenizers.jsonl"))
            foreach (string name in new[] { "none", "13a", "intl", "zh", "char" })
                Assert.True(row[name].Text() == BleuTokenizers.Tokenize(name, row["text"].Text()), $"{row["id"]} {name}: '{row[name]}' but '{BleuTokenizers.Tokenize(name, row["text"].Text())}'");
    }

    [Fact]
    public void BleuOfSentences()
    {
        foreach (JsonObject row in GoldenRows.Read("bleu_sentence.jsonl"))
            Compare(row, new Bleu(BleuOf(row["settings"]!)).Sentence(row["hyp"].Text(), row["refs"].Texts()));
    }

    [Fact]
    public void BleuAndChrFOfCorpora()
    {
        foreach (JsonObject row in GoldenRows.Read("corpus_bleu_chrf_ter.jsonl"))
        {
            string[] hypotheses = row["hyps"].Texts();
            IReadOnlyList<string>[] references = [.. hypotheses.Select((_, i) => row["refs_streams"]!.AsArray()
                .Select(stream => stream!.AsArray()[i]?.GetValue<string>()).Where(r => r is not null).Cast<string>().ToArray())];
            Compare(row, new Bleu(BleuOf(row["settings"]!)).Corpus(hypotheses, references));
            if (row["ter"] is { } ter && references.All(r => r.Count > 0))
            {
                (double score, int edits, _) = new Ter().Corpus(hypotheses, references);
                Assert.Equal(row["ter_num_edits"].Number(), edits);
                GoldenRows.Close(ter.Number(), score, 1e-6, $"{row["id"]} TER");
            }
            if (row["chrf2"] is { } chrf) GoldenRows.Close(chrf.Number(), new ChrF().Corpus(hypotheses, references), 1e-6, $"{row["id"]} chrF2");
            if (row["chrf2pp"] is { } plus) GoldenRows.Close(plus.Number(), new ChrF(new() { WordOrder = 2 }).Corpus(hypotheses, references), 1e-6, $"{row["id"]} chrF2++");
        }
    }

    [Fact]
    public void ChrFOfSentences()
    {
        foreach (JsonObject row in GoldenRows.Read("chrf_sentence.jsonl"))
        {
            JsonNode s = row["settings"]!;
            ChrF chrF = new(new()
            {
                CharOrder = s["char_order"]?.GetValue<int>() ?? 6,
                WordOrder = s["word_order"]?.GetValue<int>() ?? 0,
                Beta = s["beta"]?.GetValue<int>() ?? 2,
                Lowercase = s["lowercase"]?.GetValue<bool>() ?? false,
                Whitespace = s["whitespace"]?.GetValue<bool>() ?? false,
                EpsSmoothing = s["eps_smoothing"]?.GetValue<bool>() ?? false,
            });
            GoldenRows.Close(row["score"].Number(), chrF.Sentence(row["hyp"].Text(), row["refs"].Texts()), 1e-6, row["id"].Text());
        }
    }

    [Fact]
    public void RougeScores()
    {
        foreach (JsonObject row in GoldenRows.Read("rouge.jsonl"))
        {
            Rouge rouge = new(row["use_stemmer"]!.GetValue<bool>());
            (string target, string prediction) = (row["target"].Text(), row["prediction"].Text());
            Assert.Equal(row["target_tokens"].Texts(), rouge.Tokens(target));
            Assert.Equal(row["prediction_tokens"].Texts(), rouge.Tokens(prediction));
            Overlap[] overlaps = [rouge.N(target, prediction, 1), rouge.N(target, prediction, 2), rouge.N(target, prediction, 3), rouge.L(target, prediction), rouge.LSum(target, prediction)];
            foreach ((string name, Overlap overlap) in new[] { "rouge1", "rouge2", "rouge3", "rougeL", "rougeLsum" }.Zip(overlaps)) Compare(row, name, overlap);
        }
    }

    [Fact]
    public void RougeWithSeveralTargetsTakesTheBest()
    {
        foreach (JsonObject row in GoldenRows.Read("rouge_multi.jsonl"))
        {
            Rouge rouge = new(row["use_stemmer"]!.GetValue<bool>());
            string prediction = row["prediction"].Text();
            Overlap Best(Func<string, Overlap> score) => row["targets"].Texts().Select(score).MaxBy(o => o.F);
            Compare(row, "rouge1", Best(t => rouge.N(t, prediction, 1)));
            Compare(row, "rouge2", Best(t => rouge.N(t, prediction, 2)));
            Compare(row, "rouge3", Best(t => rouge.N(t, prediction, 3)));
            Compare(row, "rougeL", Best(t => rouge.L(t, prediction)));
            Compare(row, "rougeLsum", Best(t => rouge.LSum(t, prediction)));
        }
    }

    [Fact]
    public void PorterStems()
    {
        List<string> differing = [];
        foreach (JsonObject row in GoldenRows.Read("porter_stems.jsonl"))
            foreach ((string word, string stem) in row["words"].Texts().Zip(row["stems"].Texts()))
                if (PorterStemmer.Stem(word) != stem) differing.Add($"{word}: {stem}, not {PorterStemmer.Stem(word)}");
        Assert.Empty(differing);
    }

    [Fact]
    public void MeteorScores()
    {
        foreach (JsonObject row in GoldenRows.Read("meteor_nltk_exact_stem.jsonl"))
        {
            Meteor meteor = new(row["alpha"].Number(), row["beta"].Number(), row["gamma"].Number());
            double score = meteor.Score(row["hyp_tokens"].Texts(), row["refs_tokens"]!.AsArray().Select(r => (IReadOnlyList<string>)r.Texts()));
            GoldenRows.Close(row["score"].Number(), score, 1e-9, row["id"].Text());
        }
    }

    [Fact]
    public void AnswersOfReadingTasks()
    {
        foreach (JsonObject row in GoldenRows.Read("qa_em_f1.jsonl"))
        {
            Assert.Equal(row["gold_normalized"].Text(), QuestionAnswering.Normalise(row["gold"].Text()));
            Assert.Equal(row["pred_normalized"].Text(), QuestionAnswering.Normalise(row["pred"].Text()));
            Assert.Equal(row["exact"].Number() == 1, QuestionAnswering.ExactMatch(row["gold"].Text(), row["pred"].Text()));
            GoldenRows.Close(row["f1"].Number(), QuestionAnswering.F1(row["gold"].Text(), row["pred"].Text()), 1e-9, row["id"].Text());
        }
        foreach (JsonObject row in GoldenRows.Read("qa_multi_gold.jsonl").Where(r => r["kind"].Text() == "coqa"))
        {
            (double exact, double f1) = QuestionAnswering.LeaveOneOut(row["golds"].Texts(), row["pred"].Text());
            GoldenRows.Close(row["em"].Number(), exact, 1e-9, row["id"].Text());
            GoldenRows.Close(row["f1"].Number(), f1, 1e-9, row["id"].Text());
        }
    }

    private static void Compare(JsonObject row, BleuScore score)
    {
        GoldenRows.Close(row["score"].Number(), score.Score, 1e-6, $"{row["id"]} score");
        GoldenRows.Close(row["bp"].Number(), score.BrevityPenalty, 1e-6, $"{row["id"]} bp");
        Assert.Equal((row["sys_len"].Number(), row["ref_len"].Number()), (score.SystemLength, score.ReferenceLength));
        Assert.Equal(row["counts"].Numbers(), score.Counts);
        Assert.Equal(row["totals"].Numbers(), score.Totals);
        foreach ((double e, double a) in row["precisions"].Numbers().Zip(score.Precisions)) GoldenRows.Close(e, a, 1e-6, $"{row["id"]} precision");
    }

    private static void Compare(JsonObject row, string name, Overlap overlap)
    {
        double[] expected = row[name].Numbers();
        GoldenRows.Close(expected[0], overlap.Precision, 1e-9, $"{row["id"]} {name} precision");
        GoldenRows.Close(expected[1], overlap.Recall, 1e-9, $"{row["id"]} {name} recall");
        GoldenRows.Close(expected[2], overlap.F, 1e-9, $"{row["id"]} {name} F");
    }

    private static BleuSettings BleuOf(JsonNode s) => new()
    {
        Tokenize = s["tokenize"]?.GetValue<string>() ?? "13a",
        Lowercase = s["lowercase"]?.GetValue<bool>() ?? false,
        SmoothMethod = s["smooth_method"]?.GetValue<string>() ?? "exp",
        SmoothValue = s["smooth_value"] is { } value ? value.GetValue<double>() : null,
        MaxNgramOrder = s["max_ngram_order"]?.GetValue<int>() ?? 4,
        EffectiveOrder = s["effective_order"]?.GetValue<bool>() ?? false,
    };
}
