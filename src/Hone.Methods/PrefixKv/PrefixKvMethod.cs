using Hone.Core;

namespace Hone.Methods.PrefixKv;

/// <summary>The entry of this method in lists.</summary>
[Method("prefixkv", Stage = "kv-cache", Paper = "PrefixKV: Adaptive Prefix KV Cache is What Vision Instruction-Following Models Need for Efficient Generation",
    ArXiv = "2412.03409", Command = "hone kv profile")]
public static class PrefixKvMethod;
