namespace Hone.Methods.Rise;

/// <summary>A right step to be spoilt.</summary>
/// <param name="Question">The question.</param>
/// <param name="Prefix">The solution up to the step.</param>
/// <param name="Text">The part of the step that is offered for editing.</param>
/// <param name="Type">The error asked for.</param>
/// <param name="Seed">Of whatever is drawn.</param>
public sealed record InjectionRequest(string Question, string Prefix, string Text, ErrorType Type, long Seed);

/// <summary>An edited text, or why there is none.</summary>
public readonly record struct Injection(string? Text, string Reason = "");

/// <summary>Puts a subtle error into a text.</summary>
public interface IErrorInjector
{
    /// <summary>One result for each request, in order.</summary>
    IReadOnlyList<Injection> Inject(IReadOnlyList<InjectionRequest> requests, CancellationToken cancellation);
}
