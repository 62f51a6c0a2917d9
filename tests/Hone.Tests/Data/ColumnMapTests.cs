using System.Text.Json.Nodes;
using Hone.Data;

namespace Hone.Tests.Data;

public class ColumnMapTests
{
    private static Row RowOf(string json) => new("r", (JsonObject)JsonNode.Parse(json)!, "f.csv", 3);

    [Theory]
    [InlineData("Dan had $ 3 left", "How much?", "Dan had $ 3 left. How much?")]
    [InlineData("He left.", "Why?", "He left. Why?")]
    [InlineData("Ada", "Lovelace", "Ada Lovelace")]
    [InlineData("", "Why?", "Why?")]
    public void PartsAreJoinedAsSentences(string body, string question, string joined) =>
        Assert.Equal(joined, ColumnMap.Join([body, question]));

    [Fact]
    public void MapsOneOrSeveralColumnsAndKeepsTypes()
    {
        ColumnMap map = ColumnMap.Parse(["question=Body, Question", "answer=Answer"]);
        Row row = map.Apply(RowOf("""{"Body":"Two cups.","Question":"How many?","Answer":2.0}"""));
        Assert.Equal("Two cups. How many?", row.Text("question"));
        Assert.Equal("2.0", row.Text("answer"));
    }

    [Theory]
    [InlineData("question")]
    [InlineData("=Body")]
    [InlineData("question=")]
    [InlineData("question=a,,b")]
    public void MalformedEntriesAreRefused(string entry) => Assert.Throws<HoneException>(() => ColumnMap.Parse([entry]));

    [Fact]
    public void UnknownColumnNamesTheNearest()
    {
        HoneException error = Assert.Throws<HoneException>(() => ColumnMap.Parse(["answer=Answr"]).Apply(RowOf("""{"Answer":1}""")));
        Assert.Equal("f.csv:3: column 'Answr' of --map is missing. Columns here: Answer. Did you mean 'Answer'?", error.Message);
        Assert.Throws<HoneException>(() => ColumnMap.Parse(["a=b", "a=c"]));
    }
}
