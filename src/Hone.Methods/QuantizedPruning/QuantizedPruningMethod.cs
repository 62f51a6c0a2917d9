using Hone.Core;

namespace Hone.Methods.QuantizedPruning;

/// <summary>The entry of this method in lists.</summary>
[Method("quantized-pruning", Stage = "kv-cache", Paper = "More Tokens, Lower Precision: Towards the Optimal Token-Precision Trade-off in KV Cache Compression",
    ArXiv = "2412.12706", Command = "hone kv eval")]
public static class QuantizedPruningMethod;
