using System.Text.RegularExpressions;
using Hone.Core;

namespace Hone.Models.Formats.Hub;

/// <summary>A model on a Hugging Face style hub: <c>org/name</c>, with a branch, tag or commit behind an <c>@</c>.</summary>
/// <param name="Repository"><c>org/name</c>, or a lone name for the oldest models.</param>
/// <param name="Revision">Branch, tag or commit; <c>main</c> when not given.</param>
public sealed partial record HubModelId(string Repository, string Revision = "main")
{
    /// <summary>Reads <c>org/name[@revision]</c>.</summary>
    /// <exception cref="HoneException">Not of that form.</exception>
    public static HubModelId Parse(string text) => TryParse(text) ?? throw new HoneException(
        $"'{text}' is not a model on the hub. Expected org/name or org/name@revision, e.g. HuggingFaceTB/SmolLM2-135M-Instruct.");

    /// <summary>Reads <c>org/name[@revision]</c>; null when the text has another form.</summary>
    public static HubModelId? TryParse(string text)
    {
        int at = text.IndexOf('@');
        string repository = at < 0 ? text : text[..at], revision = at < 0 ? "main" : text[(at + 1)..];
        string[] parts = repository.Split('/');
        bool fits = parts.Length is 1 or 2 && parts.All(part => NamePattern().IsMatch(part) && !part.Contains("--") && !part.Contains(".."));
        bool revisionFits = RevisionPattern().IsMatch(revision) && !revision.Contains("..") && !revision.Contains("//");
        return fits && revisionFits ? new(repository, revision) : null;
    }

    /// <summary>Name of the model's folder in a cache: <c>models--org--name</c>.</summary>
    public string FolderName => "models--" + Repository.Replace("/", "--");

    public override string ToString() => Revision == "main" ? Repository : $"{Repository}@{Revision}";

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9._-]{0,95}\z")]
    private static partial Regex NamePattern();

    // Names of branches and tags, and refs/pr/1; nothing that is special in a path.
    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9._/-]{0,199}\z")]
    private static partial Regex RevisionPattern();
}
