// What is compared: Hone's command, the peer's, and what is to be reached (share of the machine's peak, ratio to the peer).
const gemm = (name, options, peer, share) => ({
  id: `gemm ${name}`, what: `fp32 product ${name}, one thread`, hone: ["gemm", "--threads", "1", ...options], torch: [[`gemm-${peer}`, 1]], share, ratio: 1,
});
const nt = (m, n, k) => gemm(`${m}×${n}×${k}, B transposed`, ["--shape", `m=${m},n=${n},k=${k}`, "--transpose-b"], `${m}-${n}-${k}-tb`, 0.75);
const tn = (m, n, k) => gemm(`${m}×${n}×${k}, A transposed`, ["--shape", `m=${m},n=${n},k=${k}`, "--transpose-a"], `${m}-${n}-${k}-ta`, 0.75);
const nn = (m, n, k, share = 0.75) => gemm(`${m}×${n}×${k}`, ["--shape", `m=${m},n=${n},k=${k}`], `${m}-${n}-${k}`, share);
const both = name => [[name, 1], [name, 2]];
const context = 8000; // tokens
const mid = "layers=6,dim=288,heads=6,kv=6,ff=768,vocab=4096";

// With THREADS=1 every row runs on one thread and counts processor time, for machines that others use too.
export const rows = setup => (process.env.THREADS === "1" ? all(setup).filter(row => row.hone).map(onOneThread) : all(setup));

const onOneThread = row => row.what.endsWith("one thread") ? row
  : { ...row, id: `${row.id} (1)`, what: `${row.what}, one thread`, hone: row.hone && [...row.hone, "--threads", "1"], torch: row.torch?.filter(([, threads]) => threads === 1), against: row.against && `${row.against} (1)` };

const all = ({ model, q8, encoder, tokenizer, text }) => [
  nn(1024, 1024, 1024, 0.9), nt(4096, 128, 128), nt(4096, 512, 128), nt(4096, 128, 512), nn(4096, 128, 512), tn(128, 128, 4096), tn(512, 128, 4096),
  nt(2048, 288, 288), nt(2048, 4096, 288), tn(4096, 288, 2048),
  { id: "train small", what: "training step, 1.07 M weights, 32 × 128 tokens", hone: ["train"], torch: both("train-small"), share: 0.65, ratio: 2.5, planned: { share: 0.27, ratio: 2.5 } },
  { id: "train mid", what: "training step, 8.3 M weights, 8 × 256 tokens", hone: ["train", "--shape", mid, "--length", "256", "--batch", "8"], torch: both("train-mid"), share: 0.78, ratio: 2.5, planned: { share: 0.31, ratio: 2.5 } },
  { id: "lora", what: "LoRA rank 8 on SmolLM2-135M, 8 rows of 60 tokens", hone: ["train", "--model", model, "--lora-rank", "8", "--length", "60", "--batch", "8"], share: 0.7, planned: { share: 0.31, ratio: 2.5 } },
  { id: "dpo", what: "DPO with reference pass, 8.3 M weights, 8 pairs of 128 tokens", hone: ["dpo"], torch: both("dpo-mid"), ratio: 2.5 },
  ...[["Q8_0", q8, 0.85, 1.4], ["Q4_1", model, 0.65, 1.6]].flatMap(([type, file, share, ratio]) => [
    { id: `prefill ${type}`, what: `prefill of 512 tokens, ${type}`, hone: ["prefill", "--model", file], llama: ["prefill", file], share: 0.35, ratio: 2 },
    { id: `decode ${type}`, what: `decoding one stream, ${type}`, hone: ["decode", "--model", file], llama: ["decode", file], share, ratio },
  ]),
  { id: "rollout", what: "rollout, 8 prompts × 16 answers of 32 tokens, Q8_0", hone: ["rollout", "--model", q8, "--length", "32"], llama: ["rollout", q8], share: 0.3, ratio: 5, planned: { share: 0.12, ratio: 2.4 } },
  { id: "streams 8", what: "8 streams decoded together, Q8_0", hone: ["decode", "--model", q8, "--streams", "8"], planned: { share: 0.09 } },
  { id: "streams 32", what: "32 streams decoded together, Q8_0", hone: ["decode", "--model", q8, "--streams", "32"], planned: { share: 0.12 } },
  ...[["a quarter of the tokens", "policy=knorm,keep=0.25", 2], ["8 bits", "format=kivi,bits=8", undefined, "Q8_0"], ["4 bits", "format=kivi,bits=4", 1.3, "Q4_0"]].map(([name, setting, ratioToFull, type]) => ({
    id: `kv ${name}`, what: `decoding after ${context} tokens, cache of ${name}, Q8_0`, cache: [q8, context, setting], ratioToFull, ...(type ? { llama: ["kv", q8, context, type], ratio: 1.3 } : {}),
  })),
  { id: "embed fp32", what: "sentence embeddings, MiniLM shape, 32 × 36 tokens, fp32", hone: ["embed", "--model", encoder], torch: both("embed"), share: 0.8 },
  { id: "embed int8", what: "the same with 8 bits (--precision fast); ratio to fp32", hone: ["embed", "--model", encoder, "--precision", "fast"], against: "embed fp32", ratio: 2.5 },
  { id: "tokenize", what: "tokenizer of SmolLM2, English, one thread", hone: ["tokenize", "--tokenizer", tokenizer, "--data", text], tokenizer: [tokenizer, text], ratio: 1 },
];
