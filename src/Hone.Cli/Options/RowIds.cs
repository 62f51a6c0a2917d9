using System.Text.Json;
using System.Text.Json.Nodes;
using Hone.Models.Loading;
using Hone.Models.Tokenizers;

namespace Hone.Cli.Options;

/// <summary>The tokens of a row that is to be scored.</summary>
/// <param name="Ids">[tokens].</param>
/// <param name="PromptTokens">How many of them are the prompt's; null for rows without one.</param>
internal sealed record RowTokens(int[] Ids, int? PromptTokens = null);

/// <summary>
/// Reads rows of <c>text</c>, <c>prompt</c> and <c>completion</c>, or <c>ids</c>. Text is encoded as the tokenizer does it,
/// its special tokens included; a prompt and its completion are encoded apart and put together.
/// </summary>
internal sealed class RowIds(LoadedModel loaded)
{
    /// <exception cref="HoneException">None of these fields, no tokenizer for text, a token the model does not have; names the line.</exception>
    public RowTokens Read(Row row)
    {
        try
        {
            RowTokens tokens = Encode(row);
            loaded.Model.CheckTokens(tokens.Ids);
            if (loaded.Model.Config.Rope is null && tokens.Ids.Length > loaded.Model.Config.MaxPositions)
                throw new HoneException($"{tokens.Ids.Length} tokens, but the model has {loaded.Model.Config.MaxPositions} positions. Shorten the row.");
            return tokens;
        }
        catch (HoneException error) when (!error.Message.StartsWith(row.Source, StringComparison.Ordinal))
        {
            throw row.Error(error.Message);
        }
    }

    private RowTokens Encode(Row row)
    {
        if (row.Has("ids")) return new(Ids(row));
        if (row.Has("text")) return new(Tokenizer.Encode(row.Text("text")));
        if (!row.Has("prompt") || !row.Has("completion"))
            throw row.Error($"expected text, prompt and completion, or ids. Fields here: {string.Join(", ", row.Fields.Select(f => f.Key))}.");
        int[] prompt = Tokenizer.Encode(row.Text("prompt"));
        return new([.. prompt, .. Tokenizer.Encode(row.Text("completion"), addSpecialTokens: false)], prompt.Length);
    }

    private Tokenizer Tokenizer => loaded.RequireTokenizer();

    /// <summary>The whole numbers in the row's field <c>ids</c>.</summary>
    /// <exception cref="HoneException">It is something else.</exception>
    public static int[] Ids(Row row)
    {
        if (row.Fields["ids"] is not JsonArray list) throw row.Error("field 'ids' must be a list of token ids, such as [1, 2, 3].");
        int[] ids = new int[list.Count];
        for (int i = 0; i < ids.Length; i++)
            if (list[i] is not JsonValue value || value.GetValueKind() != JsonValueKind.Number || !value.TryGetValue(out ids[i]))
                throw row.Error($"ids[{i}] is {list[i]?.ToJsonString() ?? "null"}; expected a whole number.");
        return ids;
    }
}
