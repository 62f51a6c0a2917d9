using Hone.Models.Tokenizers.Loading;

namespace Hone.Models.Tokenizers.PostProcessors;

/// <summary>Lays texts and special tokens out after a template, one for a single text and one for a pair.</summary>
internal sealed class TemplateProcessor(TemplateProcessor.Part[] single, TemplateProcessor.Part[] pair) : PostProcessor
{
    /// <summary>A text (<c>Sequence</c> 0 or 1) or, with <c>Sequence</c> -1, special tokens.</summary>
    /// <param name="TypeId">-1 keeps the text's own.</param>
    internal sealed record Part(int Sequence, int TypeId, int[] Ids, string[] Tokens);

    public override int AddedCount(bool pairGiven) => (pairGiven ? pair : single).Sum(p => p.Ids.Length);

    public override (int[] Before, int[] After)? SingleFrame
    {
        get
        {
            int at = Array.FindIndex(single, p => p.Sequence == 0);
            if (at < 0 || single.Count(p => p.Sequence >= 0) != 1) return null;
            return ([.. single.Take(at).SelectMany(p => p.Ids)], [.. single.Skip(at + 1).SelectMany(p => p.Ids)]);
        }
    }

    public override List<TokenEncoding> Process(List<TokenEncoding> encodings, bool addSpecialTokens)
    {
        List<TokenEncoding> result = [];
        foreach (Part part in encodings.Count == 2 ? pair : single)
        {
            if (part.Sequence >= encodings.Count) continue;
            if (part.Sequence >= 0)
            {
                encodings[part.Sequence].SetSequence(part.Sequence, part.TypeId);
                result.Add(encodings[part.Sequence]);
            }
            else if (addSpecialTokens)
            {
                TokenEncoding special = new();
                for (int i = 0; i < part.Ids.Length; i++) special.Add(part.Ids[i], part.Tokens[i], (0, 0), part.TypeId, null, special: true);
                special.ForgetSequence();
                result.Add(special);
            }
        }
        return result;
    }

    public static new TemplateProcessor Read(JsonSpec spec)
    {
        Dictionary<string, (int[] Ids, string[] Tokens)> specials = new(StringComparer.Ordinal);
        foreach ((string name, JsonSpec value) in spec.Get("special_tokens").Members())
        {
            int[] ids = [.. value.Get("ids").Items().Select(i => i.AsInt())];
            string[] tokens = [.. value.Get("tokens").Items().Select(t => t.AsText())];
            if (ids.Length != tokens.Length) throw value.Error($"{ids.Length} ids but {tokens.Length} tokens.");
            specials[name] = (ids, tokens);
        }
        return new(ReadParts(spec.Get("single"), specials), ReadParts(spec.Get("pair"), specials));
    }

    /// <summary>[CLS] A [SEP] B [SEP].</summary>
    public static TemplateProcessor ReadBert(JsonSpec spec)
    {
        (Part cls, Part sep) = (ReadSpecial(spec.Get("cls"), 0), ReadSpecial(spec.Get("sep"), 0));
        Part[] single = [cls, Text(0, 0), sep];
        return new(single, [.. single, Text(1, 1), sep with { TypeId = 1 }]);
    }

    /// <summary>&lt;s&gt; A &lt;/s&gt; &lt;/s&gt; B &lt;/s&gt;, all of type 0.</summary>
    public static TemplateProcessor ReadRoberta(JsonSpec spec)
    {
        (Part cls, Part sep) = (ReadSpecial(spec.Get("cls"), 0), ReadSpecial(spec.Get("sep"), 0));
        return new([cls, Text(0, 0), sep], [cls, Text(0, 0), sep, sep, Text(1, 0), sep]);
    }

    private static Part Text(int sequence, int typeId) => new(sequence, typeId, [], []);

    /// <summary>Reads <c>["[SEP]", 102]</c>.</summary>
    private static Part ReadSpecial(JsonSpec spec, int typeId)
    {
        if (spec.Element.ValueKind != System.Text.Json.JsonValueKind.Array || spec.Element.GetArrayLength() != 2) throw spec.Wrong("[token, id]");
        return new(-1, typeId, [spec.At(1).AsInt()], [spec.At(0).AsText()]);
    }

    private static Part[] ReadParts(JsonSpec template, Dictionary<string, (int[] Ids, string[] Tokens)> specials) =>
        [.. template.Items().Select(item => ReadPart(item, specials))];

    private static Part ReadPart(JsonSpec item, Dictionary<string, (int[] Ids, string[] Tokens)> specials)
    {
        JsonSpec sequence = item.Get("Sequence"), special = item.Get("SpecialToken");
        if (!sequence.IsNull)
        {
            string name = sequence.Text("id");
            if (name is not ("A" or "B")) throw sequence.Get("id").Wrong("\"A\" or \"B\"");
            return Text(name == "A" ? 0 : 1, sequence.Int("type_id"));
        }
        if (special.IsNull) throw item.Error("expected a member 'Sequence' or 'SpecialToken'.");
        string token = special.Text("id");
        if (!specials.TryGetValue(token, out (int[] Ids, string[] Tokens) found)) throw special.Get("id").Error($"'{token}' is not among the special_tokens of this template.");
        return new(-1, special.Int("type_id"), found.Ids, found.Tokens);
    }
}
