// "Why?" opens its panel under the message and follows the news until a worker has found the words. What is open stays
// open when the conversation around it is drawn anew.
import { fetchPart } from "./ask.js";

const open = new Map(); // message id → the panel as it was last seen
const place = (id) => document.getElementById(`reasons-${id}`);
const link = (id) => document.querySelector(`[data-reasons="${id}"]`);

async function load(id) {
  const fresh = await fetchPart(link(id)?.dataset.url, "reasons");
  if (!fresh || !open.has(id)) return;
  open.set(id, fresh.body.innerHTML);
  show(id);
}

function show(id) {
  const html = open.get(id);
  if (html === undefined || !place(id)) return;
  place(id).innerHTML = html;
  link(id)?.setAttribute("aria-expanded", "true");
}

function close(id) {
  open.delete(id);
  place(id).replaceChildren();
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
    if (place(id).querySelector("[data-pending]")) load(id);
  }
});
