using System.Reflection;
using System.Text;

namespace Hone.Cli;

/// <summary>One method, from its attributes.</summary>
/// <param name="Info">Slug, stage, paper, arXiv identifier and command.</param>
/// <param name="Reproduction">The class that checks its claims; null when there is none.</param>
internal sealed record MethodEntry(MethodAttribute Info, Type? Reproduction);

/// <summary>Every research method in Hone, found by scanning.</summary>
internal static class MethodCatalog
{
    /// <summary>All methods of this build by stage, then slug.</summary>
    public static IReadOnlyList<MethodEntry> All() => In(HoneAssemblies.All);

    /// <summary>The methods in some assemblies.</summary>
    /// <exception cref="InvalidOperationException">Two methods share a slug, or a reproduction names none.</exception>
    public static IReadOnlyList<MethodEntry> In(IReadOnlyList<Assembly> assemblies)
    {
        Dictionary<string, Type> reproductions = HoneAssemblies.Marked<ReproducesAttribute>(assemblies)
            .ToDictionary(pair => pair.Attribute.Slug, pair => pair.Type);
        MethodEntry[] methods = [.. HoneAssemblies.Marked<MethodAttribute>(assemblies)
            .Select(pair => new MethodEntry(pair.Attribute, reproductions.GetValueOrDefault(pair.Attribute.Slug)))
            .OrderBy(method => method.Info.Stage, StringComparer.Ordinal).ThenBy(method => method.Info.Slug, StringComparer.Ordinal)];
        string? twice = methods.GroupBy(method => method.Info.Slug).FirstOrDefault(group => group.Count() > 1)?.Key;
        if (twice is not null) throw new InvalidOperationException($"Two classes are marked [Method(\"{twice}\")].");
        string? orphan = reproductions.Keys.Except(methods.Select(method => method.Info.Slug)).FirstOrDefault();
        if (orphan is not null) throw new InvalidOperationException($"[Reproduces(\"{orphan}\")] names no method.");
        return methods;
    }

    /// <summary>docs/papers.md: written from the attributes, so it cannot fall behind them.</summary>
    public static string Page(IReadOnlyList<MethodEntry> methods)
    {
        StringBuilder page = new("# Papers\n\n");
        page.Append("Written from the code by `hone methods --markdown`; a test compares it.\n\n");
        page.Append("| method | stage | paper | command | reproduce |\n|---|---|---|---|---|\n");
        foreach (MethodEntry method in methods)
        {
            MethodAttribute info = method.Info;
            string paper = info.ArXiv.Length > 0 ? $"{info.Paper} ([arXiv:{info.ArXiv}](https://arxiv.org/abs/{info.ArXiv}))" : info.Paper;
            string reproduce = method.Reproduction is null ? "" : $"`hone reproduce {info.Slug}`";
            page.Append($"| {info.Slug} | {info.Stage} | {paper} | `{info.Command}` | {reproduce} |\n");
        }
        return page.ToString();
    }
}
