using System.Text.Json.Nodes;
using Hone.Core;

namespace Hone.Models.Templates;

/// <summary>
/// A chat template: Jinja in the environment that Hugging Face's transformers gives it (trim_blocks, lstrip_blocks, the
/// immutable sandbox, loop controls, <c>raise_exception</c>, <c>strftime_now</c>, <c>tojson</c>, <c>{% generation %}</c>).
/// Parsed once, rendered as often as wanted, from any thread.
/// </summary>
public sealed class ChatTemplate
{
    private readonly IReadOnlyList<Statement> body;

    private ChatTemplate(string source, IReadOnlyList<Statement> body, bool hasGenerationBlocks)
    {
        Source = source;
        this.body = body;
        HasGenerationBlocks = hasGenerationBlocks;
    }

    /// <summary>The template's text.</summary>
    public string Source { get; }

    /// <summary>Whether the template marks what the model is to learn.</summary>
    public bool HasGenerationBlocks { get; }

    /// <summary>Parses a template.</summary>
    /// <exception cref="HoneException">It is not valid; the message gives line and column.</exception>
    public static ChatTemplate Parse(string source)
    {
        ArgumentNullException.ThrowIfNull(source);
        try
        {
            (IReadOnlyList<Statement> body, bool hasGeneration) = JinjaParser.Parse(source);
            return new ChatTemplate(source, body, hasGeneration);
        }
        catch (JinjaException error)
        {
            throw Report(error);
        }
    }

    /// <summary>The template's output for the names in <paramref name="context"/>.</summary>
    /// <exception cref="HoneException">The template fails, raises, or exceeds a limit; the message gives line and column.</exception>
    public string Render(JsonObject context, TemplateOptions? options = null) => Run(context, options, trackSpans: false).Text;

    /// <summary>The output with the places of its generation blocks.</summary>
    /// <exception cref="HoneException">As for <see cref="Render"/>; also where a generation block has no known place.</exception>
    public RenderedTemplate RenderWithSpans(JsonObject context, TemplateOptions? options = null) => Run(context, options, trackSpans: true);

    private RenderedTemplate Run(JsonObject context, TemplateOptions? options, bool trackSpans)
    {
        RenderState state = new(options ?? TemplateOptions.Default, trackSpans);
        try
        {
            Scope names = new(Globals.Create());
            foreach ((string name, JsonNode? value) in context) names.Set(name, JsonValues.FromJson(value));
            Statement.RunAll(body, state, new Scope(names));
            return new RenderedTemplate(state.Output.ToString(), state.Spans);
        }
        catch (JinjaException error)
        {
            throw Report(error.At(state.Position.Line > 0 ? state.Position : new Position(1, 1)));
        }
    }

    private static HoneException Report(JinjaException error)
    {
        string place = error.Line > 0 ? $"chat template, line {error.Line}, column {error.Column}" : "chat template";
        string hint = error.Kind == JinjaErrorKind.TemplateError ? "the template refuses this input: " : "";
        return new HoneException($"{place}: {hint}{error.Message}", error);
    }
}
