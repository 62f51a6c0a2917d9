// Speed of a server that speaks OpenAI's protocol, ours or another: node serve-load.mjs BASE_URL MODEL STREAMS TOKENS [ROUNDS]
// Each stream asks for exactly TOKENS tokens; with SCHEMA=1 they have to meet a JSON schema. Prints tokens/s over all streams, time to the first token and between tokens.
import { connect } from "node:net";

const [base, model, streams, tokens, rounds = "1"] = process.argv.slice(2);

const person = {
  type: "object", additionalProperties: false, required: ["name", "age", "mood", "tags"],
  properties: {
    name: { type: "string", pattern: "^[A-Z][a-z]{1,11}$" }, age: { type: "integer", minimum: 0, maximum: 120 }, mood: { enum: ["glad", "sad", "tired"] },
    tags: { type: "array", items: { type: "string", maxLength: 12 }, minItems: 1, maxItems: 3 },
  },
};
const schema = { type: "object", additionalProperties: false, required: ["people"], properties: { people: { type: "array", items: person, minItems: 40, maxItems: 40 } } };
const form = process.env.SCHEMA ? { response_format: { type: "json_schema", json_schema: { name: "people", strict: true, schema } } } : { ignore_eos: true };

const url = new URL(base);

// A socket that looks at nothing but the first and the last bytes of a reply: a client that takes every event apart needs a good part of
// the processor that the server runs on. Hone sends the headers with the first token, so the first bytes are its time.
const one = number => new Promise((resolve, reject) => {
  const body = JSON.stringify({
    model, stream: true, max_tokens: Number(tokens), ...form, temperature: 0.8, seed: number,
    messages: [{ role: "user", content: `Write a story about the number ${number}.` }],
  });
  const start = performance.now();
  let head = "", tail = "", first = 0, last = 0;
  const socket = connect(Number(url.port || 80), url.hostname, () => socket.write(
    `POST ${url.pathname}/chat/completions HTTP/1.1\r\nHost: ${url.host}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`));
  socket.on("data", part => {
    last = performance.now();
    if (!first) [first, head] = [last, part.toString("latin1", 0, 200)];
    tail = part;
  });
  socket.on("error", reject);
  socket.on("close", () => head.startsWith("HTTP/1.1 200") && tail.toString("latin1").endsWith("0\r\n\r\n")
    ? resolve({ first: first - start, each: (last - first) / (Number(tokens) - 1) })
    : reject(new Error(`the reply was: ${head} ... ${tail}`)));
});

const percentile = (values, share) => values.sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(share * values.length))];
for (let round = 0; round < Number(rounds); round++) {
  const start = performance.now();
  const all = await Promise.all(Array.from({ length: Number(streams) }, (_, i) => one(round * 1000 + i)));
  const seconds = (performance.now() - start) / 1000;
  const speed = Number(streams) * Number(tokens) / seconds;
  const firsts = all.map(a => a.first), each = all.map(a => a.each);
  console.log(`${process.env.SCHEMA ? "schema, " : ""}${streams} streams of ${tokens} tokens: ${speed.toFixed(1)} tokens/s; first token p50 ${percentile(firsts, 0.5).toFixed(0)} ms, p99 ${percentile(firsts, 0.99).toFixed(0)} ms; per token p50 ${percentile(each, 0.5).toFixed(1)} ms, p99 ${percentile(each, 0.99).toFixed(1)} ms`);
}
