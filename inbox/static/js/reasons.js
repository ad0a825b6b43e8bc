// "Why?" opens its panel under the message, marks the words that decided in its text, and follows the news until a worker
// has found them. What is open stays open when the conversation around it is drawn anew.
import { fetchPart } from "./ask.js";

const open = new Map(); // message id → the panel as it was last seen
const asked = {}; // message id → how often, since answers overtake each other
const place = (id) => document.getElementById(`reasons-${id}`);
const link = (id) => document.querySelector(`[data-reasons="${id}"]`);
const text = (id) => document.querySelector(`[data-words-of="${id}"]`);

async function load(id) {
  const mine = (asked[id] = (asked[id] ?? 0) + 1);
  const fresh = await fetchPart(link(id)?.dataset.url, "reasons");
  if (!fresh || mine !== asked[id] || !open.has(id) || fresh.body.innerHTML === open.get(id)) return;
  open.set(id, fresh.body.innerHTML);
  show(id);
}

function show(id) {
  const html = open.get(id);
  if (html === undefined || !place(id)) return;
  place(id).innerHTML = html;
  const marked = place(id).querySelector("template")?.content;
  // The message may have been edited since: its words are never put back.
  if (marked && marked.textContent === text(id)?.textContent) text(id).replaceChildren(marked.cloneNode(true));
  link(id)?.setAttribute("aria-expanded", "true");
}

function close(id) {
  open.delete(id);
  place(id).replaceChildren();
  text(id)?.querySelectorAll(".spoke").forEach((word) => word.replaceWith(...word.childNodes));
  text(id)?.normalize();
  link(id)?.setAttribute("aria-expanded", "false");
}

document.addEventListener("click", (event) => {
  const pressed = event.target.closest("[data-reasons]");
  if (!pressed || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
  event.preventDefault();
  const id = pressed.dataset.reasons;
  if (place(id).firstElementChild) return close(id);
  open.set(id, "");
  load(id);
});

document.addEventListener("trellis:news", ({ detail: { kind, ids } }) => {
  for (const id of open.keys()) {
    // "look" comes where news cannot be told: then only what is still missing is asked for again.
    if (kind === "reasons" ? ids.map(String).includes(id) : kind === "look" && place(id)?.querySelector("[data-pending]")) load(id);
  }
});

document.addEventListener("trellis:placed", () => {
  for (const id of open.keys()) {
    if (!place(id) || place(id).firstElementChild) continue;
    show(id);
    load(id);
  }
});
