// Speed of the npm package @huggingface/tokenizers: node tokenize.mjs FOLDER TEXT SECONDS
import { readFileSync } from "node:fs";
import { Tokenizer } from "@huggingface/tokenizers";

const [folder, text, seconds] = process.argv.slice(2);
const read = name => JSON.parse(readFileSync(`${folder}/${name}`, "utf8"));
const tokenizer = new Tokenizer(read("tokenizer.json"), read("tokenizer_config.json"));
const all = readFileSync(text, "utf8"), lines = all.split("\n"), bytes = Buffer.byteLength(all);
const times = [], start = performance.now();
let count = 0;
do {
  const before = performance.now();
  count = 0;
  for (const line of lines) count += tokenizer.encode(line, { add_special_tokens: false }).ids.length;
  times.push((performance.now() - before) / 1000);
} while (performance.now() - start < 1000 * seconds);
times.sort((a, b) => a - b);
console.log(JSON.stringify({ value: bytes * 1e-6 / times[0], median: bytes * 1e-6 / times[times.length >> 1], unit: "MB/s", samples: times.length, threads: 1, tokens: count }));
