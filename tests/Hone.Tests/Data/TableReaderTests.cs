using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Hone.Data;

namespace Hone.Tests.Data;

public class TableReaderTests
{
    private static List<Row> Read(string name, string content, TableOptions? options = null)
    {
        using TempFile file = new(name, content);
        return [.. TableReader.Read(file.Path, options)];
    }

    [Fact]
    public void CsvKeepsQuotedDelimitersQuotesAndLineEndsAndCountsLines()
    {
        List<Row> rows = Read("t.csv", "\uFEFFquestion,answer\r\n\"a, \"\"b\"\"\nsecond line\",1\r\n\r\nplain \"mid\" quote,2\r\n");
        Assert.Equal(2, rows.Count);
        Assert.Equal("a, \"b\"\nsecond line", rows[0].Text("question"));
        Assert.Equal(2, rows[0].Line);
        Assert.Equal("plain \"mid\" quote", rows[1].Text("question"));
        Assert.Equal(5, rows[1].Line);
    }

    [Theory]
    [InlineData("question;answer\na,b;1\n", "a,b;1")]
    [InlineData("question,answer\na;b,1", "a;b")]
    public void DelimiterIsACommaUnlessTheFirstLineHasNone(string content, string first)
    {
        List<Row> rows = Read("t.csv", content);
        Assert.Equal(first.Split(';')[0] == "a,b" ? "a,b" : first, rows[0].Text("question"));
    }

    [Fact]
    public void EmptyLastCellCounts()
    {
        Row row = Assert.Single(Read("t.csv", "question,answer\nx,\n"));
        Assert.Equal("", row.Text("answer"));
    }

    [Fact]
    public void TsvWithStrayQuotesReadsThemAsText()
    {
        List<Row> rows = Read("t.tsv", "label\ttext\nham\t\"Hi\" she said\nham\t\"all quoted\"\nspam\tWIN\"\n");
        Assert.Equal(["\"Hi\" she said", "\"all quoted\"", "WIN\""], rows.Select(r => r.Text("text")));
    }

    [Fact]
    public void TsvThatQuotesConsistentlyIsUnquoted()
    {
        List<Row> rows = Read("t.tsv", "label\ttext\nham\t\"one\ntwo\"\nspam\t\"say \"\"x\"\"\"\n");
        Assert.Equal(["one\ntwo", "say \"x\""], rows.Select(r => r.Text("text")));
        Assert.Equal([2L, 4L], rows.Select(r => r.Line));
    }

    [Theory]
    [InlineData("question,answer\n\"open,1\n2,3\n", 2, "never closed")]
    [InlineData("question,answer\nfine,1\n\"x\" y,1\n", 3, "doubled")]
    [InlineData("question,answer\nfine,1\na,b,c\n", 3, "expected 2 cells")]
    [InlineData("question,question\nfine,1\n", 1, "twice")]
    public void BrokenRecordsNameTheirLine(string content, int line, string part)
    {
        HoneException error = Assert.Throws<HoneException>(() => Read("t.csv", content, new() { HasHeader = true }));
        Assert.Contains($"t.csv:{line}: ", error.Message);
        Assert.Contains(part, error.Message);
    }

    [Fact]
    public void SkippingABrokenRecordLosesOnlyThatLine()
    {
        List<string> skipped = [];
        List<Row> rows = Read("t.csv", "question,answer\n\"open,1\nb,2\nc,3,4\nd,5\n", new() { OnError = OnError.Skip, Skipped = e => skipped.Add(e.Message) });
        Assert.Equal(["b", "d"], rows.Select(r => r.Text("question")));
        Assert.Equal([3L, 5L], rows.Select(r => r.Line));
        Assert.Equal(2, skipped.Count);
        Assert.Contains(":2: ", skipped[0]);
        Assert.Contains(":4: ", skipped[1]);
    }

    [Fact]
    public void HeaderIsRecognisedOrNot()
    {
        Assert.Equal(["column1", "column2"], Names(Read("t.tsv", "ham\tGo until jurong point, crazy..\nspam\tFree entry!\nham\tok.\n")));
        Assert.Equal(["label", "text"], Names(Read("t.tsv", "label\ttext\nham\tGo until jurong\n")));
        Assert.Equal(["Frage", "Zahl"], Names(Read("t.csv", "Frage,Zahl\nWie viele?,3\nWas?,4\n")));
        Assert.Equal(["column1", "column2"], Names(Read("t.csv", "red,apple\ngreen,apple\n")));
        Assert.Equal(["red", "apple"], Names(Read("t.csv", "red,apple\ngreen,apple\n", new() { HasHeader = true })));
    }

