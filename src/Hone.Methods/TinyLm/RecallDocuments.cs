using System.Collections.Concurrent;
using Hone.Core;
using Hone.Evaluation.LongContext;
using Hone.Models.Tokenizers;

namespace Hone.Methods.TinyLm;

/// <summary>A document of facts and questions.</summary>
/// <param name="Ids">[tokens].</param>
/// <param name="IsAnswer">[tokens] whether the token belongs to an answer, which only the facts before it determine.</param>
public sealed record RecallDocument(int[] Ids, bool[] IsAnswer);

/// <summary>
/// Documents in the compact wording of the long-context tasks: facts (<c>wet cat 483.</c>), filler, and questions (<c>? wet cat 483.</c>,
/// or several at once: <c>? wet cat, red dog: wet cat 483. red dog 201.</c>). Half of the documents ask as they go, half only at the
/// end, as the tasks do; so a document holds many more answers than a test does and the model learns from few tokens.
/// </summary>
/// <param name="tokenizer">The model's tokenizer.</param>
public sealed class RecallDocuments(Tokenizer tokenizer)
{
    private static readonly double[] FillerShares = [0, 0, 0.3, 0.6, 0.9];

    // Pieces begin with a space, where text is cut anyway, so they can be turned into tokens one by one.
    private readonly ConcurrentDictionary<string, int[]> pieces = new();

    /// <summary>A document of exactly <paramref name="length"/> tokens.</summary>
    public RecallDocument Next(RandomStream random, int length, bool unseenKeys)
    {
        Writer writer = new(this, random, length, unseenKeys);
        writer.Write();
        return writer.Document();
    }

    private int[] Tokens(string piece) => pieces.GetOrAdd(piece, text => tokenizer.Encode(text, addSpecialTokens: false));

    private sealed class Writer(RecallDocuments owner, RandomStream random, int length, bool unseenKeys)
    {
        private readonly List<int> ids = [.. owner.Tokens("text:")];
        private readonly List<bool> isAnswer = [.. owner.Tokens("text:").Select(_ => false)];
        private readonly HashSet<string> used = [];
        private readonly List<(string Key, string Value)> open = [];
        private readonly double filler = FillerShares[random.Next(FillerShares.Length)];
        private readonly bool isNoise = random.Next(2) == 0;
        private int sentences;

        public void Write()
        {
            bool asksAtEnd = random.Next(2) == 0;
            // Facts take 4 tokens and their questions 5, so a document of facts alone turns to asking a little before its middle.
            int askFrom = asksAtEnd ? (int)(length * (0.45 + 0.5 * filler)) : 0;
            while (ids.Count < length)
            {
                bool mayAsk = open.Count > 0 && ids.Count >= askFrom;
                if (asksAtEnd && mayAsk) Ask();
                else if (filler > 0 && random.NextDouble() < filler * (open.Count == 0 ? 0.7 : 1)) Fill();
                else if (mayAsk && random.Next(2) == 0) Ask();
                else State();
            }
        }

        public RecallDocument Document() => new([.. ids.Take(length)], [.. isAnswer.Take(length)]);

        private void State()
        {
            string key = random.Next(50) == 0 ? "pass key" : KeyWords.Draw(random, unseenKeys);
            if (!used.Add(key)) return;
            string value = random.Next(100, 1000).ToString();
            open.Add((key, value));
            Put($" {key}", false);
            PutNumber(value, false);
        }

        private void Fill() => Put(" " + (isNoise ? FillerText.NoiseSentence(sentences++) : FillerText.Sentence(random)), false);

        private void Ask()
        {
            int count = Math.Min(open.Count, random.Next(4) == 0 ? random.Next(2, 5) : 1);
            List<(string Key, string Value)> asked = [];
            for (int i = 0; i < count; i++)
            {
                int place = random.Next(open.Count);
                asked.Add(open[place]);
                open.RemoveAt(place);
            }
            Put(" ?", false);
            if (count == 1)
            {
                PutKey(asked[0].Key);
                PutNumber(asked[0].Value, true);
                return;
            }
            for (int i = 0; i < count; i++) Put($" {asked[i].Key}{(i + 1 < count ? "," : ":")}", false);
            foreach ((string key, string value) in asked)
            {
                Put($" {key}", asked[0].Key != key);
                PutNumber(value, true);
            }
        }

        /// <summary>A key that is asked for: its second word follows from the first, which teaches to look back before anything else does.</summary>
        private void PutKey(string key)
        {
            string[] words = key.Split(' ');
            Put(" " + words[0], false);
            Put(" " + words[1], true);
        }

        private void PutNumber(string value, bool answer)
        {
            Put($" {value}", answer);
            Put(".", answer);
        }

        private void Put(string piece, bool answer)
        {
            int[] tokens = owner.Tokens(piece);
            ids.AddRange(tokens);
            for (int i = 0; i < tokens.Length; i++) isAnswer.Add(answer);
        }
    }
}
