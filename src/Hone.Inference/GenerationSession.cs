using Hone.Core;
using Hone.Models.Decoder;
using Hone.Tensors;
using Hone.Tensors.Memory;
using Hone.Tensors.Threads;

namespace Hone.Inference;

/// <summary>
/// The loop of generation, one step at a time: as long as there is room, prompts are gone through first (in pieces, several at
/// once); then every step adds one token to each running sequence. Sequences that end make room for waiting ones.
/// </summary>
internal sealed class GenerationSession : IDisposable
{
    private readonly Engine engine;
    private readonly BufferPool memory = new();
    private readonly Tape tape;
    private readonly Queue<RunningSequence> waiting = new();
    private readonly List<RunningSequence> starting = [], running = [];
    private readonly List<GenerationResult> results = [];
    private readonly List<TokenEvent> events = [];

    public GenerationSession(Engine engine, IReadOnlyList<GenerationRequest> requests)
    {
        this.engine = engine;
        tape = new Tape(engine.Workers, memory, recording: false);
        for (int i = 0; i < requests.Count; i++) Enqueue(requests[i], i);
    }

    /// <summary>What is finished, by request and sample.</summary>
    public IReadOnlyList<GenerationResult> Results => [.. results.OrderBy(r => r.Request).ThenBy(r => r.Sample)];

    /// <summary>Does one pass of the model.</summary>
    /// <returns>The tokens it brought, valid until the next step; null when nothing is left to do.</returns>
    public IReadOnlyList<TokenEvent>? Step()
    {
        events.Clear();
        Admit();
        if (starting.Count == 0 && running.Count == 0) return null;
        if (starting.Count > 0) Prefill();
        else Decode();
        tape.Reset();
        return events;
    }

    public void Dispose()
    {
        foreach (RunningSequence sequence in running.Concat(starting).Concat(waiting))
        {
            sequence.Cache?.Dispose();
            sequence.Prompt.Cache.Dispose();
        }
        tape.Dispose();
        memory.Dispose();
    }

    private void Enqueue(GenerationRequest request, int index)
    {
        if (request.Prompt.Count == 0) throw new HoneException("the prompt has no tokens. Start with at least one, such as the model's beginning-of-text token.");
        if (request.Samples < 1) throw new HoneException($"samples is {request.Samples}; expected 1 or more.");
        if (request.MaxTokens < 1) throw new HoneException($"the most tokens to generate is {request.MaxTokens}; expected 1 or more.");
        if (request.StopStrings.Any(string.IsNullOrEmpty)) throw new HoneException("a stop string is empty.");
        if (request.StopStrings.Count > 0 && engine.Tokenizer is null) throw new HoneException("stop strings need a tokenizer, which this model came without. Stop by token ids instead.");
        PromptState prompt = new(request, engine.NewCache());
        for (int s = 0; s < request.Samples; s++)
            waiting.Enqueue(new(request, (index, s), prompt, request.StopIds ?? engine.EndIds, MostTokens(request), engine.Tokenizer));
    }

    /// <summary>Learned positions end the text where they end; rotary ones go on.</summary>
    private int MostTokens(GenerationRequest request)
    {
        if (engine.Model.Config.Rope is not null) return request.MaxTokens;
        int room = engine.Model.Config.MaxPositions - request.Prompt.Count + 1;
        return room > 0
            ? Math.Min(request.MaxTokens, room)
            : throw new HoneException($"the prompt has {request.Prompt.Count} tokens, the model has {engine.Model.Config.MaxPositions} positions. Shorten the prompt.");
    }

    private void Admit()
    {
        while (waiting.Count > 0 && starting.Count + running.Count < Math.Max(1, engine.Options.MaxSequences)) starting.Add(waiting.Dequeue());
    }

    /// <summary>Goes on with the prompts of starting sequences; those whose prompt is done get their first token.</summary>
    private void Prefill()
    {
        ForwardStep step = new(engine.Model, tape);
        List<PromptState> complete = [];
        foreach (PromptState prompt in starting.Select(s => s.Prompt).Distinct().Where(p => p.Logits is null))
        {
            int room = engine.Options.PrefillTokens - step.Tokens;
            if (room <= 0) break;
            int end = EndOfPiece(prompt, room);
            step.Add(prompt.Cache, prompt.Tokens, end, wantsLogits: end == prompt.Tokens.Length);
            if (end == prompt.Tokens.Length) complete.Add(prompt);
        }
        if (step.Tokens > 0 && step.Run() is { } logits)
            for (int i = 0; i < complete.Count; i++) complete[i].Logits = Row(logits, i).ToArray();
        Start([.. starting.Where(s => s.Prompt.Logits is not null)]);
    }

    private int EndOfPiece(PromptState prompt, int room)
    {
        int length = prompt.Tokens.Length;
        // Where frequencies follow the length, all positions of a prompt have to be rotated as its full length says.
        return engine.Model.Config.RopeVariant(length) != 0 ? length : Math.Min(length, prompt.Cache.Length + room);
    }

    private void Start(RunningSequence[] ready)
    {
        if (ready.Length == 0) return;
        starting.RemoveAll(s => s.Prompt.Logits is not null);
        foreach (RunningSequence sequence in ready) sequence.Cache = sequence.Prompt.Take();
        running.AddRange(ready);
        int vocabulary = engine.Model.Config.VocabularySize;
        Tensor logits = tape.New((ready.Length, vocabulary));
        for (int i = 0; i < ready.Length; i++) ready[i].Prompt.Logits!.CopyTo(Row(logits, i));
        Choose(ready, logits);
    }

    /// <summary>One more token for every running sequence.</summary>
    private void Decode()
    {
        ForwardStep step = new(engine.Model, tape);
        RunningSequence[] all = [.. running];
        foreach (RunningSequence sequence in all)
        {
            IKvCache cache = sequence.Cache!;
            int length = sequence.Tokens.Count;
            // Other frequencies from here on: what was computed for the beginning does not hold any more.
            if (engine.Model.Config.RopeVariant(length) != engine.Model.Config.RopeVariant(cache.Length)) cache.Truncate(0);
            step.Add(cache, sequence.Tokens, length, wantsLogits: true);
        }
        Choose(all, step.Run()!);
    }

    private void Choose(RunningSequence[] sequences, Tensor logits)
    {
        ChooseJob job = new(sequences, logits);
        engine.Workers.For(sequences.Length, 1, ref job);
        foreach (RunningSequence sequence in sequences)
        {
            TokenEvent token = sequence.Accept();
            events.Add(token);
            if (token.Finish is not { } finish) continue;
            results.Add(sequence.Result(finish));
            running.Remove(sequence);
            sequence.Cache!.Dispose();
        }
    }

    private static Span<float> Row(Tensor logits, int row) => logits.Data.Slice(row * logits.Shape.Last, logits.Shape.Last);

    private readonly struct ChooseJob(RunningSequence[] sequences, Tensor logits) : IRangeJob
    {
        public void Run(int worker, int start, int end)
        {
            for (int i = start; i < end; i++) sequences[i].Choose(Row(logits, i));
        }
    }
}
