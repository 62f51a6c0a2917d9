// Runs both sides alternately and keeps every result: node compare.mjs WORK ROUNDS SECONDS [ROW ...]; node compare.mjs WORK page PAGE
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { page } from "./page.mjs";
import { rows } from "./rows.mjs";

const here = dirname(fileURLToPath(import.meta.url)), work = process.argv[2], setup = JSON.parse(readFileSync(join(work, "setup.json")));
const store = join(work, "results.json"), results = existsSync(store) ? JSON.parse(readFileSync(store)) : { rows: {}, facts: {} };
const run = (program, args, options = {}) => execFileSync(program, args, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"], maxBuffer: 1 << 28, ...options });
const hone = (...args) => run("dotnet", [setup.hone, ...args, "--quiet"]);
const json = text => JSON.parse(text.trim().startsWith("{\n") ? text : text.trim().split("\n").at(-1)); // ours is indented, the peers' is the last line
const bench = (args, seconds) => json(hone("bench", ...args, "--seconds", String(seconds), "--json"));
const node = (script, ...args) => json(run("node", [join(work, script), ...args.map(String)], { cwd: work }));

function peer(row, seconds) {
  const better = list => list.reduce((a, b) => (b.value > a.value ? b : a));
  if (row.torch) return better(row.torch.map(([name, threads]) => json(run("/usr/bin/python3", [join(here, "torch_bench.py"), name, String(threads), String(seconds)]))));
  if (row.llama) return node("llama.mjs", ...row.llama.slice(0, 2), seconds, ...row.llama.slice(2));
  if (row.tokenizer) return node("tokenize.mjs", ...row.tokenizer, seconds);
  return null;
}

// Decoding with a small cache and with the full one, in turns, after a long context.
function cached({ cache: [file, length, setting] }) {
  const [found] = JSON.parse(hone("kv", "bench", "--model", file, "--precision", "fast", "--length", String(length), "--kv", setting, "--json"));
  return { value: found.tokens_per_second, full: found.full_tokens_per_second, unit: "tok/s", share_of_peak: null, bytes: found.bytes, full_bytes: found.full_bytes };
}

function measure(row, seconds) {
  const kept = results.rows[row.id] ??= { hone: [], peer: [] };
  kept.hone.push(row.cache ? cached(row) : bench(row.hone, seconds));
  // The peer takes minutes to go through a prompt of thousands of tokens with a small cache: once has to do.
  const other = row.cache && kept.peer.length > 0 ? null : peer(row, seconds);
  if (other) kept.peer.push(other);
  writeFileSync(store, JSON.stringify(results, null, 1));
}

const facts = {
  peaks: seconds => ({ one: bench(["peaks", "--threads", "1"], seconds), two: bench(["peaks"], seconds) }),
  // Ten starts of the help, of which the median counts.
  help: () => Array.from({ length: 10 }, () => { const start = performance.now(); hone("--help"); return performance.now() - start; }).sort((a, b) => a - b)[5],
  cosine: () => {
    const [a, b] = ["fp32", "fast"].map(p => hone("embed", "--model", setup.encoder, "--data", join(work, "sentences.jsonl"), "--precision", p).trim().split("\n").map(l => JSON.parse(l).embedding));
    return Math.min(...a.map((v, i) => v.reduce((s, x, k) => s + x * b[i][k], 0) / Math.hypot(...v) / Math.hypot(...b[i])));
  },
  greedy: () => Object.fromEntries(["f32", "q8"].map(type => {
    const { results: theirs } = node("llama.mjs", "greedy", setup[type], 0);
    return [type, theirs.map(({ prompt, written, margins }) => {
      const own = json(hone("generate", "--model", setup[type], "--ids", prompt.join(","), "--max-tokens", String(written.length), "--json")).ids;
      let same = 0;
      while (same < written.length && own[same] === written[same]) same++;
      return { same, of: written.length, margin: margins[same] ?? null };
    })];
  })),
};

if (process.argv[3] === "page") {
  delete process.env.THREADS;
  const two = rows(setup);
  process.env.THREADS = "1";
  const one = rows(setup).filter(row => row.id.endsWith("(1)"));
  writeFileSync(process.argv[4], page(two, one, results, readFileSync(join(here, "notes.md"), "utf8")));
} else {
  const [rounds, seconds, ...only] = process.argv.slice(3);
  const wanted = id => only.length === 0 || only.some(prefix => id.startsWith(prefix));
  for (const [name, find] of Object.entries(facts)) if (wanted(name)) results.facts[name] = find(Number(seconds));
  writeFileSync(store, JSON.stringify(results, null, 1));
  for (let round = 0; round < Number(rounds); round++) for (const row of rows(setup)) if (wanted(row.id)) measure(row, Number(seconds));
}
