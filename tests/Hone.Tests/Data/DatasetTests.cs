using Hone.Data;

namespace Hone.Tests.Data;

public class DatasetTests
{
    [Fact]
    public void LabelsWithoutHeaderBecomeQuestionsAndAnswers()
    {
        string lines = string.Concat(Enumerable.Range(0, 12).Select(i => $"{(i % 3 == 0 ? "spam" : "ham")}\tmessage number {i}, really.\n"));
        using TempFile file = new("m.tsv", lines);
        Dataset data = Dataset.Load(file.Path);
        Assert.Equal(RowKind.Task, data.Kind);
        Assert.Equal("spam", data.Rows[0].Text("answer"));
        Assert.Equal("message number 0, really.", data.Rows[0].Text("question"));
        Assert.Contains(data.Notes, n => n.Contains("2 labels (ham, spam)"));
        Assert.Equal(64, data.Sha256.Length);
    }

    [Fact]
    public void ColumnsLeftEmptyBySpreadsheetsDoNotHideTheLabel()
    {
        string lines = string.Concat(Enumerable.Range(0, 12).Select(i => $"{(i % 3 == 0 ? "spam" : "ham")},\"message number {i}, really\",{(i == 3 ? "rest" : "")},,\n"));
        using TempFile file = new("spam.csv", $"v1,v2,,,\n{lines}");
        Dataset data = Dataset.Load(file.Path);
        Assert.Equal((RowKind.Task, 12), (data.Kind, data.Rows.Count));
        Assert.Equal(("message number 1, really", "ham"), (data.Rows[1].Text("question"), data.Rows[1].Text("answer")));
    }

    [Fact]
    public void NamesOfColumnsTellALabelInAFewRows()
    {
        using TempFile file = new("few.csv", "Category,Message\nham,hello there\nspam,win now\n");
        Dataset data = Dataset.Load(file.Path);
        Assert.Equal(["ham", "spam"], data.Rows.Select(r => r.Text("answer")));
        using TempFile unclear = new("unclear.csv", "Kind,Message\nham,hello there\nspam,win now\n");
        Assert.Contains("--map question=Message", Assert.Throws<HoneException>(() => Dataset.Load(unclear.Path)).Message);
    }

    [Fact]
    public void VerdictsOfTablesAreWordsAndOthersAreNamed()
    {
        using TempFile table = new("k.csv", "prompt,completion,label\n1 + 1,2,True\n1 + 1,3,false\n");
        Dataset data = Dataset.Load(table.Path);
        Assert.Equal(RowKind.Judged, data.Kind);
        Assert.Equal([true, false], data.Rows.Select(r => (bool)r.Fields["label"]!));
        using TempFile other = new("k.jsonl", """{"prompt":"a","completion":"b","label":true}""" + "\n" + """{"prompt":"a","completion":"b","label":"good"}""" + "\n");
        Assert.EndsWith("k.jsonl:2: label is \"good\"; expected true or false.", Assert.Throws<HoneException>(() => Dataset.Load(other.Path)).Message);
    }

    [Fact]
    public void LinesThatAreNotUtf8AreNamed()
    {
        using TempFile file = new("l.jsonl", [.. "\uFEFF{\"text\":\"caf\u00e9 \uFFFD\"}\n"u8, .. "{\"text\":\"caf"u8, 0xE9, .. "\"}\n"u8]);
        Assert.EndsWith("l.jsonl:2: not valid UTF-8 at column 13. Save the file as UTF-8.", Assert.Throws<HoneException>(() => Dataset.Load(file.Path)).Message);
        Dataset data = Dataset.Load(file.Path, new TableOptions { OnError = OnError.Skip });
        Assert.Equal((1, "caf\u00e9 \uFFFD"), (data.Skipped, data.Rows.Single().Text("text")));
    }

    [Fact]
    public void MixedKindsRepeatedIdsAndEmptyFilesAreReported()
    {
        using TempFile mixed = new("a.jsonl", "{\"text\":\"a\"}\n{\"prompt\":\"a\",\"completion\":\"b\"}\n");
        Assert.Contains("a.jsonl:2: ", Assert.Throws<HoneException>(() => Dataset.Load(mixed.Path)).Message);
        using TempFile twice = new("b.jsonl", "{\"id\":1,\"question\":\"a\",\"answer\":1}\n{\"id\":1,\"question\":\"b\",\"answer\":1}\n");
        Assert.Contains("used before, in line 1", Assert.Throws<HoneException>(() => Dataset.Load(twice.Path)).Message);
        using TempFile empty = new("c.jsonl", "\n\n");
        Assert.Contains("no rows", Assert.Throws<HoneException>(() => Dataset.Load(empty.Path)).Message);
    }

    [Fact]
    public void SkippingCountsWhatItLeftOutAndNeverLeavesNothingSilently()
    {
        using TempFile file = new("a.jsonl", "{\"text\":\"a\"}\nnonsense\n{\"text\":5.5}\n{\"text\":\"\"}\n");
        List<HoneException> skipped = [];
        Dataset data = Dataset.Load(file.Path, new() { OnError = OnError.Skip, Skipped = skipped.Add });
        Assert.Equal((2, 2), (data.Rows.Count, data.Skipped));
        Assert.Equal(2, skipped.Count);
        using TempFile bad = new("b.jsonl", "nonsense\n");
        Assert.Throws<HoneException>(() => Dataset.Load(bad.Path, new() { OnError = OnError.Skip }));
    }

    [Fact]
    public void SmsMessagesLoadWhole()
    {
        Dataset data = Dataset.Load(SharedData.Require("data/adversarial-subspaces/sms_spam.tsv"));
        Assert.Equal(4460, data.Rows.Count);
        Assert.Equal(611, data.Rows.Count(r => r.Text("answer") == "spam"));
        Assert.Equal(3849, data.Rows.Count(r => r.Text("answer") == "ham"));
        Assert.Equal("Go until jurong point, crazy.. Available only in bugis n great world la e buffet... Cine there got amore wat...", data.Rows[0].Text("question"));
        Assert.StartsWith("\"Wen u miss someone,", data.Rows[214].Text("question"));
        Assert.Equal(Enumerable.Range(1, 4460).Select(i => (long)i), data.Rows.Select(r => r.Line));
    }

    [Fact]
    public void SvampAndGsm8kLoadInTheirPublishedForm()
    {
        Dataset svamp = Dataset.Load(
            SharedData.Require("data/svamp/svamp_300.jsonl"),
            new() { Map = ColumnMap.Parse(["question=Body,Question", "answer=Answer"]) });
        Assert.Equal(300, svamp.Rows.Count);
        Assert.Equal(
            "Dan had $ 3 left with him after he bought a candy bar. If he had $ 4 at the start. How much did the candy bar cost?",
            svamp.Rows[0].Text("question"));
        Assert.Equal("1", svamp.Rows[0].Text("answer"));
        Dataset gsm = Dataset.Load(SharedData.Require("data/gsm8k/train_500.jsonl"));
        Assert.Equal(500, gsm.Rows.Count);
        Assert.All(gsm.Rows, r => Assert.True(r.Has("rationale") && r.Text("answer").All(c => char.IsDigit(c) || c is ',' or '.' or '-')));
    }
}
