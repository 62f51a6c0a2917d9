using System.Globalization;
using System.Text.Json.Nodes;
using Hone.Core;

namespace Hone.Evaluation.Tasks;

/// <summary>
/// A generated word problem. The question is plain English on one line; a solution is one equation per line and a last line
/// with the answer:
/// <code>
/// 38 / 2 = 19
/// 19 * 4 = 76
/// answer: 76
/// </code>
/// </summary>
/// <param name="Id">Stable name, e.g. <c>train/7/120</c>: split, seed, number.</param>
/// <param name="Question">The problem in words.</param>
/// <param name="Steps">The reference solution; the last result is the answer.</param>
/// <param name="Family">Kind of story: chain, comparison, pair or price.</param>
/// <param name="Templates">Sentence templates used, in order.</param>
public sealed record WordProblem(
    string Id, string Question, IReadOnlyList<Equation> Steps, string Family, IReadOnlyList<string> Templates)
{
    /// <summary>What stands before the number in the last line of a solution.</summary>
    public const string AnswerMark = "answer: ";

    /// <summary>The answer, in decimal digits.</summary>
    public string Answer => Steps[^1].Result.ToString(CultureInfo.InvariantCulture);

    /// <summary>The steps, one per line, without the answer line.</summary>
    public string Rationale => string.Join('\n', Steps);

    /// <summary>Steps and answer line: what a model is taught to write.</summary>
    public string Solution => $"{Rationale}\n{AnswerMark}{Answer}";

    /// <summary>A task row with question, answer, rationale, k (number of steps), family and templates.</summary>
    public Row ToRow() => new(
        Id,
        new JsonObject
        {
            ["question"] = Question,
            ["answer"] = Answer,
            ["rationale"] = Rationale,
            ["k"] = Steps.Count,
            ["family"] = Family,
            ["templates"] = new JsonArray([.. Templates.Select(t => (JsonNode)t)]),
        },
        WordProblems.SourceName);
}
