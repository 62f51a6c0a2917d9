// The llama.cpp side through node-llama-cpp: one row per call, printed as a line of JSON.
// node llama.mjs ROW FILE SECONDS    ROW: prefill, decode, rollout, kv (with LENGTH and TYPE behind SECONDS), greedy
import { readFileSync } from "node:fs";
import { getLlama } from "node-llama-cpp";

const [row, file, seconds] = process.argv.slice(2);
const llama = await getLlama({ gpu: false, logLevel: "error", maxThreads: 0, build: "never" });
const model = await llama.loadModel({ modelPath: file });
const random = (() => { let state = 1; return () => (state = (state * 48271) % 2147483647) / 2147483647; })();
const tokens = count => Array.from({ length: count }, () => 100 + Math.floor(random() * 40000));
const threads = Number(process.env.THREADS ?? 2);
// With one thread processor time counts, as on the other side: it passes only while the program runs.
const now = () => { const { user, system } = process.cpuUsage(); return threads === 1 ? (user + system) / 1e6 : performance.now() / 1000; };

async function sampled(work, amount, unit, warms = true) {
  if (warms) await work();
  const times = [], start = performance.now();
  do times.push(await work()); while (performance.now() - start < 1000 * seconds);
  times.sort((a, b) => a - b);
  return { value: amount / times[0], median: amount / times[times.length >> 1], unit, samples: times.length, threads };
}

async function timed(work) {
  const start = now();
  await work();
  return now() - start;
}

async function prefill() {
  const context = await model.createContext({ contextSize: 1024, batchSize: 512, threads });
  return sampled(async () => {
    const sequence = context.getSequence(), ids = tokens(512);
    const time = await timed(() => sequence.evaluateWithoutGeneratingNewTokens(ids));
    sequence.dispose();
    return time;
  }, 512, "tok/s");
}

async function decode() {
  const context = await model.createContext({ contextSize: 512, batchSize: 512, threads }), length = 64;
  return sampled(async () => {
    const sequence = context.getSequence();
    let written = 0, start = 0;
    for await (const _ of sequence.evaluate(tokens(64), { temperature: 0, yieldEogToken: true })) {
      if (++written === 1) start = now();
      if (written === length) break;
    }
    const time = now() - start;
    sequence.dispose();
    return time;
  }, length - 1, "tok/s");
}

// 8 prompts of 128 tokens, 16 answers each. The package cannot share a prompt between sequences, so each answer reads it again.
async function rollout() {
  const answers = 16, length = 32, prompts = Array.from({ length: 8 }, () => tokens(128));
  return sampled(async () => {
    const context = await model.createContext({ contextSize: 256, batchSize: 512, sequences: 8 * answers, threads }); // a place is not free again at once
    const sequences = prompts.flatMap(prompt => Array.from({ length: answers }, () => [context.getSequence(), prompt]));
    const time = await timed(() => Promise.all(sequences.map(async ([sequence, prompt]) => {
      let written = 0;
      for await (const _ of sequence.evaluate(prompt, { temperature: 1, topK: 0, topP: 1, minP: 0, yieldEogToken: true })) if (++written === length) break;
    })));
    await context.dispose();
    return time;
  }, 8 * answers * length, "tok/s", false); // a sample takes half a minute: what the first one has to warm up does not count
}

// Decoding after LENGTH tokens with a cache of keys and values of TYPE (F16, Q8_0, Q4_0). The prompt is gone through once; groups of 16 tokens are samples.
async function kv() {
  const [length, type] = process.argv.slice(5), group = 16;
  const cache = type === "F16" ? {} : { experimentalKvCacheKeyType: type, experimentalKvCacheValueType: type, flashAttention: true };
  const context = await model.createContext({ contextSize: Math.min(8192, Number(length) + 192), batchSize: 512, threads, ...cache });
  const times = [];
  let written = 0, start = 0, begin = 0;
  for await (const _ of context.getSequence().evaluate(tokens(Number(length)), { temperature: 0, yieldEogToken: true })) {
    if (written++ % group === 0) {
      if (written > 1) times.push(now() - start);
      else begin = performance.now();
      if (times.length >= 8 || performance.now() - begin > 1000 * seconds && times.length > 1) break;
      start = now();
    }
  }
  times.sort((a, b) => a - b);
  return { value: group / times[0], median: group / times[times.length >> 1], unit: "tok/s", samples: times.length, threads };
}

// Greedy continuations with the difference of the logarithms of the two best probabilities at every step.
async function greedy() {
  const { prompts, length } = JSON.parse(readFileSync(new URL("prompts.json", import.meta.url)));
  const results = [];
  for (const text of prompts) {
    const context = await model.createContext({ contextSize: 256, threads }); // a place is not free again at once
    const sequence = context.getSequence(), prompt = [...model.tokenize(text, false)];
    if (model.tokens.shouldPrependBosToken) prompt.unshift(model.tokens.bos);
    const written = [], margins = [];
    for await (const { token, probabilities } of sequence.evaluateWithMetadata(prompt, { probabilities: true }, { temperature: 0 })) {
      const [best, next] = [...probabilities.values()].sort((a, b) => b - a);
      written.push(token);
      margins.push(Math.log(best / next));
      if (written.length >= length || model.isEogToken(token)) break;
    }
    await context.dispose();
    results.push({ prompt, written, margins });
  }
  return { results };
}

console.log(JSON.stringify(await { prefill, decode, rollout, kv, greedy }[row]()));
process.exit(0);
