// Keeps what is being written on the server: a second after the last key, and when the page is left.
import { say } from "./words.js";

const WAIT = 1_000;
let timer = 0;
let flying = null;

const box = () => document.querySelector("textarea[data-draft]");
const token = () => document.querySelector("meta[name=csrf-token]").content;

async function save(area) {
  clearTimeout(timer);
  if (!area || area.value === (area.dataset.kept ?? area.defaultValue)) return;
  const text = area.value;
  area.dataset.kept = text;
  const body = new URLSearchParams({ text, csrf_token: token() });
  const place = document.getElementById("draft-state");
  const mine = new AbortController();
  flying = mine;
  try {
    const response = await fetch(area.dataset.draft, { method: "POST", body, signal: mine.signal, headers: { "X-Fragment": "draft" }, keepalive: text.length < 15_000 });
    if (!response.ok) throw new Error(String(response.status));
    if (place) place.textContent = text.trim() ? say("saved") : "";
  } catch {
    if (mine.signal.aborted) return;
    delete area.dataset.kept;
    if (place) place.textContent = say("unsaved");
  }
}

document.addEventListener("input", (event) => {
  if (!event.target.matches("textarea[data-draft]")) return;
  clearTimeout(timer);
  timer = setTimeout(save, WAIT, event.target);
});
document.addEventListener("focusout", (event) => event.target.matches("textarea[data-draft]") && save(event.target));
// A send takes the text with it; a save that came after it would bring the draft back.
document.addEventListener("trellis:leaving", (event) => {
  const area = event.detail.form.querySelector("textarea[data-draft]");
  if (!area) return;
  clearTimeout(timer);
  flying?.abort();
  area.dataset.kept = area.value;
});
addEventListener("pagehide", () => save(box()));
