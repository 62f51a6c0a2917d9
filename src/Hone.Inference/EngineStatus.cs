namespace Hone.Inference;

/// <summary>What an <see cref="EngineHost"/> is doing, as of its last step.</summary>
/// <param name="Active">Continuations that are decoded, or whose prompt is being gone through.</param>
/// <param name="Waiting">Continuations that wait for a place.</param>
/// <param name="CacheBytes">Bytes of keys and values in use, kept prompts included.</param>
/// <param name="PrefixTokens">Tokens of finished prompts kept for later requests.</param>
/// <param name="ReusedTokens">Prompt tokens taken over from earlier prompts, so far.</param>
/// <param name="Steps">Passes of the model, so far.</param>
/// <param name="GeneratedTokens">Tokens generated, so far.</param>
public sealed record EngineStatus(int Active, int Waiting, long CacheBytes, int PrefixTokens, long ReusedTokens, long Steps, long GeneratedTokens);
