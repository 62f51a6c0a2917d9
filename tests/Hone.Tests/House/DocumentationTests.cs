using System.CommandLine;
using System.CommandLine.Parsing;
using System.Reflection;
using System.Text.RegularExpressions;
using Hone.Cli;
using Hone.Core.Recipes;

namespace Hone.Tests.House;

public partial class DocumentationTests
{
    [Fact]
    public void Public_types_of_Core_say_what_they_are()
    {
        foreach (Type type in typeof(HoneException).Assembly.GetExportedTypes())
            Assert.True(DocComments.Of(type).Length > 0, $"{type.FullName} has no summary.");
    }

    [Fact]
    public void The_papers_page_says_what_the_attributes_say() =>
        Assert.True(Repository.Read("docs/papers.md").ReplaceLineEndings("\n") == MethodCatalog.Page(MethodCatalog.All()),
            "docs/papers.md is behind the code. Write it again: hone methods --markdown > docs/papers.md");

    [Fact]
    public void Every_recipe_binds_and_says_in_its_first_line_what_it_does()
    {
        foreach (string path in Repository.Files("recipes", ".yaml", ".yml"))
        {
            RecipeFile file = RecipeFile.Load(Path.Combine(Repository.Root, path));
            file.Bind(RecipeKinds.Of(file, RecipeLibrary.Kinds), RecipeLibrary.Components);
            Assert.StartsWith("# ", Repository.Read(path));
            Assert.EndsWith(".yaml", path);
        }
    }

    [Fact]
    public void Every_option_of_a_recipe_is_explained()
    {
        foreach ((string kind, Type type) in RecipeLibrary.Kinds)
        {
            Assert.NotEmpty(DocComments.Of(type));
            foreach (OptionHelp option in OptionHelp.Of(type)) Assert.True(option.Description.Length > 0, $"recipe '{kind}': option '{option.Path}' has no doc comment.");
        }
        foreach (ComponentInfo component in RecipeLibrary.Components.All.Where(component => component.OptionsType is not null))
            foreach (OptionHelp option in OptionHelp.Of(component.OptionsType!))
                Assert.True(option.Description.Length > 0, $"component '{component.Name}': option '{option.Path}' has no doc comment.");
    }

    public static TheoryData<string, string> CommandLines => [.. Repository.Files("", ".md")
        .Where(file => !file.Contains("models/"))
        .SelectMany(file => CommandsIn(Repository.Read(file)).Select(line => (file, line)))];

    [Theory, MemberData(nameof(CommandLines))]
    public void Commands_shown_in_documents_exist(string file, string line)
    {
        string[] args = [.. CommandLineParser.SplitCommandLine(line)];
        ParseResult parsed = CommandTree.Build(args, CommandTree.All).Parse(args);
        Assert.True(parsed.Errors.Count == 0 || args.Contains("--help"), $"{file}: hone {line}: {string.Join(" ", parsed.Errors.Select(error => error.Message))}");
    }

    /// <summary>Lines of code blocks that call the program, without the call, a trailing comment and a line's continuation.</summary>
    private static IEnumerable<string> CommandsIn(string markdown) =>
        from Match block in CodeBlock().Matches(markdown)
        from line in block.Groups[1].Value.Replace("\\\n", " ").Split('\n')
        let match = Call().Match(line.Split(" # ")[0].Trim())
        where match.Success
        select match.Groups[1].Value.Trim();

    [GeneratedRegex("```[a-z]*\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex CodeBlock();

    [GeneratedRegex(@"^(?:\$ )?(?:hone|dotnet run -c Release(?: --no-build)? --project src/Hone\.Cli --)(?: (.*))?$")]
    private static partial Regex Call();
}
