// docs/benchmarks.md from results.
const sorted = list => [...list].sort((a, b) => a - b), middle = list => (sorted(list)[(list.length - 1) >> 1] + sorted(list)[list.length >> 1]) / 2;
const number = x => (x >= 100 ? x.toFixed(0) : x >= 10 ? x.toFixed(1) : x.toFixed(2));
const percent = x => `${Math.round(100 * x)} %`;
const spread = list => (list.length > 1 ? ` (${number(sorted(list)[0])}–${number(sorted(list).at(-1))})` : "");
const verdict = (found, wanted) => (found === null || wanted === undefined ? "" : found >= wanted ? " ✓" : " ✗");

function line(row, results) {
  const kept = results.rows[row.id];
  if (!kept) return `| ${row.what} | not measured | | | | | |`;
  const own = kept.hone.map(r => r.value), others = kept.peer.map(r => r.value), share = kept.hone[0].share_of_peak === null ? null : middle(kept.hone.map(r => r.share_of_peak));
  const base = row.against ? results.rows[row.against]?.hone.map(r => r.value) : others;
  // Rounds alternate, so each ratio is of two measurements next to each other, unless one side was measured less often.
  const ratio = !base?.length ? null : base.length === own.length ? middle(own.map((x, i) => x / base[i])) : middle(own) / middle(base);
  const peak = kept.hone[0].peak ? ` of ${kept.hone[0].peak}` : "";
  const shareText = share === null ? "–" : percent(share) + peak + verdict(share, row.share);
  // The full cache decodes in turns with the small one, in one process.
  const toFull = row.cache ? middle(kept.hone.map(r => r.value / r.full)) : 0;
  const full = row.cache ? `${number(toFull)} × the full cache in fp32${verdict(toFull, row.ratioToFull)}${row.ratioToFull ? ` (to reach: ${row.ratioToFull})` : ""}` : "";
  const planned = row.planned ? `${number(share / row.planned.share)} × the share of the figure in the table below${verdict(share / row.planned.share, row.planned.ratio)}` : "";
  return `| ${row.what} | ${number(middle(own))}${spread(own)} ${kept.hone[0].unit} | ${shareText} | ${row.share ? percent(row.share) : ""} | ${others.length ? `${number(middle(others))}${spread(others)}${kept.peer[0].threads ? `, ${kept.peer[0].threads} thr.` : ""}` : "–"} | ${[ratio === null ? "" : `${number(ratio)}${verdict(ratio, row.ratio)}`, full, planned].filter(Boolean).join("; ") || "–"} | ${row.ratio ?? row.planned?.ratio ?? ""} |`;
}

const peaksOf = p => `${number(p.fp32_gflops)} GFLOP/s fp32, ${number(p.int8_gops)} GOP/s int8, ${number(p.read_gbs)} GB/s read`;

const oneThread = (rows, results) => rows.length === 0 ? "" : `On one thread, counted in processor time, which passes only while the program runs (so that other programs disturb less):

| what | Hone | share of peak | to reach | peer | ratio | to reach |
|---|---|---|---|---|---|---|
${rows.map(row => line(row, results)).join("\n")}
`;

export function page(rows, single, { rows: kept, facts }, notes) {
  const { peaks } = facts, results = { rows: kept };
  const gguf = Object.entries(facts.greedy ?? {}).map(([type, runs]) => {
    const same = runs.reduce((s, r) => s + r.same, 0), all = runs.reduce((s, r) => s + r.of, 0);
    const forks = runs.filter(r => r.same < r.of).map(r => `after ${r.same} of ${r.of} (the two best log-probabilities ${r.margin.toFixed(3)} apart)`);
    return `- ${type === "f32" ? "F32" : "Q8_0"}: ${same} of ${all} greedy tokens equal over ${runs.length} prompts${forks.length ? `; texts part ${forks.join(", ")}` : ""}.`;
  });
  return `# Benchmarks

Written by \`benchmarks/peers/run\`, which installs the peers (PyTorch 1.13 on OpenBLAS 0.3.21 from Debian, node-llama-cpp and
@huggingface/tokenizers from npm) and measures both sides in turn on one machine. Numbers are the median over rounds of the best sample of a
round (a disturbance only makes a sample slower), with the range over rounds in brackets; ratios are medians of neighbouring pairs. PyTorch
runs at its better number of threads. Shares compare with what \`hone bench peaks\` measures in the same run.

Machine: ${peaks ? `one core ${peaksOf(peaks.one)}; two ${peaks.two.fp32_gflops > 1.5 * peaks.one.fp32_gflops ? peaksOf(peaks.two) : "were not to be had undisturbed"}` : "not measured"}.

| what | Hone | share of peak | to reach | peer | ratio | to reach |
|---|---|---|---|---|---|---|
${rows.map(row => line(row, results)).join("\n")}

${oneThread(single.filter(row => kept[row.id]), results)}
${facts.help ? `\`hone --help\` takes ${facts.help.toFixed(0)} ms (to reach: 150).` : ""}
${facts.cosine ? `Embeddings with 8 bits have a cosine of at least ${facts.cosine.toFixed(5)} with those of fp32 (to reach: 0.999).` : ""}

## GGUF files written by Hone, read by llama.cpp

${gguf.join("\n")}

${notes}`;
}
