// The official client of the npm registry against a live server: node openai-client.mjs BASE_URL MODEL EMBEDDING_MODEL
import assert from "node:assert/strict";
import OpenAI from "openai";

const [baseURL, model, embedding] = process.argv.slice(2);
const client = new OpenAI({ baseURL, apiKey: "none", maxRetries: 0 });
const messages = [{ role: "user", content: "Name a colour." }];

const models = await client.models.list();
assert.ok(models.data.some(m => m.id === model));

const whole = await client.chat.completions.create({ model, messages, temperature: 0, max_tokens: 16, logprobs: true, top_logprobs: 2 });
assert.equal(whole.choices[0].logprobs.content.length, whole.usage.completion_tokens);

let text = "", usage = null;
for await (const chunk of await client.chat.completions.create({ model, messages, temperature: 0, max_tokens: 16, stream: true, stream_options: { include_usage: true } })) {
  text += chunk.choices[0]?.delta?.content ?? "";
  usage = chunk.usage ?? usage;
}
assert.equal(text, whole.choices[0].message.content);
assert.equal(usage.total_tokens, whole.usage.total_tokens);

const tools = [{ type: "function", function: { name: "pick", parameters: { type: "object", properties: { colour: { enum: ["red", "blue"] } }, required: ["colour"] } } }];
const call = await client.chat.completions.create({ model, messages, tools, tool_choice: "required" });
assert.equal(call.choices[0].finish_reason, "tool_calls");
assert.ok(["red", "blue"].includes(JSON.parse(call.choices[0].message.tool_calls[0].function.arguments).colour));
const streamed = client.chat.completions.stream({ model, messages, tools, tool_choice: { type: "function", function: { name: "pick" } } });
assert.equal((await streamed.finalChatCompletion()).choices[0].message.tool_calls[0].function.name, "pick");
const after = await client.chat.completions.create({
  model, tools, max_tokens: 4, messages: [...messages, call.choices[0].message, { role: "tool", tool_call_id: call.choices[0].message.tool_calls[0].id, content: "done" }],
});
assert.equal(typeof after.choices[0].message.content, "string");

const schema = { type: "object", properties: { name: { type: "string", maxLength: 12 }, warm: { type: "boolean" } }, required: ["name", "warm"], additionalProperties: false };
const structured = await client.chat.completions.create({ model, messages, temperature: 1.5, response_format: { type: "json_schema", json_schema: { name: "colour", strict: true, schema } } });
assert.equal(typeof JSON.parse(structured.choices[0].message.content).warm, "boolean");

const completion = await client.completions.create({ model, prompt: "One, two,", max_tokens: 4, echo: true, logprobs: 1, temperature: 0 });
assert.ok(completion.choices[0].text.startsWith("One, two,"));
assert.equal(completion.choices[0].logprobs.token_logprobs[0], null);

const vectors = await client.embeddings.create({ model: embedding, input: ["red", "blue"] });
assert.equal(vectors.data.length, 2);
assert.ok(Math.abs(vectors.data[0].embedding.reduce((sum, v) => sum + v * v, 0) - 1) < 1e-3);

await assert.rejects(client.chat.completions.create({ model: "nobody", messages }), error => error instanceof OpenAI.NotFoundError && error.code === "model_not_found");
await assert.rejects(client.chat.completions.create({ model, messages, temperature: -1 }), error => error instanceof OpenAI.BadRequestError && error.param === "temperature");

const stop = new AbortController();
const endless = await client.chat.completions.create({ model, messages, stream: true, max_tokens: 400 }, { signal: stop.signal });
await assert.rejects(async () => {
  for await (const _ of endless) stop.abort();
  throw new Error("aborted");
});
console.log("all is well");
