using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Data;
using Hone.Data.Preferences;
using Hone.Models.Templates;
using Hone.Models.Text;

namespace Hone.Methods.Supervised;

/// <summary>Rows of any kind as tokens with a mask of what is learnt. Ids and masks equal TRL's SFTTrainer.</summary>
/// <param name="text">The model's tokens.</param>
/// <param name="format">Settings.</param>
public sealed class SftTokenizer(ModelText text, SftFormat format)
{
    /// <summary>One row, uncut.</summary>
    /// <exception cref="HoneException">The row cannot be rendered by the model's template, or a mask asked for cannot be had.</exception>
    public LearntTokens Tokenize(Row row)
    {
        row = ForeignPairs.WithKnownRoles(row);
        RowKind kind = RowKinds.Require(row);
        row = kind == RowKind.Messages && ShareGpt.Is(row) ? ShareGpt.ToMessages(row) : ForeignPairs.Canonical(row);
        bool isConversation = kind == RowKind.Messages || row.Fields["prompt"] is JsonArray;
        if (format.AssistantOnlyLoss == true && !isConversation && kind != RowKind.Task)
            throw row.Error("assistant-only loss needs conversations; this row is plain text. Leave it out, or use --completion-only-loss.");
        return kind switch
        {
            RowKind.Text => LearntTokens.Whole(text.Text(row.Text("text"))),
            RowKind.Messages => Messages(row),
            RowKind.PromptCompletion or RowKind.Judged => isConversation ? PromptAndReply(row) : Plain(row),
            RowKind.Preference => throw row.Error("this row is a preference pair. Train on it with dpo, orpo, simpo and the like."),
            RowKind.Prompt => throw row.Error($"this row has a prompt and nothing to learn. Columns here: {string.Join(", ", row.Fields.Select(f => f.Key))}. Name the answer's column with --map completion=COLUMN."),
            _ => Task(row),
        };
    }

    private LearntTokens Plain(Row row)
    {
        TokenizedCompletion tokens = text.Joined(row.Text("prompt"), row.Text("completion"));
        return format.CompletionOnlyLoss ?? true ? LearntTokens.AfterPrompt(tokens.Ids, tokens.PromptTokens) : LearntTokens.Whole(tokens.Ids);
    }

    private LearntTokens Task(Row row)
    {
        TokenizedCompletion tokens = text.QuestionAndAnswer(row.Text("question"), TaskRows.Completion(row));
        return format.CompletionOnlyLoss ?? true ? LearntTokens.AfterPrompt(tokens.Ids, tokens.PromptTokens) : LearntTokens.Whole(tokens.Ids);
    }

    private LearntTokens Messages(Row row)
    {
        Conversation conversation = new((JsonArray)row.Fields["messages"]!) { Tools = row.Fields["tools"] as JsonArray };
        if (!(format.AssistantOnlyLoss ?? true)) return LearntTokens.Whole(text.Rendered(conversation));
        RequireMarkers(row, conversation);
        MaskedTokens masked = text.Messages(conversation);
        return new(masked.Ids, masked.LossMask);
    }

    private LearntTokens PromptAndReply(Row row)
    {
        (JsonArray prompt, JsonArray reply) = ((JsonArray)row.Fields["prompt"]!, (JsonArray)row.Fields["completion"]!);
        JsonArray? tools = row.Fields["tools"] as JsonArray;
        Conversation whole = new([.. prompt.Concat(reply).Select(m => m?.DeepClone())]) { Tools = tools };
        bool assistantOnly = format.AssistantOnlyLoss ?? false, completionOnly = format.CompletionOnlyLoss ?? true;
        if (assistantOnly) RequireMarkers(row, whole);
        MaskedTokens? masked = assistantOnly ? text.Messages(whole) : null;
        int[] ids = masked?.Ids ?? text.Rendered(whole);
        int promptTokens = completionOnly ? text.OpenPrompt(prompt, tools).Length : 0;
        return new(ids, [.. ids.Select((_, i) => i >= promptTokens && (masked is null || masked.LossMask[i]))]);
    }

    /// <summary>Asked for by name the mask has to come from the template's own marks, as in TRL; by default turns are found by comparing renderings.</summary>
    private void RequireMarkers(Row row, Conversation conversation)
    {
        if (format.AssistantOnlyLoss == true && !text.Renderer.TemplateFor(conversation).HasGenerationBlocks)
            throw row.Error("assistant-only loss was asked for and the model's chat template has no {% generation %} marks. Leave the option out: assistants' turns are then found by comparing renderings.");
    }
}