    private static IEnumerable<string> Names(List<Row> rows) => rows[0].Fields.Select(f => f.Key);

    [Fact]
    public void JsonListsKeepLineNumbers()
    {
        List<Row> rows = Read("t.json", "[\n {\"question\": \"a\",\n  \"answer\": 1},\n\n {\"question\": \"b\", \"answer\": 2}\n]\n");
        Assert.Equal([2L, 5L], rows.Select(r => r.Line));
        Assert.Equal("2", rows[1].Text("answer"));
    }

    [Theory]
    [InlineData("{\"version\": 1, \"data\": [{\"text\": \"a\"}, {\"text\": \"b\"}]}", 2)]
    [InlineData("{\"text\": \"a\"}\n{\"text\": \"b\"}\n{\"text\": \"c\"}\n", 3)]
    [InlineData("{\"messages\": [{\"role\": \"user\", \"content\": \"x\"}]}", 1)]
    public void JsonFilesInTheirOtherForms(string content, int count) => Assert.Equal(count, Read("t.json", content).Count);

    [Theory]
    [InlineData("7")]
    [InlineData("{\"a\": 1}")]
    [InlineData("[{\"a\": 1}, 3]")]
    [InlineData("[{\"a\": 1}")]
    [InlineData("")]
    public void JsonWithoutAListOfObjectsIsRefused(string content) => Assert.Throws<HoneException>(() => Read("t.json", content));

    [Fact]
    public void MissingFileAndUnknownFormatAreOneClearLine()
    {
        Assert.Contains("no such file", Assert.Throws<HoneException>(() => TableReader.Read("nowhere.jsonl")).Message);
        Assert.Contains("not recognised", Assert.Throws<HoneException>(() => Read("t.bin", "hello")).Message);
    }

    [Fact]
    public void OlderEncodingsAreReadAndToldOf()
    {
        List<string> notes = [];
        using TempFile latin = new("l.csv", Encoding.Latin1.GetBytes("question,answer\ncafé,£2\n"));
        Row row = Assert.Single(TableReader.Read(latin.Path, new() { Note = notes.Add }));
        Assert.Equal(("café", "£2"), (row.Text("question"), row.Text("answer")));
        Assert.Contains("Latin-1", Assert.Single(notes));
        using TempFile wide = new("w.csv", [.. Encoding.Unicode.Preamble, .. Encoding.Unicode.GetBytes("question,answer\ncafé,2\n")]);
        Assert.Equal("café", Assert.Single(TableReader.Read(wide.Path)).Text("question"));
    }

    [Fact]
    public void WhatIsWrittenByTheRulesOfRfc4180IsReadBack() =>
        Prop.ForAll(ArbMap.Default.ArbFor<string[]>(), cells =>
        {
            string[] values = [.. (cells ?? []).Take(8).Select(c => (c ?? "").Replace("\r", "").Replace("\0", "")), "end"];
            if (values.Any(v => v.EnumerateRunes().Any(r => r == Rune.ReplacementChar))) return true;
            string record = string.Join(',', values.Select(v => $"\"{v.Replace("\"", "\"\"")}\""));
            string header = string.Join(',', values.Select((_, i) => $"c{i}"));
            Row row = Assert.Single(Read("t.csv", $"{header}\n{record}\n", new() { HasHeader = true }));
            return values.SequenceEqual(row.Fields.Select(f => f.Value!.GetValue<string>()));
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void RandomBytesNeverCrashAReader()
    {
        RandomStream random = new(5, "fuzz");
        byte[] alphabet = Encoding.UTF8.GetBytes("\"\"\",;\t\n\r{}[]:a1é \\\u0000#");
        string[] names = ["t.csv", "t.tsv", "t.json", "t.jsonl", "t.dat"];
        int refused = 0, rows = 0;
        for (int i = 0; i < 1500; i++)
        {
            byte[] content = new byte[random.Next(200)];
            for (int j = 0; j < content.Length; j++) content[j] = alphabet[random.Next(alphabet.Length)];
            using TempFile file = new(names[i % names.Length], content);
            try
            {
                rows += TableReader.Read(file.Path).Count();
            }
            catch (HoneException)
            {
                refused++;
            }
        }
        Assert.True(refused > 100 && rows > 100, $"refused {refused}, rows {rows}");
    }
}
