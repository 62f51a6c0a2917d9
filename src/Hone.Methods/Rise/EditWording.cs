using Hone.Inference;

namespace Hone.Methods.Rise;

/// <summary>How a model is asked to edit.</summary>
public enum EditWording
{
    /// <summary>In sentences, texts in fences, the reply begun for the model: for models that follow instructions.</summary>
    Fenced,

    /// <summary>In the few words of a closed vocabulary: for models taught by <c>hone train rise-teach</c>.</summary>
    Short,
}

/// <summary>Requests to edit a step, and what is read from the replies.</summary>
public static class EditPrompt
{
    private const int ClosedVocabulary = 2000;
    private const string Fence = "```", Opening = "Edited step:\n" + Fence + "\n";

    /// <summary>The wording that suits a model: a vocabulary of a few hundred words cannot hold the sentences.</summary>
    public static EditWording For(TextModel model) => model.Tokenizer.VocabularySize < ClosedVocabulary ? EditWording.Short : EditWording.Fenced;

    /// <summary>The prompt's tokens, the start of the reply included.</summary>
    public static int[] Write(TextModel model, InjectionRequest request, EditWording wording) =>
        wording == EditWording.Short ? model.Text.Prompt(Short(request)) : model.Text.Prompt(Fenced(request), Opening);

    /// <summary>The short request; the number is that of the error type.</summary>
    public static string Short(InjectionRequest request) => $"{request.Question}\nsolution:\n{request.Prefix}write wrong ({(int)request.Type + 1}): {request.Text}";

    /// <summary>The edited text in a reply.</summary>
    /// <param name="reply">Text, without the start that was given.</param>
    /// <param name="isWhole">The model ended it by itself.</param>
    /// <param name="wording">How it was asked.</param>
    public static Injection Read(string reply, bool isWhole, EditWording wording)
    {
        if (wording == EditWording.Short) return !isWhole ? new(null, "cut off") : reply.Trim().Length == 0 ? new(null, "empty") : new(reply.TrimEnd('\n'));
        int end = reply.IndexOf(Fence, StringComparison.Ordinal);
        if (end < 0) return new(null, "no closing fence");
        string text = reply[..end].Trim('\n');
        return text.Trim().Length == 0 ? new(null, "empty") : new(text);
    }

    private static string Fenced(InjectionRequest request) =>
        $"""
        A question, the start of a solution, and its current step follow.

        Question:
        {Fence}
        {request.Question}
        {Fence}

        Initial answer:
        {Fence}
        {request.Prefix}
        {Fence}

        Current step:
        {Fence}
        {request.Text}
        {Fence}

        {Instruction(request.Type)} Change as little as possible, and do not say that an error was made. Reply with the edited step between two fences.
        """;

    private static string Instruction(ErrorType type) => type switch
    {
        ErrorType.Number => "Edit the current step so that exactly one of its numbers is wrong.",
        ErrorType.Numbers => "Edit the current step so that some of its numbers are wrong but still fit each other.",
        ErrorType.Substitution => "Edit the current step so that a wrong value or symbol is put into the calculation.",
        ErrorType.Omission => "Edit the current step so that one term of the calculation is missing.",
        ErrorType.Operator => "Edit the current step so that one operator of the calculation is another one.",
        ErrorType.Swap => "Edit the current step so that two terms of the calculation have changed places.",
        _ => "Edit some words of the current step so that it misunderstands the question.",
    };
}
