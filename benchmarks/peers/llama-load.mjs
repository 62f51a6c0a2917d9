// llama.cpp through node-llama-cpp, which puts the sequences of one context into common batches, at the load of serve-load.mjs:
// node llama-load.mjs FILE STREAMS TOKENS [ROUNDS]
import { getLlama } from "node-llama-cpp";

const [file, streams, tokens, rounds = "1"] = process.argv.slice(2);
const llama = await getLlama({ gpu: false, logLevel: "error", maxThreads: 0, build: "never" });
const model = await llama.loadModel({ modelPath: file });
const context = await model.createContext({ contextSize: 256, batchSize: 512, sequences: Number(streams), threads: Number(process.env.THREADS ?? 2) });
const prompt = number => model.tokenize(
  "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n"
  + `<|im_start|>user\nWrite a story about the number ${number}.<|im_end|>\n<|im_start|>assistant\n`, true);

async function one(sequence, number) {
  const start = performance.now();
  let first = 0, last = 0, count = 0;
  for await (const _ of sequence.evaluate(prompt(number), { temperature: 0.8, topK: 0, topP: 1, minP: 0, yieldEogToken: true })) {
    last = performance.now();
    first ||= last;
    if (++count === Number(tokens)) break;
  }
  return { first: first - start, each: (last - first) / (count - 1) };
}

const percentile = (values, share) => values.sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(share * values.length))];
const sequences = Array.from({ length: Number(streams) }, () => context.getSequence());
for (let round = 0; round < Number(rounds); round++) {
  for (const sequence of sequences) await sequence.clearHistory();
  const start = performance.now();
  const all = await Promise.all(sequences.map((sequence, i) => one(sequence, round * 1000 + i)));
  const speed = Number(streams) * Number(tokens) / ((performance.now() - start) / 1000);
  const firsts = all.map(a => a.first), each = all.map(a => a.each);
  console.log(`llama.cpp, ${streams} streams of ${tokens} tokens: ${speed.toFixed(1)} tokens/s; first token p50 ${percentile(firsts, 0.5).toFixed(0)} ms, p99 ${percentile(firsts, 0.99).toFixed(0)} ms; per token p50 ${percentile(each, 0.5).toFixed(1)} ms, p99 ${percentile(each, 0.99).toFixed(1)} ms`);
}
process.exit(0);
