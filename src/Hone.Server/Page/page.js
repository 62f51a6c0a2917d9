"use strict";

const element = id => document.getElementById(id);
const conversation = [];
let running = null;

const headers = () => {
  const key = element("key").value;
  return key ? { "Content-Type": "application/json", Authorization: "Bearer " + key } : { "Content-Type": "application/json" };
};

/** Adds a message to the page and returns the place for its text. */
function addMessage(role) {
  const article = document.createElement("article");
  article.className = role;
  const title = document.createElement("h2");
  title.textContent = role === "user" ? "You" : element("model").value;
  const body = document.createElement("div");
  article.append(title, body);
  element("log").append(article);
  return body;
}

/** Adds a token to a reply; one token of a reply is in the tab order, arrow keys go on from there. */
function addToken(body, text, score) {
  const span = document.createElement("span");
  span.textContent = text;
  span.className = "t";
  if (score) {
    const probability = Math.exp(score.logprob);
    span.classList.add("p" + (probability > 0.9 ? 0 : probability > 0.5 ? 1 : probability > 0.1 ? 2 : 3));
    span.tabIndex = body.childElementCount === 0 ? 0 : -1;
    span.score = score;
    span.setAttribute("aria-label", `${text} ${percent(score.logprob)}`);
    span.addEventListener("focus", () => showToken(score));
    span.addEventListener("pointerenter", () => showToken(score));
  }
  body.append(span);
  span.scrollIntoView({ block: "nearest" });
}

const percent = logprob => (100 * Math.exp(logprob)).toFixed(1) + " %";

function showToken(score) {
  const table = document.createElement("table");
  const rows = [[score.token, score.logprob, "chosen"], ...score.top_logprobs.map(t => [t.token, t.logprob, t.token === score.token ? "chosen" : ""])];
  const seen = new Set();
  for (const [token, logprob, note] of rows.sort((a, b) => b[1] - a[1])) {
    if (seen.has(token)) continue;
    seen.add(token);
    const row = table.insertRow();
    for (const text of [JSON.stringify(token), percent(logprob), note]) row.insertCell().textContent = text;
  }
  element("token").replaceChildren(table);
}

element("log").addEventListener("keydown", event => {
  const span = event.target.closest("span.t");
  const next = span && (event.key === "ArrowRight" ? span.nextElementSibling : event.key === "ArrowLeft" ? span.previousElementSibling : null);
  if (!next) return;
  event.preventDefault();
  span.tabIndex = -1;
  next.tabIndex = 0;
  next.focus();
});

/** The events of a streamed reply, one object each. */
async function* events(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const parts = (rest + value).split("\n\n");
    rest = parts.pop();
    for (const part of parts) {
      const data = part.replace(/^data: /, "");
      if (data !== "[DONE]") yield JSON.parse(data);
    }
  }
}

async function send() {
  const text = element("text").value.trim();
  if (!text || running) return;
  element("problem").textContent = "";
  element("text").value = "";
  conversation.push({ role: "user", content: text });
  addMessage("user").textContent = text;
  running = new AbortController();
  element("send").disabled = true;
  element("stop").disabled = false;
  const body = addMessage("assistant");
  try {
    await answer(body, running.signal);
  } catch (error) {
    if (error.name !== "AbortError") element("problem").textContent = error.message;
  }
  conversation.push({ role: "assistant", content: body.textContent });
  running = null;
  element("send").disabled = false;
  element("stop").disabled = true;
  element("text").focus();
  showStatus();
}

async function answer(body, signal) {
  const start = performance.now();
  const response = await fetch("/v1/chat/completions", {
    method: "POST", headers: headers(), signal,
    body: JSON.stringify({
      model: element("model").value, messages: conversation, stream: true, stream_options: { include_usage: true },
      temperature: Number(element("temperature").value), max_tokens: Number(element("most").value), logprobs: true, top_logprobs: 5,
    }),
  });
  if (!response.ok) throw new Error((await response.json()).error.message);
  let first = 0, tokens = 0, looked = start;
  for await (const event of events(response)) {
    if (event.error) throw new Error(event.error.message);
    const choice = event.choices[0];
    if (!choice) continue;
    const scores = choice.logprobs?.content ?? [];
    if (scores.length > 0) {
      tokens += scores.length;
      const now = performance.now();
      if (!first) {
        first = now;
        element("first").textContent = `${Math.round(first - start)} ms`;
      }
      element("tokens").textContent = tokens;
      if (now > first) element("speed").textContent = `${((tokens - 1) / (now - first) * 1000).toFixed(1)} tokens/s`;
      if (now - looked > 500) {
        looked = now;
        showStatus();
      }
    }
    if (choice.delta?.content) addToken(body, choice.delta.content, scores[0]);
  }
}

async function showStatus() {
  try {
    const response = await fetch("/status", { headers: headers() });
    if (!response.ok) return;
    const bytes = (await response.json()).cache_bytes;
    element("cache").textContent = `${(bytes / 1048576).toFixed(1)} MiB`;
    element("cache").dataset.bytes = bytes;
  } catch {
    element("cache").textContent = "–";
  }
}

element("ask").addEventListener("submit", event => {
  event.preventDefault();
  send();
});
element("text").addEventListener("keydown", event => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  send();
});
document.addEventListener("keydown", event => {
  if (event.key === "Escape" && running) running.abort();
});
element("stop").addEventListener("click", () => running?.abort());
element("clear").addEventListener("click", () => {
  running?.abort();
  conversation.length = 0;
  element("log").replaceChildren();
  element("text").focus();
});
element("text").focus();
showStatus();
