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
    private readonly List<RunningSequence> waiting = [], starting = [], running = [];
    private readonly PrefixStore prefixes;
    private readonly List<GenerationResult> results = [];
    private readonly List<TokenEvent> events = [];
    private readonly Action<int, HoneException>? failed;
    private bool prefilled;

    /// <param name="engine">Model and settings.</param>
    /// <param name="failed">Hears of a request that cannot go on, with its number; it is given up and the others go on. Null throws instead.</param>
    public GenerationSession(Engine engine, Action<int, HoneException>? failed = null)
    {
        (this.engine, this.failed) = (engine, failed);
        prefixes = new PrefixStore(engine.Options.PrefixTokens);
        tape = new Tape(engine.Workers, memory, recording: false);
    }

    /// <summary>Sequences that are being decoded or whose prompt is being gone through.</summary>
    public int Active => starting.Count + running.Count;

    /// <summary>Sequences that wait for a place.</summary>
    public int Waiting => waiting.Count;

    /// <summary>Tokens of finished prompts that are kept.</summary>
    public int PrefixTokens => prefixes.Tokens;

    /// <summary>Prompt tokens that were taken over from earlier prompts, so far.</summary>
    public long ReusedTokens { get; private set; }

    /// <summary>Bytes of keys and values in use, kept prompts included.</summary>
    public long CacheBytes => engine.Options.CreateCache is null ? engine.CacheBytes
        : running.Sum(s => s.Cache!.Memory.Bytes) + starting.Select(s => s.Prompt).Distinct().Sum(p => p.Cache.Memory.Bytes);

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
        int most = RequestCheck.MostTokens(request, engine);
        PromptState prompt = new(request, engine.NewCache(), engine.AdapterNumber(request.Adapter));
        for (int s = 0; s < request.Samples; s++)
            waiting.Add(new(request, (index, s), prompt, request.StopIds ?? engine.EndIds, most, engine.Tokenizer));
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
        // Taking turns keeps streams alive while long prompts are gone through; prompts first makes fuller batches.
        bool prefill = starting.Count > 0 && !(engine.Options.TakeTurns && prefilled && running.Count > 0);
        if (prefill) Prefill();
        else Decode();
        prefilled = prefill;
        tape.Reset();
        return events;
    }

    /// <summary>Forgets the kept prompts.</summary>
    public void ClearPrefixes() => prefixes.Dispose();

    /// <summary>Gives back memory that is not needed while nothing runs.</summary>
    public void Trim()
    {
        if (engine.Options.PrefixTokens == 0) prefixes.Dispose();
        memory.Trim();
        engine.Trim();
    }

    public void Dispose()
    {
        foreach (RunningSequence sequence in running.Concat(starting).Concat(waiting)) Release(sequence);
        prefixes.Dispose();
        tape.Dispose();
        memory.Dispose();
        engine.Trim();
    }

    private static void Release(RunningSequence sequence)
    {
        sequence.Cache?.Dispose();
        sequence.Prompt.Cache.Dispose(); // all samples of a request go together, and emptying twice does no harm
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
        ForwardStep step = new(engine.Model, tape, engine.Options.Adapters);
        List<PromptState> begun = [], complete = [];
        foreach (PromptState prompt in starting.Select(s => s.Prompt).Distinct().Where(p => p.Logits is null))
        {
            int room = engine.Options.PrefillTokens - step.Tokens;
            if (room <= 0) break;
            if (prompt.Cache.Length == 0 && SharesBeginning(prompt) && !Begin(prompt, begun)) continue;
            begun.Add(prompt);
            int end = EndOfPiece(prompt, room);
            step.Add(prompt.Cache, prompt.Tokens, end, wantsLogits: end == prompt.Tokens.Length, prompt.Adapter);
            if (end == prompt.Tokens.Length) complete.Add(prompt);
        }
        if (step.Tokens > 0 && step.Run() is { } logits)
            for (int i = 0; i < complete.Count; i++)
            {
                complete[i].Logits = Row(logits, i).ToArray();
                complete[i].Cache.EndPrompt();
                if (IsWorthKeeping(complete)) Keep(complete[i].Tokens, complete[i], complete[i].Cache);
            }
        Start([.. starting.Where(s => s.Prompt.Logits is not null)]);
    }

    /// <summary>Whether later prompts may use those that are done: some wait already, or all are kept.</summary>
    private bool IsWorthKeeping(List<PromptState> complete) => engine.Options.PrefixTokens > 0 || starting.Count > complete.Count || waiting.Count > 0;

    private void Keep(int[] tokens, PromptState prompt, IKvCache cache)
    {
        if (SharesBeginning(prompt)) prefixes.Add(tokens, prompt.Adapter, cache);
    }

    /// <summary>Only exact stores, whose keys do not depend on what came later, and frequencies that do not follow the length.</summary>
    private bool SharesBeginning(PromptState prompt) =>
        engine.Options.CreateCache is null && engine.Model.Config.RopeVariant(prompt.Tokens.Length) == 0;

    /// <summary>
    /// Takes over a beginning that was computed before. False when it is worth waiting a step for one that is just being computed.
    /// </summary>
    private bool Begin(PromptState prompt, List<PromptState> begun)
    {
        int shared = prefixes.Shared(prompt.Tokens, prompt.Adapter);
        int coming = begun.Where(other => other.Adapter == prompt.Adapter).Select(other => PrefixStore.Common(other.Tokens, prompt.Tokens)).DefaultIfEmpty(0).Max();
        if (coming >= shared + PrefixStore.LeastShared) return false;
        if (shared < PrefixStore.LeastShared) return true;
        prompt.StartFrom(prefixes.Take(prompt.Tokens, prompt.Adapter));
        ReusedTokens += shared;
        return true;
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
        ForwardStep step = new(engine.Model, tape, engine.Options.Adapters);
        RunningSequence[] all = [.. running.OrderBy(s => s.Prompt.Adapter)]; // rows of one adapter side by side
        foreach (RunningSequence sequence in all) step.Add(sequence.Cache!, sequence.Tokens, sequence.Tokens.Count, wantsLogits: true, sequence.Prompt.Adapter);
        Choose(all, step.Run()!);
    }

    private void Choose(RunningSequence[] sequences, Tensor logits)
    {
        ChooseJob job = new(sequences, logits);
        engine.Workers.For(sequences.Length, 1, ref job);
        foreach (RunningSequence sequence in sequences)
        {
            if (!running.Contains(sequence)) continue; // another sample of its request failed
            if (sequence.Failure is { } failure)
            {
                Fail(sequence, failure);
                continue;
            }
            TokenEvent token = sequence.Accept();
            events.Add(token);
            if (token.Finish is not { } finish) continue;
            results.Add(sequence.Result(finish));
            running.Remove(sequence);
            if (engine.Options.PrefixTokens > 0) Keep([.. sequence.Tokens.Take(sequence.Cache!.Length)], sequence.Prompt, sequence.Cache);
            sequence.Cache!.Dispose();
        }
    }

    private void Fail(RunningSequence sequence, HoneException failure)
    {
        if (failed is null) throw failure;
        Cancel(sequence.Place.Request);
        failed(sequence.Place.Request, failure);
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
