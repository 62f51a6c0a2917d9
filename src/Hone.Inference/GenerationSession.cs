using Hone.Core;
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
    private readonly List<RunningSequence> waiting = [], starting = [], running = [];
    private readonly List<GenerationResult> results = [];
    private readonly List<TokenEvent> events = [];

    public GenerationSession(Engine engine)
    {
        this.engine = engine;
        tape = new Tape(engine.Workers, memory, recording: false);
    }

    /// <summary>Hands over what was finished since the last call, by request and sample.</summary>
    public IReadOnlyList<GenerationResult> TakeResults()
    {
        GenerationResult[] taken = [.. results.OrderBy(r => r.Request).ThenBy(r => r.Sample)];
        results.Clear();
        return taken;
    }

    /// <summary>Adds a request; it joins those that run, at any time.</summary>
    /// <param name="request">What is asked for.</param>
    /// <param name="index">Its number in events and results.</param>
    /// <exception cref="HoneException">It cannot be met.</exception>
    public void Add(GenerationRequest request, int index)
    {
        Check(request);
        PromptState prompt = new(request, engine.NewCache());
        for (int s = 0; s < request.Samples; s++)
            waiting.Add(new(request, (index, s), prompt, request.StopIds ?? engine.EndIds, MostTokens(request), engine.Tokenizer));
    }

    /// <summary>Gives up a request; it brings no more events.</summary>
    public void Cancel(int index)
    {
        foreach (List<RunningSequence> list in new[] { waiting, starting, running })
            foreach (RunningSequence sequence in list.Where(s => s.Place.Request == index).ToArray())
            {
                list.Remove(sequence);
                Release(sequence);
            }
    }

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
        foreach (RunningSequence sequence in running.Concat(starting).Concat(waiting)) Release(sequence);
        tape.Dispose();
        memory.Dispose();
    }

    private static void Release(RunningSequence sequence)
    {
        sequence.Cache?.Dispose();
        sequence.Prompt.Cache.Dispose(); // all samples of a request go together, and emptying twice does no harm
    }

    private void Check(GenerationRequest request)
    {
        if (request.Prompt.Count == 0) throw new HoneException("the prompt has no tokens. Start with at least one, such as the model's beginning-of-text token.");
        if (request.Samples < 1) throw new HoneException($"samples is {request.Samples}; expected 1 or more.");
        if (request.MaxTokens < 1) throw new HoneException($"the most tokens to generate is {request.MaxTokens}; expected 1 or more.");
        if (request.StopStrings.Any(string.IsNullOrEmpty)) throw new HoneException("a stop string is empty.");
        if (request.StopStrings.Count > 0 && engine.Tokenizer is null) throw new HoneException("stop strings need a tokenizer, which this model came without. Stop by token ids instead.");
        engine.Model.CheckTokens(request.Prompt);
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
        int room = Math.Max(1, engine.Options.MaxSequences) - starting.Count - running.Count, count = Math.Clamp(room, 0, waiting.Count);
        starting.AddRange(waiting[..count]);
        waiting.RemoveRange(0, count);
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
        foreach (RunningSequence sequence in all) step.Add(sequence.Cache!, sequence.Tokens, sequence.Tokens.Count, wantsLogits: true);
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
